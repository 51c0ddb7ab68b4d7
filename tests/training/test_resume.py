"""Reproducibility of resumed runs: weights bit-identical to those of runs that were not stopped."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistcli import checkpoints
from mnistcli.config import TrainConfig
from mnistcli.datasets import Dataset, Splits
from mnistcli.errors import RunError
from mnistcli.files.locks import try_lock
from mnistcli.recipes import RECIPES
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run
from mnistcli.system.environment import describe_environment
from mnistcli.training import EnsembleResult, TrainResult, fingerprint, model_trainer, train
from mnistcli.training.resume_state import ResumeState
from tests.support.training import (
    QUICK,
    RecordingCallback,
    hash_weights,
    make_training_quick,
)

# `python -m tests.tools.resume` kills every recipe in each of its epochs.
CLASSIC = replace(QUICK, epochs=3)
# Its second epoch is the best, and the fourth one the last.
PLATEAUS = replace(
    QUICK,
    epochs=6,
    learning_rate=0.3,
    dropout=0.5,
    early_stopping=2,
    reduce_lr=1,
    label_smoothing=0.1,
)
# Batch normalization, dropout, a schedule, random images, and a partial last batch.
AUGMENTED = replace(
    RECIPES["fast"].config,
    arch="simple",
    epochs=3,
    batch_size=64,
    dropout=0.2,
    augment=True,
    distort=True,
    non_digits=0.2,
    rare_styles=0.1,
)
TUNE = replace(RECIPES["tune"].config, epochs=2, limit=100, batch_size=40)


class StoppedError(KeyboardInterrupt):
    """Stands for anything that kills a process."""


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
    """Copies the resume state and the kept model after each epoch."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._folder = Path(f"{run.path}-states")
        self._folder.mkdir(exist_ok=True)

    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:
        super().on_epoch_end(row, kept=kept)
        shutil.copy(self._run.resume_file, self._folder / f"{row.epoch}.npz")
        shutil.copy(self._run.model_file, self._folder / f"{row.epoch}.keras")


def run_to_end(config: TrainConfig, splits: Splits, name: str) -> tuple[Run, KeepStates]:
    run = Run.create(config, Path(name))
    callback = KeepStates(run)
    train(config, splits, run, callback=callback)
    return run, callback


def stopped_after(epoch: int, whole: Run) -> Run:
    """Return a copy of a run as it was after an epoch.

    Its last model and its history are missing: they are written again from the resume state.
    """
    run = Run.create(whole.read_config(), Path("run"))
    states = Path(f"{whole.path}-states")
    shutil.copy(whole.path / "environment.json", run.path)
    shutil.copy(states / f"{epoch}.npz", run.resume_file)
    shutil.copy(states / f"{epoch}.keras", run.model_file)
    return run


def start_and_stop(config: TrainConfig, splits: Splits, name: str, *, epochs: int) -> Run:
    run = Run.create(config, Path(name))
    with pytest.raises(StoppedError):
        train(config, splits, run, callback=StopAfter(epochs))
    return run


def resume(run: Run, splits: Splits, **changes: Any) -> tuple[TrainResult, RecordingCallback]:
    callback = KeepStates(run)
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


def assert_same_epochs(run: Run, whole: Run, epochs: range) -> None:
    for epoch in epochs:
        assert_same_states(*(Path(f"{one.path}-states/{epoch}.npz") for one in (run, whole)))


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """Skip what takes most of the time of a small run."""
    with pytest.MonkeyPatch.context() as patch:
        make_training_quick(patch)
        yield


