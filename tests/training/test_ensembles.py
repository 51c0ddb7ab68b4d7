"""Ensembles: the runs of the members, and their average."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcli.checkpoints import load
from mnistcli.config import SEED_LIMIT, TrainConfig
from mnistcli.datasets import Splits
from mnistcli.evaluation import evaluate
from mnistcli.inference.classifier import Classifier
from mnistcli.model_lookup import ModelRef, find_model
from mnistcli.runs.run import Run
from mnistcli.training import EnsembleResult, train, training
from mnistcli.training.ensembles import member_configs
from tests.support.training import RecordingCallback, make_training_quick, train_model

CONFIG = TrainConfig(arch="simple", epochs=1, batch_size=32, dropout=0.25, ensemble=2, seed=7)


@pytest.fixture(scope="module")
def trained(
    splits: Splits, tmp_path_factory: pytest.TempPathFactory
) -> tuple[EnsembleResult, RecordingCallback]:
    run = Run.create(CONFIG, tmp_path_factory.mktemp("runs") / "run")
    callback = RecordingCallback()
    with pytest.MonkeyPatch.context() as patch:
        make_training_quick(patch)
        result = train(CONFIG, splits, run, callback=callback)
    assert isinstance(result, EnsembleResult)
    return result, callback


@pytest.fixture
def result(trained: tuple[EnsembleResult, RecordingCallback]) -> EnsembleResult:
    return trained[0]


def weights(run: Run) -> list[NDArray[Any]]:
    arrays: list[NDArray[Any]] = load(run.model_file).get_weights()
    return arrays


def test_members_have_successive_seeds() -> None:
    seeds = [config.seed for config in member_configs(TrainConfig(ensemble=3, seed=SEED_LIMIT - 2))]

    assert seeds == [SEED_LIMIT - 2, SEED_LIMIT - 1, 0]


def test_each_member_is_a_run_of_its_own(result: EnsembleResult, splits: Splits) -> None:
    members = [Run(result.run.path / f"member-{number}") for number in (1, 2)]

    assert [member.run.path for member in result.members] == [run.path for run in members]
    assert all(run.is_finished for run in members)
    assert [run.read_config().seed for run in members] == [7, 8]
    assert {run.read_config().ensemble for run in members} == {1}
    assert result.run.is_finished
    assert result.run.read_config() == result.config
    assert {run.trained_on for run in (result.run, *members)} == {(splits.name,)}


def test_the_callback_is_told_the_member(
    trained: tuple[EnsembleResult, RecordingCallback],
) -> None:
    _, callback = trained

    assert callback.members == [(1, 2), (2, 2)]
    assert [config.seed for config, _ in callback.begun] == [7, 8]


@pytest.mark.usefixtures("quick_training")
def test_a_member_has_the_weights_that_its_seed_alone_gives(
    result: EnsembleResult, splits: Splits
) -> None:
    alone = train_model(result.members[1].config, splits, "alone")

    for one, other in zip(weights(alone.run), weights(result.members[1].run), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_average_of_the_members_is_evaluated(result: EnsembleResult) -> None:
    probabilities = [member.test.probabilities for member in result.members]

    np.testing.assert_allclose(result.test.probabilities, np.mean(probabilities, axis=0), atol=1e-6)
    assert [one.accuracy for one in result.test.members] == [
        member.test.accuracy for member in result.members
    ]


def test_the_metrics_include_every_member(result: EnsembleResult) -> None:
    metrics = result.run.read_metrics()
    accuracies = [member["test_accuracy"] for member in metrics["members"]]

    assert len(accuracies) == 2
    assert metrics["member_test_accuracy_mean"] == pytest.approx(np.mean(accuracies))
    assert metrics["member_test_accuracy_sd"] == pytest.approx(np.std(accuracies, ddof=1))
    assert metrics["test_accuracy"] == result.test.accuracy
    assert metrics["parameters"] == result.parameters == 2 * result.members[0].parameters
    assert metrics["seconds"] == pytest.approx(sum(m.seconds for m in result.members), abs=1e-3)
    assert metrics["min_confidence"] == min(
        one.digit_thresholds.min_confidence for one in result.members
    )


def test_members_are_evaluated_as_they_are_alone(result: EnsembleResult, splits: Splits) -> None:
    alone = evaluate(Classifier.load(result.members[1].run.model_file), splits.test)

    assert result.test.members[1].loss == pytest.approx(alone.loss, rel=1e-5)
    np.testing.assert_array_equal(result.test.members[1].confusion_matrix, alone.confusion_matrix)
    assert "members" not in alone.as_dict()
    assert len(result.test.as_dict()["members"]) == 2


@pytest.mark.usefixtures("quick_training")
def test_members_share_a_start_model_that_is_looked_up_once(
    result: EnsembleResult, splits: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = result.members[0]
    name = str(start.run.path)
    found: list[str] = []

    def counting(*names: str) -> ModelRef:
        found.extend(names)
        return find_model(*names)

    monkeypatch.setattr(training, "find_model", counting)
    config = replace(CONFIG, base_model=name)

    tuned = train(config, splits, Run.create(config, Path("run")))

    assert isinstance(tuned, EnsembleResult)
    assert start.validation is not None
    before = [member.base_validation for member in tuned.members]
    assert [one and one.accuracy for one in before] == [start.validation.accuracy] * 2
    assert found == [name]
