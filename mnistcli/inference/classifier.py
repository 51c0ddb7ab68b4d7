"""Classifiers: class probabilities of 28x28 digits, fast and without TensorFlow.

A classifier runs a LiteRT model, which starts in a fraction of a second. The LiteRT file is beside
the `.keras` file or in the user's cache. If neither was made by this machine from these weights,
the `.keras` file is checked and converted once, which loads TensorFlow. A model that cannot be
converted is run by Keras. The probabilities are calibrated: training puts the temperature into the
weights of the last layer.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from mnistcli.config import CLASSES
from mnistcli.device import start_quietly
from mnistcli.errors import CheckpointError
from mnistcli.files import sha256
from mnistcli.inference import litert, litert_files
from mnistcli.model_files import OTHER_MODEL, read_model_file

BATCH_SIZE = 64

Compute = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Computes probabilities, float32 (n, 10), of images, float32 (n, 28, 28, 1) in 0..1."""


class Predictor(Protocol):
    """Anything that computes class probabilities, such as a `Classifier` or an `Ensemble`."""

    def predict(self, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
        """Return the probabilities, float32 (n, 10), of images, uint8 (n, 28, 28)."""
        ...


class Classifier:
    """A trained model that predicts the digits of 28x28 images.

    Args:
        compute: Returns probabilities, float32 (n, 10), of images, float32 (n, 28, 28, 1) in 0..1.
        batch_size: Images per call of `compute`.
    """

    def __init__(
        self,
        compute: Compute,
        *,
        batch_size: int = BATCH_SIZE,
    ) -> None:
        self._compute = compute
        self._batch_size = batch_size

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, batch_size: int = BATCH_SIZE) -> Self:
        """Load the model in a `.keras` file.

        While a model is loaded, file descriptor 2 of the process (stderr) is redirected for a
        moment, to hold back log messages of LiteRT and TensorFlow.

        Args:
            path: The file.
            batch_size: Images computed at a time.

        Raises:
            CheckpointError: The file cannot be loaded, or is not a digit classifier.
        """
        path = Path(path)
        content = read_model_file(path)
        digest = sha256(content)
        for read in (partial(litert_files.read_beside, path), litert_files.read_cached):
            converted = read(digest)
            if converted is not None and (runner := _start(converted)) is not None:
                return cls(runner, batch_size=batch_size)
        return cls(_convert(path, content, digest), batch_size=batch_size)

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the probability of each digit for each image.

        Args:
            images: uint8 (n, 28, 28) in MNIST format, the digit light (255) on a dark background
                (0); or one image, uint8 (28, 28).

        Returns:
            float32 (n, 10); each row sums to 1.

        Raises:
            TypeError: The images have another dtype or shape.
        """
        images = _require_digits(images)
        starts = range(0, len(images), self._batch_size)
        batches = (images[start : start + self._batch_size] for start in starts)
        probabilities = [
            self._compute(np.divide(batch[..., None], 255, dtype=np.float32)) for batch in batches
        ]
        return np.concatenate(probabilities) if probabilities else np.empty((0, 10), np.float32)


def _convert(path: Path, content: bytes, digest: str) -> Compute:
    """Check, load and convert a model; return the function that computes its probabilities."""
    # These load h5py and TensorFlow, which are not needed for a converted model.
    from mnistcli.model_check import check_content

    checked = check_content(path, content)
    start_quietly()
    from mnistcli import checkpoints
    from mnistcli.inference import conversion

    model = checkpoints.load_checked(checked)
    converted = conversion.to_litert(model)
    if converted is not None and (runner := _start(converted)) is not None:
        litert_files.write_cached(converted, digest)
        return runner
    compute = conversion.run_by_keras(model)
    if not _is_classifier(compute):
        raise CheckpointError(
            f"{str(path)!r} computes NaN or infinite probabilities", hint=OTHER_MODEL
        )
    return compute


def _start(converted: bytes) -> litert.Runner | None:
    """Start a LiteRT model; None if LiteRT cannot run it or it is no classifier of digits."""
    try:
        runner = litert.Runner(converted)
        return runner if _is_classifier(runner) else None
    except Exception:  # noqa: BLE001 - LiteRT raises anything
        return None


def _is_classifier(compute: Compute) -> bool:
    """Return whether the output for one image has the right shape and is finite."""
    image = np.linspace(0, 1, 28 * 28, dtype=np.float32).reshape(1, 28, 28, 1)
    probabilities = compute(image)
    return probabilities.shape == (1, CLASSES) and bool(np.isfinite(probabilities).all())


def _require_digits(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Check dtype and shape: pixels in 0..1 would be divided by 255 without a sign of it."""
    if not isinstance(images, np.ndarray):
        raise TypeError(f"images must be a uint8 array (n, 28, 28), not {type(images).__name__}")
    if images.dtype != np.uint8 or images.shape[-2:] != (28, 28) or images.ndim not in {2, 3}:
        raise TypeError(
            f"images must be uint8 (n, 28, 28) with values 0 to 255, not {images.dtype} "
            f"{images.shape}"
        )
    return images[None] if images.ndim == 2 else images
