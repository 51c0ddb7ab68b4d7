"""Replicas: data parallelism, with which several devices train the same model as one."""

import json
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from mnistcli import checkpoints
from mnistcli.config import TrainConfig
from mnistcli.datasets import Splits
from mnistcli.errors import DeviceError
from mnistcli.evaluation import evaluate
from mnistcli.inference.classifier import Classifier
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run
from mnistcli.training import train
from mnistcli.training.replicas import (
    padded_indices,
    replica_callbacks,
    replica_scope,
    require_equal_parts,
)
from tests.support.strokes import make_splits
from tests.support.training import RecordingCallback, skip_litert, train_model, use_tiny_network
from tests.support.two_devices import DEVICES, call_with_two_devices

# Batch normalization, a reduced learning rate, and a partial last batch; nothing at random.
CONFIG = TrainConfig(
    arch="simple", epochs=2, batch_size=48, dropout=0, learning_rate=0.01, reduce_lr=1
)


class StopAfterOneEpoch(RecordingCallback):
    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:
        super().on_epoch_end(row, kept=kept)
        if row.epoch == 1:
            raise KeyboardInterrupt


def train_on_two_devices(splits: Splits) -> None:
    with pytest.MonkeyPatch.context() as patch:
        skip_litert(patch)
        use_tiny_network(patch)
        train_stop_and_resume(splits)
    draw_random_numbers(splits)


def train_stop_and_resume(splits: Splits) -> None:
    config = replace(CONFIG, device="all")
    run = Run.create(config, Path("two"))
    with pytest.raises(KeyboardInterrupt):
        train(config, splits, run, callback=StopAfterOneEpoch())
    train(config, splits, run, resume=True)


def draw_random_numbers(splits: Splits) -> None:
    """Check the dropout of two replicas, and that another batch size is refused."""
    images = np.ones((1, 1000), np.float32)
    with replica_scope(DEVICES):
        image = keras.Input((1000,))
        model = keras.Model(image, keras.layers.Dropout(0.5)(image))
        [callback] = replica_callbacks(model, model.variables, DEVICES)

        def draw() -> list[bytes]:
            results = model.distribute_strategy.run(lambda: model(images, training=True))
            return [mask.numpy().tobytes() for mask in results.values]

        states = [one.numpy() for one in model.variables]
        callback.on_epoch_begin(0)
        first = draw()
        assert len({*first, *draw()}) == 4
        for variable, state in zip(model.variables, states, strict=True):
            variable.assign(state)
        callback.on_epoch_begin(0)
        assert draw() == first
    config = replace(CONFIG, device="all", batch_size=9)
    with pytest.raises(DeviceError, match="--batch-size 9 cannot be divided by 2"):
        train(config, splits, Run.create(config, Path("nine")))


@pytest.mark.usefixtures("quick_training")
def test_two_devices_train_the_model_of_one() -> None:
    splits = make_splits(421)  # 43 of them for validation: two devices repeat one
    one = train_model(replace(CONFIG, device="cpu"), splits, "one")

    call_with_two_devices(train_on_two_devices, splits)

    two = Run(Path("two"))
    environment = json.loads((two.path / "environment.json").read_text())
    assert environment["device"] == "cpu:0, cpu:1"
    for here, there in zip(one.run.read_history(), two.read_history(), strict=True):
        assert there.loss == pytest.approx(here.loss, rel=1e-3)
        assert there.val_loss == pytest.approx(here.val_loss, rel=0.1)
        assert there.learning_rate == here.learning_rate
    test = evaluate(Classifier.load(two.model_file), splits.test)
    assert test.loss == pytest.approx(one.test.loss, rel=1e-3)
    layers = checkpoints.load(two.model_file).layers
    normalizations = [one for one in layers if isinstance(one, keras.layers.BatchNormalization)]
    assert [one.synchronized for one in normalizations] == [False] * len(normalizations) != []


def test_each_device_gets_as_many_images_in_each_step() -> None:
    three = ("gpu:0", "gpu:1", "gpu:2")

    require_equal_parts(12, three)
    with pytest.raises(DeviceError) as caught:
        require_equal_parts(128, three)

    assert caught.value.message == "--batch-size 128 cannot be divided by 3, the number of GPUs"
    assert caught.value.hint == "--batch-size 129"
    assert padded_indices(7, three).tolist() == [0, 1, 2, 3, 4, 5, 6, 0, 1]
    assert padded_indices(6, three).tolist() == [0, 1, 2, 3, 4, 5]


def test_one_device_needs_no_replicas() -> None:
    with replica_scope(["cpu:0"]):
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])

    assert model.distribute_strategy.num_replicas_in_sync == 1
    assert replica_callbacks(model, model.variables, ["cpu:0"]) == []
