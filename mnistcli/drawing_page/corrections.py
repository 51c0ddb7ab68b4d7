"""Corrections: drawings with their correct digits, stored as a dataset of folders 0 to 9.

This is the feedback of the user on misclassified drawings, for retraining.
"""

import hashlib
from io import BytesIO
from pathlib import Path

from PIL import Image

from mnistcli.errors import OutputError, os_reason
from mnistcli.files.atomic import write_atomically
from mnistcli.mnist_format import NUM_CLASSES
from mnistcli.prediction.results import Prediction

_OPTION = "--corrections DIR"


class Corrections:
    """A folder of relabeled drawings, which `train --dataset` accepts.

    Args:
        folder: The folder. It is created when the first drawing is stored.

    Raises:
        OutputError: The folder is a file.
    """

    def __init__(self, folder: Path) -> None:
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"not a directory: {str(folder)!r}", hint=_OPTION)
        self.folder = folder

    def store(self, prediction: Prediction, label: int, index: int = 0) -> Path:
        """Store the image of a prediction, or one of its digits, as a PNG of the correct digit.

        The name is derived from the content: an image that is stored again under another label is
        moved.

        Args:
            prediction: The result for the drawing, with its 28x28 digits.
            label: The correct digit (ground truth).
            index: The digit, if there are several.

        Returns:
            The file.

        Raises:
            OutputError: The file cannot be written.
        """
        content = _encode(prediction, index)
        name = f"drawing-{hashlib.sha256(content).hexdigest()[:12]}.png"
        path = self.folder / str(label) / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
            for other in set(range(NUM_CLASSES)) - {label}:
                (self.folder / str(other) / name).unlink(missing_ok=True)
        except OSError as error:
            message = f"cannot write {str(path)!r}: {os_reason(error)}"
            raise OutputError(message, hint=_OPTION) from error
        return path

    def count(self) -> int:
        """Return the number of drawings in the folder."""
        return sum(1 for _ in self.folder.glob("[0-9]/drawing-*.png"))


def _encode(prediction: Prediction, index: int) -> bytes:
    """Encode the whole image if it has one digit, else the digit in MNIST format."""
    if len(prediction.digits) > 1:
        image = Image.fromarray(prediction.digits[index].detection.image)
    else:
        image = prediction.open_image()
    stream = BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
