"""Callbacks of training: progress, history, early stopping and learning-rate reduction."""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

import keras
import numpy as np

from mnistcli.config import TrainConfig
from mnistcli.errors import TrainingError
from mnistcli.runs.history import EpochRow, is_better

# A plateau wastes at most `reduce_lr` epochs per halving at too high a learning rate.
_REDUCTION = 0.5
_MIN_LEARNING_RATE = 1e-6


class TrainingCallback(Protocol):
    """Receives the progress of a training run."""

    def on_train_begin(
        self, config: TrainConfig, steps: int, *, member: int, members: int, first_epoch: int
    ) -> None:
        """Training starts.

        Args:
            config: The config of the model.
            steps: Training steps per epoch.
            member: Number of the model in its ensemble, counted from 1.
            members: Models in the ensemble; 1 without an ensemble.
            first_epoch: Number of the first epoch to train, above 1 if a run is resumed.
        """

    def on_train_batch_end(self, step: int, loss: float, accuracy: float) -> None:
        """Some steps of the current epoch have ended.

        Args:
            step: Steps of the epoch so far.
            loss: Mean training loss over these steps.
            accuracy: Mean training accuracy over these steps, 0..1.
        """

    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:
        """An epoch has ended and its model is saved.

        Args:
            row: The row of the history.
            kept: Whether the run keeps this model unless a later epoch replaces it.
        """


class SilentCallback:
    """Training callback that does nothing."""

    def on_train_begin(
        self, config: TrainConfig, steps: int, *, member: int, members: int, first_epoch: int
    ) -> None:
        """Do nothing."""

    def on_train_batch_end(self, step: int, loss: float, accuracy: float) -> None:
        """Do nothing."""

    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:
        """Do nothing."""


class RunRecorder(keras.callbacks.Callback):
    """Keras callback that records the history, chooses the kept epoch and forwards the progress.

    It comes before the callbacks that change the learning rate at the end of an epoch.

    Args:
        config: The config of the model.
        model: The model in training.
        callback: Receives the progress.
        member: Number of the model in its ensemble, counted from 1.
        members: Models in the ensemble.
        rows: The history of the earlier epochs of a resumed run.
        kept: Number of the kept epoch in `rows`; 0 for a new run.
    """

    def __init__(
        self,
        config: TrainConfig,
        model: keras.Model,
        callback: TrainingCallback,
        *,
        member: int = 1,
        members: int = 1,
        rows: Sequence[EpochRow] = (),
        kept: int = 0,
    ) -> None:
        super().__init__()
        self.history: list[EpochRow] = list(rows)
        self._config = config
        self._saved_model = model
        self._callback = callback
        self._member = member
        self._members = members
        self._kept = self.history[kept - 1] if kept else None
        self._epoch_started = 0.0

    @property
    def kept(self) -> EpochRow:
        """The epoch whose model the run keeps: the best epoch by validation loss, or the last."""
        if self._kept is None:
            raise RuntimeError("no epoch has ended")
        return self._kept

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - Keras passes it
        """Forward the start of the training."""
        self._callback.on_train_begin(
            self._config,
            self.params["steps"],
            member=self._member,
            members=self._members,
            first_epoch=len(self.history) + 1,
        )

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - Keras passes them
        """Start the timer of the epoch."""
        self._epoch_started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Forward the loss and the accuracy of the epoch so far."""
        if logs is not None:
            # Keras counts the last group of steps as if it were full.
            step = min(batch + 1, self.params["steps"])
            self._callback.on_train_batch_end(step, float(logs["loss"]), float(logs["accuracy"]))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Append the epoch to the history.

        Raises:
            TrainingError: A weight is NaN or infinite.
        """
        logs = logs or {}
        row = EpochRow(
            epoch=epoch + 1,
            loss=logs["loss"],
            accuracy=logs["accuracy"],
            val_loss=logs.get("val_loss", math.nan),
            val_accuracy=logs.get("val_accuracy", math.nan),
            # A mirrored variable cannot be converted to a float.
            learning_rate=float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)),
            seconds=time.perf_counter() - self._epoch_started,
        )
        self._require_finite(row.epoch)
        if is_better(row, self._kept, keeps_last=self._config.keeps_last):
            self._kept = row
        self.history.append(row)

    def forward_epoch(self) -> None:
        """Forward the end of the last epoch, whose model has been saved by now."""
        row = self.history[-1]
        self._callback.on_epoch_end(row, kept=row is self._kept)

    def _require_finite(self, epoch: int) -> None:
        # The loss may be finite although the weights are not: ReLU turns NaN into 0.
        if not all(np.isfinite(weights).all() for weights in self._saved_model.get_weights()):
            raise TrainingError(
                f"training diverged in epoch {epoch}: the weights are NaN or infinite",
                hint=f"--learning-rate {self._config.learning_rate / 10:g}",
            )


def plateau_callbacks(config: TrainConfig) -> list[keras.callbacks.Callback]:
    """Return the callbacks that react to a plateau of the validation loss.

    They reduce the learning rate (`reduce_lr`) and stop the training (`early_stopping`).
    """
    callbacks: list[keras.callbacks.Callback] = []
    if config.reduce_lr:
        callbacks.append(
            keras.callbacks.ReduceLROnPlateau(
                patience=config.reduce_lr, factor=_REDUCTION, min_lr=_MIN_LEARNING_RATE
            )
        )
    if config.early_stopping:
        callbacks.append(keras.callbacks.EarlyStopping(patience=config.early_stopping))
    return callbacks
