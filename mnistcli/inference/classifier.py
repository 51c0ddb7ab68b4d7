"""Classifiers: class probabilities of 28x28 digits, fast and without TensorFlow.

A classifier runs a LiteRT model, which starts in a fraction of a second. The LiteRT file is beside
the `.keras` file or in the user's cache. If neither was made from these weights, the model is
converted once, which loads TensorFlow. A model that cannot be converted is run by Keras.
"""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from mnistcli.device import start_quietly
from mnistcli.files import cache_dir
from mnistcli.inference import litert

BATCH_SIZE = 64


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
        compute: Callable[[NDArray[np.float32]], NDArray[np.float32]],
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
        digest = litert.digest_of(path)
        cached = cache_dir() / "litert" / f"{digest}.tflite"
        for file in (litert.file_beside(path), cached):
            if (converted := litert.read(file, digest)) is not None:
                return cls(litert.Runner(converted), batch_size=batch_size)
        start_quietly()
        # These load TensorFlow, which is not needed above.
        from mnistcli import checkpoints
        from mnistcli.inference import conversion

        model = checkpoints.load(path)
        converted = conversion.to_litert(model)
        if converted is None:
            return cls(conversion.run_by_keras(model), batch_size=batch_size)
        runner = litert.Runner(converted)
        with contextlib.suppress(OSError):  # without a cache, the next start is as slow as this one
            cached.parent.mkdir(parents=True, exist_ok=True)
            litert.write(cached, converted, digest)
        return cls(runner, batch_size=batch_size)

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
