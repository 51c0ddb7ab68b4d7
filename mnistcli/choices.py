"""Choices of options that are not settings of a training run."""

PIXEL_SCALES = ("0..1", "0..255", "-1..1", "standardized", "1..0", "255..0")
"""Pixel scales of external models; with the last two, digits are dark on light."""

AUTO_SCALE = "auto"
"""Stands for the pixel scale that is found with known digits."""

EXPORT_FORMATS = ("litert", "int8", "saved_model", "onnx")
"""Export formats of `mnistcli export`."""

FIGURE_FORMATS = ("png", "svg", "pdf")
"""Formats of figures."""
