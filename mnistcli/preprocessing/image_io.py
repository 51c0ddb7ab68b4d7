"""Any picture file, opened as an upright 8-bit picture."""

import io
import logging
import shlex
import struct
import threading
import warnings
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from mnistcli.errors import ImageError

LARGEST = 120_000_000
"""Most pixels a picture may have: more than a phone's camera gives, less than fills the memory."""

_HINT = "mnistcli predict digit.png"

# What Pillow's decoders were seen to raise on damaged files.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
)

# What a number in a deep picture may count to: 0-1, then 8, 10, 12, 14 and 16 bits.
_FULL_SCALES = (1.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0)


def is_image_name(name: str | Path) -> bool:
    """Whether a file is called as pictures are."""
    return Path(name).suffix.lower() in Image.registered_extensions()


def open_image(source: Path | BinaryIO) -> Image.Image:
    """Open a picture of any kind that Pillow reads.

    The picture is turned upright as its EXIF data say, and brought to 8 bits: deep grey is scaled,
    a palette looked up, transparency laid on a ground on which the ink shows. Of an animation the
    first frame is taken.

    Args:
        source: A file's path, or a file opened for reading in binary mode.

    Returns:
        The picture in mode ``L`` or ``RGB``.

    Raises:
        ImageError: The file is missing, empty, no picture, damaged, or too large.
    """
    if not isinstance(source, Path):
        return _decode(source, repr(str(getattr(source, "name", "picture"))))
    name = repr(str(source))
    try:
        with source.open("rb") as file:
            return _decode(file, name)
    except IsADirectoryError:
        hint = f"mnistcli predict {shlex.quote(str(source))}/*.png"
        raise ImageError(f"a directory, not a picture: {name}", hint=hint) from None
    except (FileNotFoundError, ValueError):  # a NUL character in a name is a ValueError
        raise ImageError(f"no such file: {name}", hint=_HINT) from None
    except PermissionError:
        raise ImageError(f"not allowed to read: {name}", hint=_HINT) from None


def _decode(file: BinaryIO, name: str) -> Image.Image:
    if not file.seekable():
        file = io.BytesIO(file.read())
    if not file.read(1):
        raise ImageError(f"an empty file, not a picture: {name}", hint=_HINT)
    file.seek(0)
    try:
        with _QUIET, Image.open(file) as picture:
            _check_size(picture, name)
            ImageOps.exif_transpose(picture, in_place=True)
            return _eight_bit(picture)
    except UnidentifiedImageError:
        raise ImageError(f"not a picture: {name}", hint=_HINT) from None
    except Image.DecompressionBombError:
        raise _too_large(name) from None
    except _DAMAGE:
        raise ImageError(f"a damaged or truncated picture: {name}", hint=_HINT) from None


class _Quiet:
    """Keep Pillow's remarks on odd files from the user: what matters ends in an error.

    Warnings and logging are the whole process's, so with several threads at work the first to come
    makes it quiet and the last to go ends that.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._warnings = warnings.catch_warnings()
        self._level = logging.NOTSET

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._level = logging.root.manager.disable
                logging.disable(logging.ERROR)
                self._warnings = warnings.catch_warnings()
                self._warnings.__enter__()
                warnings.simplefilter("ignore")

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._warnings.__exit__(None, None, None)
                logging.disable(self._level)


_QUIET = _Quiet()


def _check_size(picture: Image.Image, name: str) -> None:
    if picture.width * picture.height > LARGEST:
        raise _too_large(name)
    if picture.width * picture.height == 0:
        raise ImageError(f"a picture without pixels: {name}", hint=_HINT)


def _too_large(name: str) -> ImageError:
    limit = f"{LARGEST // 1_000_000} megapixels"
    return ImageError(f"a picture of more than {limit}: {name}", hint=_HINT)


def _eight_bit(picture: Image.Image) -> Image.Image:
    """Bring any mode to ``L`` or ``RGB``."""
    if picture.mode in {"I", "F"} or picture.mode.startswith("I;"):
        return _from_deep(picture)
    if picture.has_transparency_data:
        return _on_ground(picture.convert("RGBA"))
    return picture.convert("L" if picture.mode in {"1", "L"} else "RGB")


def _from_deep(picture: Image.Image) -> Image.Image:
    """Scale grey of more than 8 bits by the smallest usual range that holds it."""
    values = np.nan_to_num(np.asarray(picture, dtype=np.float32), posinf=0.0, neginf=0.0)
    values = values - min(0.0, float(values.min()))
    highest = float(values.max())
    full = next((scale for scale in _FULL_SCALES if highest <= scale), highest)
    return Image.fromarray(np.rint(values * (255.0 / full)).astype(np.uint8))


def _on_ground(picture: Image.Image) -> Image.Image:
    """Lay a picture with transparency on a ground on which its ink shows."""
    ground = Image.new("RGBA", picture.size, (*_ground(picture), 255))
    return Image.alpha_composite(ground, picture).convert("RGB")


def _ground(picture: Image.Image) -> tuple[int, int, int]:
    """The colour to lay under: white or black against bare ink, the paper's own round a sheet."""
    size = (min(picture.width, 256), min(picture.height, 256))
    pixels = np.asarray(picture.resize(size, Image.Resampling.BOX), dtype=np.float64)
    alpha = pixels[..., 3] / 255
    if not alpha.any():
        return (255, 255, 255)
    light = pixels[..., :3] @ (0.299, 0.587, 0.114)
    mean = float(np.average(light, weights=alpha))
    spread = float(np.sqrt(np.average((light - mean) ** 2, weights=alpha)))
    if spread > 16 and alpha.mean() > 0.5:
        red, green, blue = np.median(pixels[alpha > 0.5][:, :3], axis=0)
        return (int(red), int(green), int(blue))
    return (255, 255, 255) if mean < 160 else (0, 0, 0)
