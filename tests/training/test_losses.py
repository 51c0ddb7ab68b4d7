"""Losses: label smoothing, targets and the accuracy metric."""

from typing import Any

import keras
import numpy as np
import pytest

from mnistcli.config import TrainConfig
from mnistcli.training.losses import AccuracyOnDigits, build_accuracy, build_loss, encode_labels

LABELS = np.array([3, 0], dtype=np.int64)
PROBABILITIES = np.full((2, 10), 0.05, np.float32)
PROBABILITIES[:, 3] = 0.55


@pytest.mark.parametrize("loss", ["categorical", "sparse"])
def test_both_losses_are_the_cross_entropy(loss: str) -> None:
    config = TrainConfig(loss=loss)

    value = build_loss(config)(encode_labels(config, LABELS), PROBABILITIES)

    assert float(value) == pytest.approx(-(np.log(0.55) + np.log(0.05)) / 2)


def test_label_smoothing_raises_the_lowest_loss() -> None:
    config = TrainConfig(label_smoothing=0.1)
    targets = encode_labels(config, LABELS)

    assert float(build_loss(config)(targets, targets)) > 1


def test_targets_are_integers_or_one_hot() -> None:
    np.testing.assert_array_equal(encode_labels(TrainConfig(loss="sparse"), LABELS), LABELS)
    one_hot = encode_labels(TrainConfig(), LABELS)
    assert one_hot.shape == (2, 10)
    np.testing.assert_array_equal(one_hot.argmax(axis=1), LABELS)


def test_the_accuracy_leaves_out_non_digits() -> None:
    uniform = np.full((2, 10), 0.1, np.float32)
    targets = np.concatenate([encode_labels(TrainConfig(), LABELS), uniform])
    probabilities = np.concatenate([PROBABILITIES, PROBABILITIES])

    accuracy = AccuracyOnDigits()
    accuracy.update_state(uniform, PROBABILITIES)
    assert float(accuracy.result()) == 0
    accuracy.update_state(targets, probabilities)
    accuracy.update_state(targets[:1], probabilities[:1])
    accuracy.update_state(targets[:0], probabilities[:0])
    assert float(accuracy.result()) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, keras.metrics.CategoricalAccuracy),
        ({"loss": "sparse"}, keras.metrics.SparseCategoricalAccuracy),
        ({"non_digits": 0.1}, AccuracyOnDigits),
    ],
)
def test_the_accuracy_fits_the_targets(
    settings: dict[str, Any], kind: type[keras.metrics.Metric]
) -> None:
    """Keras compiles a step twice if the first one creates variables."""
    config = TrainConfig(**settings)

    accuracy = build_accuracy(config)

    assert type(accuracy) is kind
    assert len(accuracy.variables) == 2
    accuracy.update_state(encode_labels(config, LABELS), PROBABILITIES)
    assert float(accuracy.result()) == 0.5
