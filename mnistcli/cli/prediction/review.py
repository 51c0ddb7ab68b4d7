"""Review of rejected images: copy them into folders of their best guess, to be relabeled.

The user moves them to their correct folders and fine-tunes the model on them (active learning).
"""

import io
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from mnistcli.errors import OutputError, os_reason
from mnistcli.files.atomic import write_atomically

if TYPE_CHECKING:  # loads NumPy and Pillow; help and usage errors must not
    from mnistcli.prediction.results import Prediction

UNKNOWN = "unknown"
"""The folder of images without a digit."""


class Review:
    """Copies the rejected images into a directory, each into the folder of its best guess.

    The folders ``0`` to ``9`` are a dataset as soon as the images are in the correct ones; numbers
    and images without a digit have folders of their own, which are not part of it.

    Args:
        directory: The directory; it is created if necessary.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._rejected: list[Prediction] = []

    def collect(self, predictions: Iterable["Prediction"]) -> Iterator["Prediction"]:
        """Yield predictions, and keep those that are rejected."""
        for prediction in predictions:
            if prediction.reason:
                self._rejected.append(prediction)
            yield prediction

    def write(self) -> int:
        """Copy the images; return their number. Existing copies are skipped.

        Raises:
            OutputError: The directory cannot be written.
            ImageError: An image has been removed.
        """
        try:
            for prediction in self._rejected:
                folder = self.directory / (prediction.guess.replace("\n", "-") or UNKNOWN)
                folder.mkdir(parents=True, exist_ok=True)
                _copy(prediction, folder)
        except OSError as error:
            raise OutputError(
                f"cannot write to {str(self.directory)!r}: {os_reason(error)}", hint="--review DIR"
            ) from error
        return len(self._rejected)


def _copy(prediction: "Prediction", folder: Path) -> None:
    """Copy an image; a page, a row or an image that is not a file is written as PNG."""
    from mnistcli.image_io import is_image_name

    path = prediction.path
    if prediction.source is None and is_image_name(path.name):
        name, content = path.name, path.read_bytes()
    else:
        stem = path.name.replace("#", "_").replace(".", "_").strip("-_ ") or "image"
        stream = io.BytesIO()
        prediction.open_image().save(stream, "PNG")
        name, content = f"{stem}.png", stream.getvalue()
    target = _free_name(folder / name, content)
    if target is not None:
        write_atomically(target, content)


def _free_name(path: Path, content: bytes) -> Path | None:
    """Return a name that is free; None if a file with the name has the same content."""
    names = (path if n == 1 else path.with_stem(f"{path.stem}-{n}") for n in count(1))
    for candidate in names:
        if not candidate.exists():
            return candidate
        if candidate.read_bytes() == content:
            return None
    return None
