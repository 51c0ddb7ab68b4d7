"""Results of a training run as plain values."""

import json
from pathlib import Path

import numpy as np
import pytest

from mnistcli.config import TrainConfig
from mnistcli.digit_thresholds import DigitThresholds
from mnistcli.evaluation import Evaluation, evaluate_probabilities
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run
from mnistcli.training.results import TrainResult

ROW = EpochRow(
    epoch=3, loss=0.5, accuracy=0.8, val_loss=0.75, val_accuracy=0.7, learning_rate=0.1, seconds=1
)


@pytest.fixture
def evaluation() -> Evaluation:
    return evaluate_probabilities(np.arange(10), np.eye(10, dtype=np.float32))


def make_result(evaluation: Evaluation, *, start: str | None) -> TrainResult:
    return TrainResult(
        run=Run(Path("runs/a")),
        config=TrainConfig(base_model=start),
        kept=ROW,
        epochs=5,
        seconds=1.23456,
        parameters=100,
        trained_parameters=60,
        training_images=90,
        digit_thresholds=DigitThresholds(0.5, 0.3),
        is_at_chance=False,
        test=evaluation,
        validation=evaluation,
        base_validation=evaluation if start else None,
        base_trained_on=("mnist",) if start else (),
    )


def test_the_metrics_are_plain_values(evaluation: Evaluation) -> None:
    metrics = make_result(evaluation, start=None).as_dict()

    assert json.loads(json.dumps(metrics)) == metrics
    assert list(metrics) == [
        "run", "recipe", "dataset", "seed", "epochs", "best_epoch", "kept_epoch", "seconds",
        "parameters", "trained_parameters", "training_images", "validation_images", "min_confidence",
        "min_digit_score",
        "accuracy", "loss", "val_accuracy", "val_loss", "kept_epoch_val_accuracy", "kept_epoch_val_loss",
        "test_accuracy", "test_loss", "test_macro_f1", "test_weighted_f1", "test_calibration_error",
    ]  # fmt: skip
    assert (metrics["kept_epoch"], metrics["seconds"], metrics["val_accuracy"]) == (3, 1.235, 1)
    assert metrics["kept_epoch_val_loss"] == 0.75


def test_fine_tuning_adds_the_start_model(evaluation: Evaluation) -> None:
    new = make_result(evaluation, start=None).as_dict()
    tuned = make_result(evaluation, start="pretrained").as_dict()

    assert {name: tuned[name] for name in tuned if name not in new} == {
        "start_val_accuracy": 1,
        "start_val_loss": evaluation.loss,
        "start_trained_on": ["mnist"],
    }
