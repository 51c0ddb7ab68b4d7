"""Callbacks of training: the kept epoch, the history, early stopping, divergence to NaN."""

import math
from typing import Any

import keras
import numpy as np
import pytest

from mnistcli.architectures import build_model
from mnistcli.config import TrainConfig
from mnistcli.errors import TrainingError
from mnistcli.training.callbacks import RunRecorder, plateau_callbacks
from tests.support.training import RecordingCallback

CONFIG = TrainConfig(arch="simple")


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return build_model("simple")


def recorder(
    model: keras.Model, config: TrainConfig = CONFIG
) -> tuple[RunRecorder, RecordingCallback]:
    callback = RecordingCallback()
    made = RunRecorder(config, model, callback)
    trained = keras.Sequential([model])
    trained.compile(optimizer=keras.optimizers.Adam(0.25))
    made.set_model(trained)
    return made, callback


def logs(val_loss: float) -> dict[str, Any]:
    return {"loss": 0.5, "accuracy": 0.75, "val_loss": val_loss, "val_accuracy": 0.5}


def test_no_epoch_is_kept_before_the_first_has_ended(model: keras.Model) -> None:
    made, _ = recorder(model)

    with pytest.raises(RuntimeError, match="no epoch has ended"):
        _ = made.kept


def end_epoch(recorder: RunRecorder, epoch: int, val_loss: float) -> None:
    recorder.on_epoch_end(epoch, logs(val_loss))
    recorder.forward_epoch()


@pytest.mark.parametrize(
    ("losses", "kept"),
    [
        ([0.4, 0.6, 0.3], [True, False, True]),
        ([math.nan, 0.5, math.nan], [True, True, False]),
    ],
)
def test_the_lowest_validation_loss_is_kept(
    model: keras.Model, losses: list[float], kept: list[bool]
) -> None:
    made, callback = recorder(model)

    for epoch, loss in enumerate(losses):
        end_epoch(made, epoch, loss)

    assert [one for _, one in callback.epochs] == kept
    assert made.kept.epoch == len(kept) - kept[::-1].index(True)
    assert len(made.history) == len(losses)


def test_a_one_cycle_schedule_keeps_every_last_epoch(model: keras.Model) -> None:
    made, callback = recorder(model, TrainConfig(arch="simple", schedule="one-cycle"))

    for epoch, loss in enumerate([0.4, 0.6]):
        end_epoch(made, epoch, loss)

    assert [kept for _, kept in callback.epochs] == [True, True]


def test_a_row_has_the_learning_rate_and_the_time(model: keras.Model) -> None:
    made, callback = recorder(model)

    made.on_epoch_begin(0)
    end_epoch(made, 0, 0.4)

    row, _ = callback.epochs[0]
    assert (row.epoch, row.learning_rate, row.val_accuracy) == (1, 0.25, 0.5)
    assert 0 <= row.seconds < 10


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_not_finite_end_the_training(value: float) -> None:
    model = build_model("simple")
    made, _ = recorder(model)
    weights = model.get_weights()
    weights[0][:] = np.float32(value)
    model.set_weights(weights)

    with pytest.raises(TrainingError) as caught:
        made.on_epoch_end(4, logs(0.4))

    assert caught.value.message == "training diverged in epoch 5: the weights are NaN or infinite"
    assert caught.value.hint == "--learning-rate 0.0001"
    assert made.history == []


def test_a_resumed_run_has_the_history_and_the_kept_epoch_from_before(model: keras.Model) -> None:
    before, _ = recorder(model)
    for epoch, loss in enumerate([0.4, 0.6]):
        end_epoch(before, epoch, loss)
    callback = RecordingCallback()
    made = RunRecorder(CONFIG, model, callback, rows=before.history, kept=1)
    made.set_model(before.model)
    made.set_params({"steps": 3})

    made.on_train_begin()
    for epoch, loss in ((2, 0.5), (3, 0.3)):
        end_epoch(made, epoch, loss)

    assert callback.first_epochs == [3]
    assert [(row.epoch, kept) for row, kept in callback.epochs] == [(3, False), (4, True)]
    assert [row.epoch for row in made.history] == [1, 2, 3, 4]


def test_plateau_callbacks_follow_the_settings() -> None:
    config = TrainConfig(reduce_lr=2, early_stopping=5)

    reduce, stop = plateau_callbacks(config)

    assert isinstance(reduce, keras.callbacks.ReduceLROnPlateau)
    assert (reduce.patience, reduce.factor) == (2, 0.5)
    assert isinstance(stop, keras.callbacks.EarlyStopping)
    assert stop.patience == 5
    assert plateau_callbacks(TrainConfig()) == []
