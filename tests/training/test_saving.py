"""Saving: the order of the files of a run, and fault injection into writes."""

import errno
import shutil
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from mnistcli import checkpoints
from mnistcli.architectures import build_model
from mnistcli.config import TrainConfig
from mnistcli.runs.run import Run
from mnistcli.training.callbacks import RunRecorder
from mnistcli.training.fingerprint import Fingerprint
from mnistcli.training.resume_state import ResumeState
from mnistcli.training.saving import EpochSaver
from tests.support.faults import failing
from tests.support.training import RecordingCallback

CONFIG = TrainConfig(arch="simple")

pytestmark = pytest.mark.usefixtures("quick_training")


class Training:
    """A recorder and a saver on a model that is not trained."""

    def __init__(self) -> None:
        model = build_model("simple")
        self.callback = RecordingCallback()
        self.recorder = RunRecorder(CONFIG, model, self.callback)
        self.run = Run.create(CONFIG, Path("run"))
        self.saver = EpochSaver(self.run, model, self.recorder, Fingerprint({}, {}, {}))
        trained = keras.Sequential([model])
        trained.compile(optimizer="sgd")
        self.saver.variables = model.variables
        for one in (self.recorder, self.saver):
            one.set_model(trained)

    def end_epoch(self, epoch: int, val_loss: float) -> None:
        logs = {"loss": 0.5, "accuracy": 0.75, "val_loss": val_loss, "val_accuracy": 0.5}
        for one in (self.recorder, self.saver):
            one.on_epoch_end(epoch, logs)


def test_the_state_is_saved_first_and_the_kept_model_before_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run that is killed between two saves can be resumed, and used after the second."""
    training = Training()
    names: list[str] = []
    monkeypatch.setattr(checkpoints, "save", lambda model, path: names.append(path.name))
    monkeypatch.setattr(ResumeState, "write", lambda state, path: names.append(path.name))
    monkeypatch.setattr(Run, "write_history", lambda run, rows: names.append(str(len(rows))))

    training.end_epoch(0, 0.4)
    training.end_epoch(1, 0.6)

    state, kept, last = "resume.npz", "model.keras", "last.keras"
    assert names == [state, kept, last, "1", state, last, "2"]
    assert [kept for _, kept in training.callback.epochs] == [True, False]


def test_the_state_holds_the_variables_and_the_kept_epoch() -> None:
    training = Training()
    for epoch, loss in enumerate([0.4, 0.6]):
        training.end_epoch(epoch, loss)

    state = ResumeState.read(training.run.resume_file)

    assert state is not None
    assert (state.kept, len(state.rows), state.stopped_early, state.calibrating) == (
        1, 2, False, False,
    )  # fmt: skip
    for value, variable in zip(state.variables, training.saver.variables, strict=True):
        np.testing.assert_array_equal(value, keras.ops.convert_to_numpy(variable))


def test_the_time_stops_when_the_training_has_ended() -> None:
    training = Training()
    training.end_epoch(0, 0.4)

    training.saver.load_kept_model()

    assert training.saver.seconds == training.saver.seconds


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_any_operation_that_fails_leaves_whole_files_and_no_other(error: int) -> None:
    """Each file is from the first or the second epoch; the state is never behind."""
    training = Training()
    training.end_epoch(0, 0.4)
    names = {path.name for path in training.run.path.iterdir()}
    before = shutil.copytree("run", "before")
    failed = 0
    for number in range(1, 200):
        with failing(Path("run"), number, error) as faults:
            try:
                training.end_epoch(1, 0.3 / number)
            except OSError as failure:
                assert failure.errno == error, failure  # noqa: PT017 - not every one fails
                failed += 1
        if faults.count < number:
            break
        assert {path.name for path in training.run.path.iterdir()} == names
        for file in (training.run.model_file, training.run.last_model_file):
            assert zipfile.ZipFile(file).testzip() is None
        state = ResumeState.read(training.run.resume_file)
        assert state is not None
        assert 1 <= len(training.run.read_history()) <= len(state.rows) <= 2
        del training.recorder.history[1:]
        shutil.rmtree("run")
        shutil.copytree(before, "run")

    assert failed >= 4 * 5  # open, write, open to flush, flush and rename of four files
    assert len(training.run.read_history()) == 2