@pytest.fixture(scope="module")
def whole(splits: Splits, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The run `CLASSIC` that was not stopped."""
    return run_to_end(CLASSIC, splits, str(tmp_path_factory.mktemp("runs") / "whole"))[0]


@pytest.fixture(scope="module")
def stopped_once(splits: Splits, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same run with two epochs, stopped in the second one."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    return start_and_stop(replace(CLASSIC, epochs=2), splits, str(folder), epochs=1)


@pytest.fixture
def stopped(stopped_once: Run) -> Run:
    shutil.copytree(stopped_once.path, "run")
    return Run(Path("run"))


def test_an_interrupted_run_keeps_its_last_whole_epoch(stopped: Run) -> None:
    assert checkpoints.load(stopped.model_file).name == "simple"
    assert len(stopped.read_history()) == 1
    assert stopped.is_resumable


def test_a_run_with_plateaus_equals_one_that_was_not_stopped(
    splits: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is stopped at a plateau, and twice after the calibrated model was written.

    The kept epoch is not the last one, so that only its model file would have its weights.
    """
    whole, _ = run_to_end(PLATEAUS, splits, "whole")
    assert (len(whole.read_history()), whole.read_metrics()["kept_epoch"]) == (4, 2)
    run = stopped_after(3, whole)
    state = ResumeState.read(run.resume_file)
    assert state is not None
    assert state.counters["EarlyStopping"]["wait"] == 1

    def fail(*_: object) -> None:
        raise StoppedError

    for name, epochs in (("save_litert", [4]), ("evaluate", [])):
        states = KeepStates(run)
        with monkeypatch.context() as patch:
            patch.setattr(model_trainer, name, fail)
            with pytest.raises(StoppedError):
                train(run.read_config(), splits, run, callback=states, resume=True)
        assert [row.epoch for row, _ in states.epochs] == epochs
    _, callback = resume(run, splits)

    assert callback.epochs == []
    assert_same_epochs(run, whole, range(4, 5))
    assert_same_runs(run, whole)


def test_a_run_with_random_images_and_a_schedule_equals_one_that_was_not_stopped(
    splits: Splits,
) -> None:
    whole, callback = run_to_end(AUGMENTED, splits, "whole")
    rates = [row.learning_rate for row in whole.read_history()]
    assert 0.005 < rates[0] > rates[1] > rates[2] == pytest.approx(0, abs=1e-6)
    assert [kept for _, kept in callback.epochs] == [True, True, True]
    run = stopped_after(2, whole)
    with pytest.raises(RunError, match="4 epochs instead of 3: the learning rates of a one-cycle"):
        resume(run, splits, epochs=4)

    result, resumed = resume(run, splits)

    assert_same_runs(run, whole)
    assert_same_epochs(run, whole, range(3, 4))
    assert result.epochs == 3
    assert resumed.first_epochs == [3]
    assert [row.epoch for row, _ in resumed.epochs] == [3]


def test_a_fine_tuned_model_equals_one_that_was_not_stopped(whole: Run, splits: Splits) -> None:
    shutil.copytree(whole.path, "start")
    tuned, _ = run_to_end(replace(TUNE, base_model="start"), splits, "whole")
    run = stopped_after(1, tuned)
    start = Path("start/model.keras")
    content = start.read_bytes()
    shutil.copy(Path("start/last.keras"), start)
    with pytest.raises(RunError, match="the weights of the base model differ"):
        resume(run, splits)
    start.write_bytes(content)

    resume(run, splits)

    assert_same_epochs(run, tuned, range(2, 3))
    assert_same_runs(run, tuned)


def test_an_ensemble_is_resumed_without_training_finished_members_again(splits: Splits) -> None:
    """Its second member was stopped before its first epoch had ended."""
    config = replace(QUICK, epochs=1, ensemble=2)
    whole = Run.create(config, Path("whole"))
    train(config, splits, whole, callback=KeepStates(whole.member(1)))
    run = Run(shutil.copytree(whole.path, Path("run")))
    shutil.copy(run.path / "member-1-states/1.npz", run.member(1).resume_file)
    (run.path / "metrics.json").unlink()
    shutil.rmtree(run.member(2).path)
    Run.create(run.member(1).read_config(), run.member(2).path)
    run.member(2).write_config(whole.member(2).read_config())
    assert run.is_resumable
    with pytest.raises(
        RunError, match="2 epochs: the training of 'run/member-1' has ended after 1"
    ):
        train(replace(run.read_config(), epochs=2), splits, run, resume=True)
    callback = RecordingCallback()

    result = train(run.read_config(), splits, run, callback=callback, resume=True)

    assert isinstance(result, EnsembleResult)
    assert callback.members == [(2, 2)]
    assert len(callback.epochs) == 1
    for number in (1, 2):
        assert_same_runs(run.member(number), whole.member(number))
    assert without_times(run.read_metrics()) == without_times(whole.read_metrics())


def test_a_stopped_run_with_more_epochs_equals_one_that_was_not_stopped(
    whole: Run, stopped: Run, splits: Splits
) -> None:
    """It was stopped in its second epoch, and had two."""
    resume(stopped, splits, epochs=3)

    assert_same_runs(stopped, whole)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 16}, "batch_size was 32 and is now 16"),
        ({"seed": 8}, "seed was 0 and is now 8"),
        ({"epochs": 1}, "fewer epochs: 1 instead of 2"),
    ],
)
def test_other_settings_are_refused(
    stopped: Run, splits: Splits, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(RunError, match=f"cannot resume.*{message}"):
        resume(stopped, splits, **changes)

    assert stopped.is_resumable
    assert len(stopped.read_history()) == 1


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
        try_lock(stopped.path),
        pytest.raises(RunError, match="another process is training in 'run'"),
    ):
        resume(stopped, splits)


def test_a_finished_run_is_refused(whole: Run, splits: Splits) -> None:
    run = Run(shutil.copytree(whole.path, Path("run")))
    run.resume_file.touch()  # as after a kill between the metrics and the end

    with pytest.raises(RunError, match="cannot resume 'run': the run is finished"):
        resume(run, splits)

    assert not run.resume_file.exists()


def test_a_run_without_a_state_is_refused(stopped: Run, splits: Splits) -> None:
    stopped.resume_file.unlink()

    with pytest.raises(RunError, match=r"cannot resume 'run': no resume\.npz in it"):
        resume(stopped, splits)


def test_a_worse_epoch_never_replaces_the_kept_model_of_an_earlier_process(
    stopped: Run, splits: Splits
) -> None:
    """`ModelCheckpoint` and `BackupAndRestore` of Keras forget the best score."""
    before = hash_weights(stopped.model_file)
    state = ResumeState.read(stopped.resume_file)
    assert state is not None
    rows = tuple(replace(row, val_loss=1e-9) for row in state.rows)
    replace(state, rows=rows).write(stopped.resume_file)

    result, _ = resume(stopped, splits)

    assert result.kept.epoch == 1
    assert hash_weights(stopped.model_file) == before
