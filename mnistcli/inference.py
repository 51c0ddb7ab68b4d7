"""From images to probabilities with a trained network."""

from pathlib import Path
from typing import Self

import keras
import numpy as np
import numpy.typing as npt

from mnistcli import checkpoints

BATCH_SIZE = 256


class Classifier:
    """A trained network that reads digits.

    Args:
        network: Takes float32 (n, 28, 28, 1) in 0..1 and gives softmax probabilities (n, 10).
        batch_size: Images computed at a time.
    """

    def __init__(self, network: keras.Model, *, batch_size: int = BATCH_SIZE) -> None:
        self.network = network
        self._batch_size = batch_size

    @classmethod
    def load(cls, path: Path, *, batch_size: int = BATCH_SIZE) -> Self:
        """Return the classifier in a `.keras` file.

        Raises:
            CheckpointError: It cannot be loaded, or is a network for something else.
        """
        return cls(checkpoints.load(path), batch_size=batch_size)

    def predict(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return the probability of each digit for each image.

        Args:
            images: uint8 (n, 28, 28), light ink on 0, as MNIST stores them.

        Returns:
            float32 (n, 10); each row sums to 1.
        """
        parts = [
            keras.ops.convert_to_numpy(
                self.network(part[..., None].astype(np.float32) / 255, training=False)
            )
            for part in _batches(images, self._batch_size)
        ]
        return np.concatenate(parts) if parts else np.empty((0, 10), np.float32)


def _batches(images: npt.NDArray[np.uint8], size: int) -> list[npt.NDArray[np.uint8]]:
    return [images[start : start + size] for start in range(0, len(images), size)]
