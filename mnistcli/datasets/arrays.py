"""Array layouts: shapes, channels, pixel scales and polarities, converted to MNIST format.

RGB images are converted to grayscale. Each conversion that is not obvious from the shape is a note.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli import preprocessing
from mnistcli.datasets.dataset import Dataset, build_dataset, invalid_data_error, missing_digits
from mnistcli.datasets.labels import to_digits
from mnistcli.errors import DataError

WHITE_LEVELS = (1, 15, 16, 255, 65535)
"""Possible values of white: binary images, scikit-learn's digits, a bit depth of 4, 8 or 16. The
smallest that is not below the largest value of the images is scaled to 255."""

_CHANNELS = (1, 3, 4)
_LUMA = np.array((0.299, 0.587, 0.114), np.float32)  # ITU-R BT.601
_MEAN, _DEVIATION = 0.1307, 0.3081  # of MNIST's pixels; PyTorch users compute z-scores with them
_CHUNK = 4096  # images that are scaled at a time
_LIGHT_BORDER = 0.75  # fraction of the pixels at the border of an image that is dark on light
_SIDES = range(8, 257)  # pixels


_Digits = tuple[NDArray[np.int64], NDArray[np.bool_], list[str]]


class RawArrays(NamedTuple):
    """The arrays of one split of a dataset, as they were read.

    Attributes:
        images: Numbers, of any shape that `to_datasets` accepts.
        labels: Labels, as accepted by `to_digits`; None for images without labels.
    """

    images: NDArray[Any]
    labels: NDArray[Any] | None = None


def to_datasets(
    source: str, splits: dict[str, RawArrays]
) -> tuple[dict[str, Dataset], tuple[str, ...]]:
    """Convert the splits of a dataset to MNIST format; all splits have the same pixel scale.

    Args:
        source: The file or directory, for errors and notes.
        splits: The arrays of each split, with labels.

    Returns:
        The splits, and notes about what was corrected.

    Raises:
        DataError: An array has another layout, or an image no label.
    """
    try:
        digits, grays, scale, scaling = _read_layouts(splits)
    except DataError as error:
        raise invalid_data_error(source, error.message) from error
    counts = dict.fromkeys(note for _, _, label_notes in digits.values() for note in label_notes)
    notes = [*scaling, *(f"{note} in {source!r}" for note in counts)]
    datasets, inverted, blank = {}, 0, 0
    for name, gray in grays.items():
        labels, use, _ = digits[name]
        images, dark = _invert_dark_on_light(_scale(gray, scale))
        images, found = to_28x28(images)
        inverted, blank = inverted + dark, blank + int((~found).sum())
        keep = use & found
        images, labels = (images, labels) if keep.all() else (images[keep], labels[keep])
        datasets[name] = build_dataset(source, images, labels)
    notes += missing_digits(source, *datasets.values())
    total = sum(map(len, grays.values()))
    notes += [f"{inverted:,} of {total:,} images are dark on light: inverted"] * bool(inverted)
    notes += [f"skipped {blank:,} images without a digit in {source!r}"] * bool(blank)
    return datasets, tuple(notes)


def _read_layouts(
    splits: dict[str, RawArrays],
) -> tuple[dict[str, _Digits], dict[str, NDArray[Any]], "Scale | None", list[str]]:
    """Read the labels and the images of each split, and find their common pixel scale."""
    digits = {name: to_digits(np.asarray(raw.labels)) for name, raw in splits.items()}
    grays = {}
    for name, raw in splits.items():
        count = len(digits[name][0])
        grays[name] = to_gray(raw.images, count)
        if len(grays[name]) != count:
            raise DataError(f"{len(grays[name])} images but {count} labels")
    return digits, grays, *find_scale(list(grays.values()))


def to_images(source: str, raw: NDArray[Any]) -> NDArray[np.uint8]:
    """Convert images without labels to MNIST format; images without a digit are black.

    Args:
        source: The file, for errors.
        raw: The images.

    Returns:
        uint8 (n, 28, 28).

    Raises:
        DataError: The array has another layout.
    """
    try:
        gray = to_gray(raw, len(raw))
        scale, _ = find_scale([gray])
    except DataError as error:
        raise invalid_data_error(source, error.message) from error
    return to_28x28(_invert_dark_on_light(_scale(gray, scale))[0])[0]


def to_gray(images: NDArray[Any], count: int) -> NDArray[Any]:
    """Reshape images to (n, height, width), in their own dtype and scale.

    Args:
        images: (n, h, w), (n, h * h), with 1, 3 or 4 channels last (NHWC) or channels first (NCHW),
            or with the images on the last axis, as in MATLAB.
        count: The number of labels, which identifies the axis of the images.

    Raises:
        DataError: The array has another layout.
    """
    layout_error = DataError(f"images are {images.dtype} {images.shape}, not uint8 (n, 28, 28)")
    if images.ndim and not len(images):
        raise DataError("no images")
    if images.dtype.kind not in "biuf" or not 2 <= images.ndim <= 4 or not images.size:
        raise layout_error
    if images.shape[0] != count and images.shape[-1] == count:
        images = images.T if images.ndim == 2 else np.moveaxis(images, -1, 0)
    if images.ndim == 2:
        if not is_square(images.shape[1]):
            raise layout_error
        side = math.isqrt(images.shape[1])
        return images.reshape(-1, side, side)
    if images.ndim == 4:
        images = _merge_channels(images, layout_error)
    if images.shape[1] != images.shape[2] or images.shape[1] not in _SIDES:
        raise layout_error
    return images


def is_square(pixels: int) -> bool:
    """Return whether a square image of a size that is read has this number of pixels."""
    side = math.isqrt(max(pixels, 0))
    return side * side == pixels and side in _SIDES


def _merge_channels(images: NDArray[Any], layout_error: DataError) -> NDArray[Any]:
    if images.shape[-1] not in _CHANNELS and images.shape[1] in _CHANNELS:
        images = np.moveaxis(images, 1, -1)
    if images.shape[-1] not in _CHANNELS:
        raise layout_error
    if images.shape[-1] == 1:
        return images[..., 0]
    gray = np.empty(images.shape[:3], images.dtype)
    for start in range(0, len(images), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        luminance = images[chunk, ..., :3] @ _LUMA
        gray[chunk] = luminance if images.dtype.kind == "f" else np.rint(luminance)
    return gray


Scale = Callable[[NDArray[Any]], NDArray[Any]]


def find_scale(splits: list[NDArray[Any]]) -> tuple[Scale | None, list[str]]:
    """Find the scale of pixels from their value range, the same for all splits.

    Args:
        splits: Images, numbers of any dtype.

    Returns:
        The function that scales pixels to 0..255, None if they already are; and notes.

    Raises:
        DataError: The range is not recognized.
    """
    # By NumPy, whose minimum and maximum propagate NaN.
    low = float(np.min([split.min() for split in splits]))
    high = float(np.max([split.max() for split in splits]))
    if low >= 0 and high <= WHITE_LEVELS[-1]:
        return _find_white(splits, high)
    is_float = all(split.dtype.kind == "f" for split in splits)
    if is_float and -1 <= low <= -0.9 and high <= 1:
        return lambda pixels: (pixels + 1) * 127.5, ["pixels from -1 to 1 are scaled to 0 to 255"]
    black, white = -_MEAN / _DEVIATION, (1 - _MEAN) / _DEVIATION
    if is_float and abs(low - black) < 0.02 and abs(high - white) < 0.05:
        return (
            lambda pixels: (pixels * _DEVIATION + _MEAN) * 255,
            [f"pixels standardized with {_MEAN} and {_DEVIATION} are scaled to 0 to 255"],
        )
    if is_float and low >= -0.5 and high <= 1.5:  # resampled with a filter that overshoots
        return lambda pixels: pixels * 255, ["pixels below 0 and above 1 are clipped"]
    message = f"pixels range from {low:g} to {high:g}, not from 0 to 255"
    if is_float and low < 0 and high < 100:
        message += "; standardized images cannot be read: save the pixels as they were"
    raise DataError(message)


def _find_white(splits: list[NDArray[Any]], high: float) -> tuple[Scale | None, list[str]]:
    levels = [level for level in WHITE_LEVELS if high <= level]
    white = levels[0]
    is_16_bit = all(split.dtype.kind in "iu" and split.dtype.itemsize > 1 for split in splits)
    if white == WHITE_LEVELS[-1] and not is_16_bit:
        raise DataError(f"pixels range up to {high:g}, not from 0 to 255")
    if white == 255:
        return None, []
    is_unit_float = white == 1 and all(split.dtype.kind in "bf" for split in splits)
    return (
        lambda pixels: pixels * (255 / white),
        [] if is_unit_float else [f"pixels from 0 to {white} are scaled to 0 to 255"],
    )


def _scale(images: NDArray[Any], scale: Scale | None) -> NDArray[np.uint8]:
    if scale is None and images.dtype == np.uint8:
        return images
    pixels = np.empty(images.shape, np.uint8)
    for start in range(0, len(images), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        values = images[chunk] if scale is None else scale(images[chunk])
        pixels[chunk] = np.rint(values).clip(0, 255)
    return pixels


def _invert_dark_on_light(images: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """Invert images whose polarity is dark on light (a light border); return their number."""
    edges = (images[:, 0], images[:, -1], images[:, 1:-1, 0], images[:, 1:-1, -1])
    light = np.concatenate([edge > 127 for edge in edges], axis=1).mean(axis=1) >= _LIGHT_BORDER
    if light.any():
        images = images.copy()
        images[light] = 255 - images[light]
    return images, int(light.sum())


def to_28x28(images: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Convert square images to 28x28; images of another size are normalized like photos.

    Returns:
        uint8 (n, 28, 28), and the images with a digit in them, bool (n,).
    """
    found = np.ones(len(images), bool)
    side = images.shape[1]
    if side == 28:
        return images, found
    if side == 32:  # LeNet's padding
        inner = images[:, 2:-2, 2:-2]
        if inner.sum(dtype=np.int64) == images.sum(dtype=np.int64):
            return np.ascontiguousarray(inner), found
    result = np.zeros((len(images), 28, 28), np.uint8)
    scale = max(1, math.ceil(64 / side))  # preprocessing needs strokes of more than a pixel
    for index, image in enumerate(images):
        large = Image.fromarray(image).resize((side * scale,) * 2, Image.Resampling.BICUBIC)
        padded = Image.new("L", (side * scale + 16,) * 2)
        padded.paste(large, (8, 8))
        digits = preprocessing.find_digits(padded, single=True)
        found[index] = bool(digits)
        if digits:
            result[index] = digits[0].image
    return result, found
