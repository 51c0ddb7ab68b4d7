"""Sweep: trials that are missing, pruned, repeated or failed, and the best settings."""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from mnistcli import datasets
from mnistcli.config import TrainConfig
from mnistcli.datasets import Splits
from mnistcli.errors import SweepError, TrainingError
from mnistcli.runs.run import Run, read_config_file
from mnistcli.sweep import trial
from mnistcli.sweep.search_space import SearchSpace
from mnistcli.sweep.storage import Storage
from mnistcli.sweep.study import SweepPlan, SweepStudy
from mnistcli.sweep.sweep import run_sweep
from mnistcli.training.callbacks import SilentCallback
from mnistcli.training.training import train, train_unsaved
from tests.support.sweep import Accuracy, load_study, simulated_training


@pytest.fixture(scope="module")
def splits() -> Splits:
    return datasets.load("digits")


def _plan(tmp_path: Path, trials: int = 4, vary: str = "dropout=0..0.5") -> SweepPlan:
    settings = {"dataset": "digits", "epochs": 3}
    return SweepPlan(Storage(tmp_path), "test", SearchSpace.parse(None, settings, [vary]), trials)


@pytest.fixture
def simulate() -> Iterator[Callable[[Accuracy], list[TrainConfig]]]:
    """Replace the training by a function of config and epoch; it returns the configs so far."""
    with ExitStack() as stack:
        yield lambda accuracy: stack.enter_context(simulated_training(accuracy))


def test_the_best_settings_are_written(
    tmp_path: Path, splits: Splits, simulate: Callable[[Accuracy], list[TrainConfig]]
) -> None:
    configs = simulate(lambda config, epoch: 0.9 - config.dropout / 10 + epoch / 1000)
    states: list[str] = []

    result = run_sweep(
        _plan(tmp_path), splits, on_change=lambda trials: states.append(trials[-1].state)
    )

    best = min(configs, key=lambda config: config.dropout)
    assert result.best.params == {"dropout": best.dropout}
    assert result.best.value == pytest.approx(0.903 - best.dropout / 10)
    assert read_config_file(tmp_path / "best.json") == best == result.config
    assert len(result.trials) == len(configs) == 4
    assert {"running", "complete"} <= set(states)
    # Blom's maximum of 4 normal values, times the standard deviation of 144 images.
    accuracy = result.best_value
    assert result.selection_bias == pytest.approx(
        1.0 * math.sqrt(accuracy * (1 - accuracy) / 144), rel=0.05
    )


def test_the_same_sweep_again_runs_the_trials_that_are_missing(
    tmp_path: Path, splits: Splits, simulate: Callable[[Accuracy], list[TrainConfig]]
) -> None:
    configs = simulate(lambda config, epoch: config.dropout)
    run_sweep(_plan(tmp_path, 2), splits)
    run_sweep(_plan(tmp_path, 2), splits)
    assert len(configs) == 2

    result = run_sweep(_plan(tmp_path, 5), splits)

    assert len({config.dropout for config in configs}) == len(result.trials) == 5


def test_other_settings_are_refused(
    tmp_path: Path, splits: Splits, simulate: Callable[[Accuracy], list[TrainConfig]]
) -> None:
    simulate(lambda config, epoch: 0.5)
    run_sweep(_plan(tmp_path, 1), splits)

    with pytest.raises(SweepError, match=r"'test' was started with different settings: dropout"):
        run_sweep(_plan(tmp_path, 2, "dropout=0..0.4"), splits)


def test_unpromising_trials_are_pruned(
    tmp_path: Path, splits: Splits, simulate: Callable[[Accuracy], list[TrainConfig]]
) -> None:
    configs = simulate(lambda config, epoch: 0.9 if len(configs) <= 5 else 0.1)

    result = run_sweep(_plan(tmp_path, 6), splits)

    last = result.trials[5]
    assert (last.state, last.accuracies, last.value) == ("pruned", (0.1, 0.1), None)
    assert result.complete_count == 5


def test_a_run_that_diverges_is_a_failed_trial(
    tmp_path: Path, splits: Splits, simulate: Callable[[Accuracy], list[TrainConfig]]
) -> None:
    configs = simulate(lambda config, epoch: math.nan if len(configs) == 1 else 0.5)

    result = run_sweep(_plan(tmp_path, 3), splits)

    assert [one.state for one in result.trials] == ["failed", "complete", "complete"]
    assert result.trials[0].error == "the validation accuracy is nan"

    simulate(lambda config, epoch: math.nan)
    (tmp_path / "other").mkdir()
    with pytest.raises(TrainingError, match="none of 2 trials is complete: the validation"):
        run_sweep(_plan(tmp_path / "other", 2), splits)


def test_an_interrupted_trial_is_repeated(
    tmp_path: Path, splits: Splits, simulate: Callable[[Accuracy], list[TrainConfig]]
) -> None:
    def interrupt(config: TrainConfig, epoch: int) -> float:
        if len(interrupted) == 2:
            raise KeyboardInterrupt
        return 0.5

    interrupted = simulate(interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_sweep(_plan(tmp_path), splits)
    states = [one.state for one in SweepStudy.open(_plan(tmp_path)).summaries()]
    assert states == ["complete", "failed", "waiting"]
    configs = simulate(lambda config, epoch: 0.5)

    result = run_sweep(_plan(tmp_path), splits)

    assert configs[0] == interrupted[1]
    assert len(configs) == result.complete_count - 1 == 3


def test_the_trial_of_a_killed_worker_is_repeated_at_most_three_times(
    tmp_path: Path, splits: Splits, simulate: Callable[[Accuracy], list[TrainConfig]]
) -> None:
    plan = _plan(tmp_path, 2)
    study = SweepStudy.open(plan)
    dropouts = []
    for _ in range(3):
        killed = load_study(plan).ask()
        dropouts.append(killed.suggest_float("dropout", 0, 0.5))
        study.requeue(lambda _: True)
    configs = simulate(lambda config, epoch: 0.5)

    result = run_sweep(plan, splits)

    assert len(set(dropouts)) == 1
    assert dropouts[0] not in {config.dropout for config in configs}
    assert [one.state for one in result.trials] == [*["failed"] * 3, "complete"]
    assert [one.has_ended for one in result.trials] == [False, False, True, True]


@pytest.mark.usefixtures("quick_training")
def test_validation_gives_the_validation_accuracy_of_training(
    tmp_path: Path, splits: Splits
) -> None:
    config = SearchSpace.parse(
        None, {"dataset": "digits", "epochs": 2, "limit": 300, "arch": "simple"}, ["dropout=0,0.5"]
    ).config({"dropout": 0.0})
    blind = Splits(splits.name, splits.train, splits.test.take(np.arange(0)))

    row = train_unsaved(config, blind, SilentCallback())

    result = train(config, splits, Run.create(config, tmp_path / "run"))
    assert row.val_accuracy == result.kept.val_accuracy  # type: ignore[union-attr]


def test_a_running_trial_of_another_process_counts(tmp_path: Path) -> None:
    plan = _plan(tmp_path, 1)
    study = SweepStudy.open(plan)
    load_study(plan).ask()

    assert trial.run_trial(study, datasets.load("digits")) is False
    assert len(study.summaries()) == 1
