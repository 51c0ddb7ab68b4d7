"""Pixel scales of external models, such as 0..1 and 0..255."""

PIXEL_SCALES = ("0..1", "0..255", "-1..1", "standardized", "1..0", "255..0")
"""The pixel scales: "standardized" means z-scores with the mean and standard deviation of MNIST."""

DARK_ON_LIGHT_SCALES = ("1..0", "255..0")
"""The pixel scales of dark digits on light."""

AUTO_SCALE = "auto"
"""Stands for the pixel scale that is detected with reference digits."""
