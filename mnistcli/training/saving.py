"""Saving: the checkpoints and the history of a run after each epoch, and its resume state."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras
from numpy.typing import NDArray

from mnistcli import checkpoints
from mnistcli.runs.run import Run
from mnistcli.training.callbacks import RunRecorder
from mnistcli.training.fingerprint import Fingerprint
from mnistcli.training.resume_state import Counters, ResumeState

# Attributes of Keras's `EarlyStopping` and `ReduceLROnPlateau` that change during the training.
_COUNTERS = ("best", "best_epoch", "cooldown_counter", "stopped_epoch", "wait")


class EpochSaver(keras.callbacks.Callback):
    """Keras callback that saves each epoch, and restores the state of a resumed run.

    It takes the place of `ModelCheckpoint`. The resume state is written first. All other files of
    the epoch follow from it, so that a resumed run writes those that are missing. The callback
    comes last, when all others have finished with the epoch.

    Args:
        run: The run directory.
        model: The model that is saved; the model in training contains it.
        recorder: Knows the history and the kept epoch.
        fingerprint: Settings, data and versions of the training.
        state: The state to restore; None for a new run.
    """

    def __init__(
        self,
        run: Run,
        model: keras.Model,
        recorder: RunRecorder,
        fingerprint: Fingerprint,
        state: ResumeState | None = None,
    ) -> None:
        super().__init__()
        self.variables: Sequence[keras.Variable] = ()
        """The variables of the state: of the model in training, and of its optimizer."""
        self.plateau_callbacks: Sequence[keras.callbacks.Callback] = ()
        """The callbacks whose counters belong to the state."""
        self._run = run
        self._saved_model = model
        self._recorder = recorder
        self._fingerprint = fingerprint
        self._state = state
        self._seconds_before = state.seconds if state else 0.0
        self._started = time.perf_counter()
        self._ended: float | None = None

    @property
    def seconds(self) -> float:
        """Wall time of the training until it has ended, with the time before it was resumed."""
        ended = self._ended or time.perf_counter()
        return self._seconds_before + ended - self._started

    @property
    def last_epoch(self) -> int | None:
        """The epoch with which the training has ended early; None if it has not."""
        ended = self._state is not None and self._state.stopped_early
        return len(self._recorder.history) if ended else None

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - Keras passes it
        """Restore the state of a resumed run.

        Raises:
            RunError: The state belongs to another model.
        """
        # Not before `fit`, which resets the counters and builds the model.
        if self._state is None:
            return
        self._state.require_shapes([variable.shape for variable in self.variables])
        for variable, value in zip(self.variables, self._state.variables, strict=True):
            variable.assign(value)
        for callback in self.plateau_callbacks:
            for name, value in self._state.counters[type(callback).__name__].items():
                setattr(callback, name, value)
        self._save_epoch()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - Keras passes them
        """Save the state, the models and the history of the epoch."""
        self._write_state([keras.ops.convert_to_numpy(variable) for variable in self.variables])
        self._save_epoch()
        self._recorder.forward_epoch()

    def load_kept_model(self) -> keras.Model:
        """Return the kept model as it was before calibration, once the training has ended.

        Calibrating it again after a stop would change it twice. Therefore the state holds its
        weights from now on.
        """
        model = checkpoints.load(self._run.model_file)
        if self._state is not None and self._state.calibrating:
            self._ended = self._started
            self._state.require_shapes([weights.shape for weights in model.get_weights()])
            model.set_weights(self._state.variables)
        else:
            self._ended = time.perf_counter()
            self._write_state(model.get_weights(), calibrating=True)
        return model

    def _write_state(self, variables: Sequence[NDArray[Any]], *, calibrating: bool = False) -> None:
        ResumeState(
            fingerprint=self._fingerprint,
            rows=tuple(self._recorder.history),
            kept=self._recorder.kept.epoch,
            seconds=self.seconds,
            stopped_early=calibrating or self.model.stop_training,
            calibrating=calibrating,
            counters=self._counters(),
            variables=variables,
        ).write(self._run.resume_file)

    def _counters(self) -> Counters:
        return {
            type(callback).__name__: {
                name: value for name, value in vars(callback).items() if name in _COUNTERS
            }
            for callback in self.plateau_callbacks
        }

    def _save_epoch(self) -> None:
        """Save the models and the history of the last epoch.

        The kept model first: a run that is killed between the two saves can be used.
        """
        history = self._recorder.history
        if history[-1] is self._recorder.kept:
            checkpoints.save(self._saved_model, self._run.model_file)
        checkpoints.save(self._saved_model, self._run.last_model_file)
        self._run.write_history(history)


class NullSaver(keras.callbacks.Callback):
    """Keras callback in place of `EpochSaver` for a training run that writes no files.

    Args:
        recorder: Forwards the progress.
    """

    def __init__(self, recorder: RunRecorder) -> None:
        super().__init__()
        self.variables: Sequence[keras.Variable] = ()
        self.plateau_callbacks: Sequence[keras.callbacks.Callback] = ()
        self.last_epoch: int | None = None
        self._recorder = recorder

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002 - Keras passes them
        """Forward the end of the epoch."""
        self._recorder.forward_epoch()
