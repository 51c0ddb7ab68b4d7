"""From images to probabilities with a trained network, fast and without TensorFlow.

A network is run by LiteRT, which starts in a fraction of a second, from a converted file beside
the `.keras` file or in the user's cache. Where neither belongs to these weights, one is made for
the cache, and for that TensorFlow is loaded, once. What cannot be converted is run by Keras.
"""

import contextlib
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
    """Anything that turns images into class probabilities."""

    def predict(self, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
        """Return the probabilities, float32 (n, 10), of the images, uint8 (n, 28, 28)."""
        ...


class Classifier:
    """A trained network that reads digits.

    Args:
        compute: Turns float32 (n, 28, 28, 1) in 0..1 into probabilities, float32 (n, 10).
        batch_size: Images computed at a time.
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
    def load(cls, path: Path, *, batch_size: int = BATCH_SIZE) -> Self:
        """Return the classifier in a `.keras` file.

        Raises:
            CheckpointError: It cannot be loaded, or is a network for something else.
        """
        digest = litert.digest_of(path)
        cached = cache_dir() / "litert" / f"{digest}.tflite"
        for converted in (litert.file_beside(path), cached):
            if (model := litert.read(converted, digest)) is not None:
                return cls(litert.Runner(model), batch_size=batch_size)
        start_quietly()
        # These load TensorFlow, which all the above does without.
        from mnistcli import checkpoints
        from mnistcli.inference import conversion

        network = checkpoints.load(path)
        model = conversion.to_litert(network)
        if model is None:
            return cls(conversion.run_by_keras(network), batch_size=batch_size)
        with contextlib.suppress(OSError):  # without a cache it only takes longer each time
            cached.parent.mkdir(parents=True, exist_ok=True)
            litert.write(cached, model, digest)
        return cls(litert.Runner(model), batch_size=batch_size)

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the probability of each digit for each image.

        Args:
            images: uint8 (n, 28, 28), light ink on 0, as MNIST stores them.

        Returns:
            float32 (n, 10); each row sums to 1.
        """
        starts = range(0, len(images), self._batch_size)
        parts = [
            self._compute(np.divide(part[..., None], 255, dtype=np.float32))
            for part in (images[start : start + self._batch_size] for start in starts)
        ]
        return np.concatenate(parts) if parts else np.empty((0, 10), np.float32)
