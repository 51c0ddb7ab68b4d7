"""Image modes: convert any mode, such as 16-bit grayscale or CMYK, to 8-bit grayscale or RGB.

Transparency (the alpha channel) becomes background.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.image_io.image_memory import MAX_FULL_PIXELS

# Largest value of an image with deep pixels: fractions, then 8, 10, 12, 14 and 16 bits.
_FULL_SCALES = (1.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0)
_TILE_PIXELS = 1 << 20

_Convert = Callable[[Image.Image], Image.Image]


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
        raise ImageError(f"image has no pixels: {name!r}")
    if array.dtype.kind not in "buif":
        raise ImageError(f"not an image: {name!r} is an array of {array.dtype}")
    pixels = array[..., 0] if channels == (1,) else array
    if pixels.dtype != np.uint8:
        pixels = _scale_to_8_bits(pixels)
    return Image.fromarray(np.ascontiguousarray(pixels))


def to_8_bits(image: Image.Image, *, copy: bool = True) -> Image.Image:
    """Convert an image of any mode to mode ``L`` or ``RGB``.

    Palette images are converted, and grayscale of more than 8 bits is scaled. Transparency is
    composited over a background that contrasts with the ink. An image of more than
    `MAX_FULL_PIXELS` is reduced by an integer factor. The image is converted in tiles, so that no
    second copy of a large image is made.

    Args:
        image: An image of any Pillow mode.
        copy: Whether to copy an image that already has one of these modes.
    """
    factor = reduction_factor(image.size)
    if _is_deep(image):
        return _convert_tiles(image, "L", factor, _make_scaler(image))
    if image.has_transparency_data:
        background = (*_background_color(image), 255)
        return _convert_tiles(image, "RGB", factor, lambda tile: _composite(tile, background))
    mode = "L" if image.mode in {"1", "L"} else "RGB"
    if factor == 1:
        return image.convert(mode) if copy or image.mode != mode else image
    return _convert_tiles(image, mode, factor, lambda tile: tile.convert(mode))


def reduction_factor(size: tuple[int, int]) -> int:
    """Return the factor by which the sides of an image are reduced: 1 except for large images.

    Args:
        size: Width and height in pixels.
    """
    return math.ceil(math.sqrt(size[0] * size[1] / MAX_FULL_PIXELS))


def _is_deep(image: Image.Image) -> bool:
    return image.mode in {"I", "F"} or image.mode.startswith("I;")


def _convert_tiles(image: Image.Image, mode: str, factor: int, convert: _Convert) -> Image.Image:
    """Convert an image tile by tile and reduce each tile."""
    size = (math.ceil(image.width / factor), math.ceil(image.height / factor))
    result = Image.new(mode, size)
    for box in _tiles(image, factor):
        tile = convert(image.crop(box))
        reduced = tile.reduce(factor) if factor > 1 else tile
        result.paste(reduced, (box[0] // factor, box[1] // factor))
    return result


def _tiles(image: Image.Image, factor: int = 1) -> Iterator[tuple[int, int, int, int]]:
    """Yield boxes of a limited number of pixels that cover an image."""
    width = min(image.width, _TILE_PIXELS)
    height = max(1, _TILE_PIXELS // width)
    # The sides are multiples of the factor, so that each tile is reduced like the whole.
    across, down = (max(1, side // factor) * factor for side in (width, height))
    for top in range(0, image.height, down):
        for left in range(0, image.width, across):
            right, bottom = min(left + across, image.width), min(top + down, image.height)
            yield left, top, right, bottom


def _make_scaler(image: Image.Image) -> _Convert:
    """Return the conversion of deep tiles to 8 bits that fits all pixels of an image."""
    ranges = [_finite_range(np.asarray(image.crop(box))) for box in _tiles(image)]
    lowest = min(0.0, *(low for low, _ in ranges))
    full = _full_scale(max(high for _, high in ranges) - lowest)
    return lambda tile: Image.fromarray(_scale(np.asarray(tile), lowest, full))


def _finite_range(pixels: NDArray[np.generic]) -> tuple[float, float]:
    values = _finite(pixels)
    return float(values.min()), float(values.max())


def _finite(pixels: NDArray[np.generic]) -> NDArray[np.float32]:
    """Replace NaN and infinite values, which a floating-point image can have, with 0."""
    return np.nan_to_num(pixels.astype(np.float32), posinf=0.0, neginf=0.0)


def _full_scale(highest: float) -> float:
    """Return the smallest usual range that holds the largest value."""
    return next((scale for scale in _FULL_SCALES if highest <= scale), highest)


def _scale(pixels: NDArray[np.generic], lowest: float, full: float) -> NDArray[np.uint8]:
    scaled: NDArray[np.uint8] = np.rint((_finite(pixels) - lowest) * (255.0 / full)).astype(
        np.uint8
    )
    return scaled


def _scale_to_8_bits(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Scale deep pixels to 8 bits by the smallest usual range that holds them."""
    low, high = _finite_range(pixels)
    lowest = min(0.0, low)
    return _scale(pixels, lowest, _full_scale(high - lowest))


def _composite(tile: Image.Image, background: tuple[int, int, int, int]) -> Image.Image:
    """Composite a transparent tile over a background that its ink contrasts with."""
    paper = Image.new("RGBA", tile.size, background)
    return Image.alpha_composite(paper, tile.convert("RGBA")).convert("RGB")


def _background_color(image: Image.Image) -> tuple[int, int, int]:
    """Choose a background: white or black for bare ink, the paper's own color around a page."""
    pixels = np.asarray(_thumbnail(image), dtype=np.float64)
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


def _thumbnail(image: Image.Image) -> Image.Image:
    """Reduce a transparent image to at most 256 pixels along each side."""
    size = (min(image.width, 256), min(image.height, 256))
    if image.width * image.height <= _TILE_PIXELS:
        return image.convert("RGBA").resize(size, Image.Resampling.BOX)
    # Nearest pixels of a large image: averages would need a copy of it.
    return image.resize(size, Image.Resampling.NEAREST).convert("RGBA")
