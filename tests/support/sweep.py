"""Simulated training runs of a sweep."""

from collections.abc import Callable

import pytest

from mnistcli.config import TrainConfig
from mnistcli.datasets import Splits
from mnistcli.runs.history import EpochRow
from mnistcli.sweep import trial
from mnistcli.training.callbacks import TrainingCallback

Accuracy = Callable[[TrainConfig, int], float]


def simulate_training(monkeypatch: pytest.MonkeyPatch, accuracy: Accuracy) -> list[TrainConfig]:
    """Replace the training of trials by a function of config and epoch; return their configs."""
    configs: list[TrainConfig] = []

    def train_unsaved(config: TrainConfig, splits: Splits, callback: TrainingCallback) -> EpochRow:
        configs.append(config)
        for epoch in range(1, config.epochs + 1):
            row = EpochRow(
                epoch=epoch,
                loss=1.0,
                accuracy=0.5,
                val_loss=1.0,
                val_accuracy=accuracy(config, epoch),
                learning_rate=0.001,
                seconds=0.1,
            )
            callback.on_epoch_end(row, kept=True)
        return row

    monkeypatch.setattr(trial, "train_unsaved", train_unsaved)
    monkeypatch.setattr("keras.backend.clear_session", lambda: None)  # it collects all garbage
    return configs
