from pathlib import Path

import numpy as np
import pytest

from mnistcli.checkpoints import load
from mnistcli.config import TrainConfig
from mnistcli.datasets import Splits
from mnistcli.evaluation import evaluate
from mnistcli.inference import conversion
from mnistcli.inference.classifier import Classifier
from mnistcli.inference.ensemble import Ensemble
from mnistcli.runs import Run
from mnistcli.training import ensembles, loop
from mnistcli.training.ensembles import EnsembleResult
from mnistcli.training.loop import TrainResult
from tests.support.strokes import make_splits

CONFIG = TrainConfig(arch="simple", epochs=1, batch_size=32, dropout=0.25, ensemble=3, seed=7)


@pytest.fixture(scope="module")
def splits() -> Splits:
    return make_splits()


@pytest.fixture(scope="module")
def result(splits: Splits, tmp_path_factory: pytest.TempPathFactory) -> EnsembleResult:
    run = Run.create(CONFIG, tmp_path_factory.mktemp("runs") / "run")
    with pytest.MonkeyPatch.context() as patch:
        # Keras runs the members: converting them would take most of the time.
        patch.setattr(conversion, "to_litert", lambda network: None)
        trained = ensembles.train(CONFIG, splits, run)
    assert isinstance(trained, EnsembleResult)
    return trained


def weights(run: Run) -> list[np.ndarray]:
    return load(run.model_file).get_weights()


def test_each_member_is_a_run_of_its_own_with_the_next_seed(result: EnsembleResult) -> None:
    members = [Run(result.run.path / f"member-{number}") for number in (1, 2, 3)]

    assert [member.run.path for member in result.members] == [run.path for run in members]
    assert all(run.finished for run in members)
    assert [run.read_config().seed for run in members] == [7, 8, 9]
    assert {run.read_config().ensemble for run in members} == {1}
    assert result.run.finished
    assert result.run.read_config() == CONFIG


def test_a_member_is_what_its_seed_alone_trains(result: EnsembleResult, splits: Splits) -> None:
    config = result.members[2].config
    alone = loop.train(config, splits, Run.create(config, Path("alone")))

    for one, other in zip(weights(alone.run), weights(result.members[2].run), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_mean_of_the_members_is_scored(result: EnsembleResult, splits: Splits) -> None:
    answers = [member.test.probabilities for member in result.members]

    np.testing.assert_allclose(result.test.probabilities, np.mean(answers, axis=0), atol=1e-6)
    assert [one.accuracy for one in result.test.members] == [
        member.test.accuracy for member in result.members
    ]


def test_no_member_is_left_out_of_the_figures(result: EnsembleResult) -> None:
    figures = result.run.read_metrics()
    accuracies = [member["test_accuracy"] for member in figures["members"]]

    assert len(accuracies) == 3
    assert figures["member_test_accuracy_mean"] == pytest.approx(np.mean(accuracies))
    assert figures["member_test_accuracy_sd"] == pytest.approx(np.std(accuracies, ddof=1))
    assert figures["test_accuracy"] == result.test.accuracy
    assert figures["parameters"] == 3 * result.members[0].parameters
    assert figures["seconds"] == pytest.approx(sum(m.seconds for m in result.members), abs=1e-3)


def test_one_network_is_a_training_as_ever(splits: Splits) -> None:
    config = TrainConfig(arch="simple", epochs=1, limit=100)

    result = ensembles.train(config, splits, Run.create(config, Path("run")))

    assert isinstance(result, TrainResult)
    assert result.run.model_file.is_file()


class Fixed:
    """Answers the same for every image."""

    def __init__(self, digit: int, probability: float) -> None:
        self.answer = np.full(10, (1 - probability) / 9, np.float32)
        self.answer[digit] = probability

    def predict(self, images: np.ndarray) -> np.ndarray:
        return np.tile(self.answer, (len(images), 1))


def test_the_surer_one_wins(splits: Splits) -> None:
    both = Ensemble([Fixed(3, 0.6), Fixed(5, 0.9)])

    answers = both.predict(splits.test.images[:2])
    assert answers.dtype == np.float32
    np.testing.assert_allclose(
        answers[:, [3, 5]], [[(0.6 + 0.1 / 9) / 2, (0.9 + 0.4 / 9) / 2]] * 2, rtol=1e-6
    )


def test_members_are_scored_as_they_are_alone(result: EnsembleResult, splits: Splits) -> None:
    alone = evaluate(Classifier.load(result.members[1].run.model_file), splits.test)

    assert result.test.members[1].loss == pytest.approx(alone.loss, rel=1e-5)
    np.testing.assert_array_equal(result.test.members[1].confusion_matrix, alone.confusion_matrix)
    assert "members" not in alone.as_dict()
    assert len(result.test.as_dict()["members"]) == 3
