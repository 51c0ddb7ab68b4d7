import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistcli.config import TrainConfig
from mnistcli.datasets import Dataset, Splits
from mnistcli.environment import describe_environment
from mnistcli.errors import RunError
from mnistcli.files import lock_directory
from mnistcli.inference import conversion
from mnistcli.recipes import RECIPES
from mnistcli.runs import EpochRow, Run
from mnistcli.training import EnsembleResult, TrainResult, fingerprint, single_model, train
from mnistcli.training.resume_state import ResumeState
from tests.support.training import QUICK, RecordingCallback, hash_weights

pytestmark = pytest.mark.usefixtures("_run_by_keras")

PLATEAUS = replace(
    QUICK, learning_rate=0.03, epochs=6, early_stopping=3, reduce_lr=1, arch="deep", dropout=0.3
)
CONFIGS = {
    "classic": replace(QUICK, epochs=3),
    "plateaus": PLATEAUS,
    "augmented": replace(
        QUICK, epochs=3, batch_size=50, augment=True, distort=True, non_digits=0.2, european=0.1
    ),
    "fast": replace(RECIPES["fast"].config, epochs=3, batch_size=64, dropout=0.2),
    "tune": replace(RECIPES["tune"].config, epochs=3, limit=100, batch_size=40, early_stopping=1),
}

# `python -m tests.tools.resume` kills every recipe in each of its epochs.
POINTS = [("plateaus", 3), ("augmented", 1), ("fast", 2), ("tune", 1)]


class StoppedError(Exception):
    """Stands for anything that ends a process."""


class StopAfter(RecordingCallback):
    """Stops the training in the epoch after a number of epochs, when some of its steps are done."""

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self._left = epochs

    def on_train_batch_end(self, step: int, loss: float, accuracy: float) -> None:
        super().on_train_batch_end(step, loss, accuracy)
        if self._left == 0:
            raise StoppedError

    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:
        super().on_epoch_end(row, kept=kept)
        self._left -= 1


class KeepStates(RecordingCallback):
    """Copies the resume state after each epoch."""

    def __init__(self, run: Run, folder: Path) -> None:
        super().__init__()
        self._run = run
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:
        super().on_epoch_end(row, kept=kept)
        shutil.copy(self._run.resume_file, self._folder / f"{row.epoch}.npz")


def run_to_end(config: TrainConfig, splits: Splits, name: str) -> Run:
    run = Run.create(config, Path(name))
    train(config, splits, run, callback=KeepStates(run, Path(f"{name}-states")))
    return run


def stop(config: TrainConfig, splits: Splits, name: str, *, epochs: int) -> Run:
    run = Run.create(config, Path(name))
    with pytest.raises(StoppedError):
        train(config, splits, run, callback=StopAfter(epochs))
    return run


def resume(run: Run, splits: Splits, **changes: Any) -> tuple[TrainResult, RecordingCallback]:
    callback = KeepStates(run, Path(f"{run.path}-states"))
    config = replace(run.read_config(), **changes)
    result = train(config, splits, run, callback=callback, resume=True)
    assert isinstance(result, TrainResult)
    return result, callback


def without_times(values: dict[str, Any]) -> dict[str, Any]:
    changing = ("seconds", "run", "members")
    kept = {name: value for name, value in values.items() if name not in changing}
    return kept | {"members": [without_times(member) for member in values.get("members", ())]}


def assert_same_runs(one: Run, other: Run) -> None:
    """Compare weights, history and metrics of two runs, except for their names and times."""
    for name in ("model_file", "last_model_file"):
        assert hash_weights(getattr(one, name)) == hash_weights(getattr(other, name))
    histories = [[replace(row, seconds=0) for row in run.read_history()] for run in (one, other)]
    assert str(histories[0]) == str(histories[1])  # NaN is not equal to itself
    assert without_times(one.read_metrics()) == without_times(other.read_metrics())
    assert one.read_config() == other.read_config()
    assert not one.resume_file.exists()


