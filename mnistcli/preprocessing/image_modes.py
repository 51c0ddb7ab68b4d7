"""Image modes: convert arrays and images of any mode to 8-bit grayscale or RGB."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.errors import ImageError

# Largest value of an image with deep pixels: fractions, then 8, 10, 12, 14 and 16 bits.
_FULL_SCALES = (1.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0)


def from_array(array: NDArray[np.generic], name: str) -> Image.Image:
    """Convert an array to a PIL image of 8 bits per channel.

    Args:
        array: Shape (height, width), (height, width, 1), (height, width, 3) for RGB or
            (height, width, 4) for RGBA, of bool, integers or floats.
        name: Its name in errors.

    Raises:
        ImageError: The array does not have the shape or the type of an image.
    """
    channels = array.shape[2:]
    if array.ndim not in {2, 3} or channels not in {(), (1,), (3,), (4,)}:
        raise ImageError(
            f"not the shape of an image: {name!r} is {array.shape}, expected (height, width), "
            f"(height, width, 3) or (height, width, 4)"
        )
    if 0 in array.shape:
        raise ImageError(f"an image without pixels: {name!r}")
    if array.dtype.kind not in "buif":
        raise ImageError(f"not an image: {name!r} is an array of {array.dtype}")
    pixels = array[..., 0] if channels == (1,) else array
    if pixels.dtype != np.uint8:
        pixels = _scale_to_8_bits(pixels)
    return Image.fromarray(np.ascontiguousarray(pixels))


def to_8_bits(image: Image.Image) -> Image.Image:
    """Convert an image of any mode to mode ``L`` or ``RGB``.

    Grayscale of more than 8 bits is scaled. Transparency is composited over a background that
    contrasts with the ink.
    """
    if image.mode in {"I", "F"} or image.mode.startswith("I;"):
        return Image.fromarray(_scale_to_8_bits(np.asarray(image)))
    if image.has_transparency_data:
        return _composite(image.convert("RGBA"))
    return image.convert("L" if image.mode in {"1", "L"} else "RGB")


def _scale_to_8_bits(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Scale deep pixels to 8 bits by the smallest usual range that holds them."""
    values = np.nan_to_num(pixels.astype(np.float32), posinf=0.0, neginf=0.0)
    values = values - min(0.0, float(values.min()))
    highest = float(values.max())
    full = next((scale for scale in _FULL_SCALES if highest <= scale), highest)
    scaled: NDArray[np.uint8] = np.rint(values * (255.0 / full)).astype(np.uint8)
    return scaled


def _composite(image: Image.Image) -> Image.Image:
    """Composite a transparent image over a background that its ink contrasts with."""
    background = Image.new("RGBA", image.size, (*_background_color(image), 255))
    return Image.alpha_composite(background, image).convert("RGB")


def _background_color(image: Image.Image) -> tuple[int, int, int]:
    """Choose a background: white or black for bare ink, the paper's own color around a page."""
    size = (min(image.width, 256), min(image.height, 256))
    pixels = np.asarray(image.resize(size, Image.Resampling.BOX), dtype=np.float64)
    alpha = pixels[..., 3] / 255
    if not alpha.any():
        return (255, 255, 255)
    luminance = pixels[..., :3] @ (0.299, 0.587, 0.114)
    mean = float(np.average(luminance, weights=alpha))
    deviation = float(np.sqrt(np.average((luminance - mean) ** 2, weights=alpha)))
    if deviation > 16 and alpha.mean() > 0.5:
        red, green, blue = np.median(pixels[alpha > 0.5][:, :3], axis=0)
        return (int(red), int(green), int(blue))
    return (255, 255, 255) if mean < 160 else (0, 0, 0)
