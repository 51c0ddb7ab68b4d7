"""Helpers for tests that train: a small config, a callback that records, a short call of `train`."""

import hashlib
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import keras
from keras import layers

from mnistcli import architectures
from mnistcli.config import TrainConfig
from mnistcli.datasets import Splits
from mnistcli.inference import litert_conversion
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run
from mnistcli.training import TrainResult, loop, train

if TYPE_CHECKING:
    import pytest

QUICK = TrainConfig(arch="simple", epochs=2, batch_size=32, dropout=0.25)


def _tiny(dropout: float) -> list[keras.Layer]:
    """Layers of each kind that training, saving and resuming distinguish.

    Those are weights, statistics (batch normalization) and a random generator (dropout).
    """
    return [layers.Flatten(), layers.BatchNormalization(momentum=0.9), layers.Dropout(dropout)]


TINY_ARCHITECTURES: Mapping[str, Callable[[float], list[keras.Layer]]] = {
    **architectures.ARCHITECTURES,
    "simple": _tiny,
}
"""The architectures, but `simple` has one dense layer.

Compiling the step of a convolutional network takes more than half of the time of a small run.
"""


def use_tiny_network(patch: "pytest.MonkeyPatch") -> None:
    """Let the architecture `simple` have one dense layer."""
    patch.setattr(architectures, "ARCHITECTURES", TINY_ARCHITECTURES)


def skip_litert(patch: "pytest.MonkeyPatch") -> None:
    """Let Keras run trained models: their conversion to LiteRT takes a second."""
    patch.setattr(litert_conversion, "to_litert", lambda model: None)


def compile_single_steps(patch: "pytest.MonkeyPatch") -> None:
    """Compile one step of the training instead of a loop of ten. The weights differ a little."""
    patch.setattr(loop, "_STEPS_PER_EXECUTION", 1)


def make_training_quick(patch: "pytest.MonkeyPatch") -> None:
    """Skip most of the time of training `simple`: a tiny network, single steps, and no LiteRT."""
    use_tiny_network(patch)
    compile_single_steps(patch)
    skip_litert(patch)


class RecordingCallback:
    """A training callback that records every call."""

    def __init__(self) -> None:
        self.begun: list[tuple[TrainConfig, int]] = []
        self.members: list[tuple[int, int]] = []
        self.first_epochs: list[int] = []
        self.steps: list[tuple[int, float, float]] = []
        self.epochs: list[tuple[EpochRow, bool]] = []

    def on_train_begin(
        self, config: TrainConfig, steps: int, *, member: int, members: int, first_epoch: int
    ) -> None:
        self.begun.append((config, steps))
        self.members.append((member, members))
        self.first_epochs.append(first_epoch)

    def on_train_batch_end(self, step: int, loss: float, accuracy: float) -> None:
        self.steps.append((step, loss, accuracy))

    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:
        self.epochs.append((row, kept))


def train_model(
    config: TrainConfig,
    splits: Splits,
    name: str = "run",
    callback: RecordingCallback | None = None,
) -> TrainResult:
    """Train one model into a run directory below the working directory."""
    result = train(config, splits, Run.create(config, Path(name)), callback=callback)
    assert isinstance(result, TrainResult)
    return result


def hash_weights(path: Path) -> str:
    """Hash the weights in a model file, not the file, which contains the time of writing.

    The hash includes the states of random generators, but not the optimizer: the kept model is
    compiled.
    """
    digest = hashlib.sha256()

    def add(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and not name.startswith("optimizer/"):
            digest.update(f"{name} {item.shape} {item.dtype}".encode())
            digest.update(item[()].tobytes())

    with zipfile.ZipFile(path) as archive, archive.open("model.weights.h5") as stream:
        h5py.File(stream).visititems(add)
    return digest.hexdigest()