def assert_same_states(one: Path, other: Path) -> None:
    """Compare the states of model, optimizer and callbacks after an epoch."""
    states = [ResumeState.read(path) for path in (one, other)]
    assert states[0] is not None
    assert states[1] is not None
    assert len(states[0].variables) == len(states[1].variables)
    for first, second in zip(states[0].variables, states[1].variables, strict=True):
        assert first.dtype == second.dtype
        np.testing.assert_array_equal(first, second)
    assert states[0].counters == states[1].counters


@pytest.fixture(scope="module")
def whole(splits: Splits, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The run `classic` that was not stopped."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conversion, "to_litert", lambda model: None)
        folder = tmp_path_factory.mktemp("runs") / "whole"
        return run_to_end(CONFIGS["classic"], splits, str(folder))


@pytest.fixture(scope="module")
def stopped_once(splits: Splits, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "run"
    return stop(CONFIGS["classic"], splits, str(folder), epochs=1)


@pytest.fixture
def stopped(stopped_once: Run) -> Run:
    shutil.copytree(stopped_once.path, "run")
    return Run(Path("run"))


@pytest.mark.parametrize(("name", "done"), POINTS)
def test_a_resumed_run_equals_one_that_was_not_stopped(
    splits: Splits, name: str, done: int
) -> None:
    config = CONFIGS[name]
    whole = run_to_end(config, splits, "whole")
    epochs = len(whole.read_history())
    run = stop(config, splits, "stopped", epochs=done)
    assert run.resumable

    result, callback = resume(run, splits)

    assert_same_runs(run, whole)
    for epoch in range(done + 1, epochs + 1):
        assert_same_states(*(Path(f"{run.path}-states/{epoch}.npz") for run in (run, whole)))
    assert result.epochs == epochs
    assert callback.first_epochs == [done + 1]
    assert [row.epoch for row, _ in callback.epochs] == list(range(done + 1, epochs + 1))


def test_the_weights_before_calibration_are_kept_for_a_stop_after_it(
    splits: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The best epoch is not the last one, so that only its model file would have its weights."""
    config = replace(PLATEAUS, label_smoothing=0.1, early_stopping=1)
    whole = run_to_end(config, splits, "whole")
    assert len(whole.read_history()) > whole.read_metrics()["best_epoch"]

    def fail(*_: object) -> None:
        raise StoppedError

    for name in ("save_litert", "evaluate"):  # both come after the calibrated model
        run = Run.create(config, Path(name))
        with monkeypatch.context() as patch:
            patch.setattr(single_model, name, fail)
            with pytest.raises(StoppedError):
                train(config, splits, run)
        _, callback = resume(run, splits)

        assert callback.epochs == []
        assert_same_runs(run, whole)


@pytest.mark.parametrize("file", ["model_file", "last_model_file", "history"])
def test_files_that_a_kill_left_behind_the_state_are_written_again(
    whole: Run, stopped: Run, splits: Splits, file: str
) -> None:
    path = stopped.path / "history.csv" if file == "history" else getattr(stopped, file)
    path.unlink()

    resume(stopped, splits)

    assert_same_runs(stopped, whole)


def test_an_ensemble_is_resumed_without_training_finished_members_again(splits: Splits) -> None:
    config = replace(QUICK, epochs=2, ensemble=2, label_smoothing=0.1)
    whole = Run.create(config, Path("whole"))
    train(config, splits, whole)

    for epochs in (1, 2):  # within a member and between the two
        run = stop(config, splits, f"run{epochs}", epochs=epochs)
        assert run.resumable
        callback = RecordingCallback()
        result = train(run.read_config(), splits, run, callback=callback, resume=True)

        assert isinstance(result, EnsembleResult)
        assert sum(len(member.run.read_history()) for member in result.members) == 4
        assert len(callback.epochs) == 4 - epochs
        for number in (1, 2):
            assert_same_runs(run.member(number), whole.member(number))
        assert without_times(run.read_metrics()) == without_times(whole.read_metrics())


def test_a_run_that_was_killed_before_its_first_epoch_starts_again(
    whole: Run, splits: Splits
) -> None:
    run = Run.create(replace(CONFIGS["classic"], dataset=splits.name), Path("run"))

    resume(run, splits)

    assert_same_runs(run, whole)


def test_more_epochs_are_trained_with_a_constant_learning_rate(whole: Run, splits: Splits) -> None:
    run = stop(replace(QUICK, epochs=2), splits, "run", epochs=1)

    resume(run, splits, epochs=3)

    assert_same_runs(run, whole)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 16}, "batch_size was 32 and is now 16"),
        ({"seed": 8}, "seed was 0 and is now 8"),
        ({"epochs": 2}, "fewer epochs: 2 instead of 3"),
    ],
)
def test_other_settings_are_refused(
    stopped: Run, splits: Splits, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(RunError, match=f"cannot resume.*{message}"):
        resume(stopped, splits, **changes)

    assert stopped.resumable
    assert len(stopped.read_history()) == 1


def test_more_epochs_are_refused_with_a_one_cycle_schedule(splits: Splits) -> None:
    run = stop(replace(CONFIGS["fast"], epochs=2), splits, "run", epochs=1)

    with pytest.raises(RunError, match="3 epochs instead of 2: the learning rates of a one-cycle"):
        resume(run, splits, epochs=3)


def test_more_epochs_are_refused_once_a_member_is_finished(splits: Splits) -> None:
    run = stop(replace(QUICK, epochs=1, ensemble=2), splits, "run", epochs=1)

    with pytest.raises(
        RunError, match="2 epochs: the training of 'run/member-1' has ended after 1"
    ):
        train(replace(run.read_config(), epochs=2), splits, run, resume=True)


@pytest.mark.parametrize("part", ["train", "test"])
def test_other_images_are_refused(stopped: Run, splits: Splits, part: str) -> None:
    dataset: Dataset = getattr(splits, part)
    images = dataset.images.copy()
    images[-1, 0, 0] ^= 1
    parts = {"train": splits.train, "test": splits.test, part: Dataset(images, dataset.labels)}
    changed = replace(splits, train=parts["train"], test=parts["test"])

    with pytest.raises(
        RunError, match=f"cannot resume: the {part}[a-z]* images differ from those of the run"
    ):
        resume(stopped, changed)


def test_another_start_model_is_refused(splits: Splits) -> None:
    run_to_end(replace(QUICK, epochs=1), splits, "start")
    run = stop(replace(QUICK, epochs=2, start="start"), splits, "run", epochs=1)
    shutil.copy("run/model.keras", "start/model.keras")

    with pytest.raises(RunError, match="the weights of the start model differ"):
        resume(run, splits)


def test_other_versions_are_refused(
    stopped: Run, splits: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = describe_environment("auto")
    packages = now["packages"] | {"keras": "9.9"}
    monkeypatch.setattr(
        fingerprint, "describe_environment", lambda device: now | {"packages": packages}
    )

    with pytest.raises(RunError, match=r"keras version was '.+' and is now '9\.9'"):
        resume(stopped, splits)


def test_a_run_that_another_process_trains_is_refused(stopped: Run, splits: Splits) -> None:
    with (
        lock_directory(stopped.path),
        pytest.raises(RunError, match="another process is training in 'run'"),
    ):
        resume(stopped, splits)


def test_a_finished_run_is_refused(splits: Splits) -> None:
    run = run_to_end(replace(QUICK, epochs=1), splits, "run")
    run.resume_file.touch()  # as after a kill between the metrics and the end

    with pytest.raises(RunError, match="cannot resume 'run': the run is finished"):
        resume(run, splits)

    assert not run.resume_file.exists()


def test_a_run_without_a_state_is_refused(stopped: Run, splits: Splits) -> None:
    stopped.resume_file.unlink()

    with pytest.raises(RunError, match=r"cannot resume 'run': no resume\.npz in it"):
        resume(stopped, splits)


def test_a_worse_epoch_never_replaces_the_kept_model_of_an_earlier_process(splits: Splits) -> None:
    """`ModelCheckpoint` and `BackupAndRestore` of Keras forget the best score."""
    run = stop(CONFIGS["classic"], splits, "run", epochs=2)
    before = hash_weights(run.model_file)
    state = ResumeState.read(run.resume_file)
    assert state is not None
    rows = tuple(replace(row, val_loss=1e-9) for row in state.rows)
    replace(state, rows=rows, kept=2).write(run.resume_file)

    result, _ = resume(run, splits)

    assert result.kept.epoch == 2
    assert hash_weights(run.model_file) == before
