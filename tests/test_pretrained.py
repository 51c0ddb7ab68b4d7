"""The model in the package: what its card says is true."""

import json
from pathlib import Path

import numpy as np
import pytest

from mnistcli import checkpoints
from mnistcli.datasets import load
from mnistcli.evaluation import Evaluation, evaluate
from mnistcli.inference import litert
from mnistcli.inference.classifier import Classifier, Predictor
from mnistcli.inference.conversion import run_by_keras
from mnistcli.inference.ensemble import load_classifier
from mnistcli.model_store import ModelRef, find_model
from mnistcli.synthetic.non_digits import non_digits
from tests.support.strokes import make_digits


@pytest.fixture(scope="module")
def model() -> ModelRef:
    return find_model("pretrained")


@pytest.fixture(scope="module")
def classifier(model: ModelRef) -> Predictor:
    return load_classifier(model.files)


@pytest.fixture(scope="module")
def on_mnist(classifier: Predictor, mnist_dir: Path) -> Evaluation:
    return evaluate(classifier, load("mnist", data_dir=mnist_dir).test)


def card(model: ModelRef) -> dict:
    return json.loads(model.files[0].with_name("card.json").read_text(encoding="utf-8"))


def test_it_is_small(model: ModelRef) -> None:
    files = list(model.files[0].parent.iterdir())

    assert {path.name for path in files} == {
        "card.json", "config.json", "history.csv", "metrics.json", "model.keras", "model.tflite",
    }  # fmt: skip
    assert sum(path.stat().st_size for path in files) < 8_000_000


def test_it_is_what_the_recipe_makes(model: ModelRef) -> None:
    assert model.run is not None
    config, metrics = model.run.read_config(), model.run.read_metrics()

    assert (config.recipe, config.seed, config.dataset) == ("robust", 0, "mnist")
    assert metrics["best_epoch"] == config.epochs == len(model.run.read_history())


def test_the_card_says_what_was_measured(model: ModelRef) -> None:
    assert model.run is not None
    config, metrics, shown = model.run.read_config(), model.run.read_metrics(), card(model)

    assert (shown["recipe"], shown["seed"]) == (config.recipe, config.seed)
    assert shown["mnist_test"]["accuracy"] == metrics["test_accuracy"]
    assert shown["mnist_test"]["calibration_error"] == metrics["test_calibration_error"]
    assert shown["min_confidence"] == metrics["min_confidence"]
    assert shown["not_for"]


def test_the_litert_file_belongs_to_it(model: ModelRef) -> None:
    (file,) = model.files

    assert litert.read(litert.file_beside(file), litert.digest_of(file)) is not None


def test_litert_and_keras_agree_on_it(model: ModelRef, classifier: Predictor) -> None:
    images = make_digits(50, seed=5).images

    by_keras = Classifier(run_by_keras(checkpoints.load(model.files[0]))).predict(images)

    np.testing.assert_allclose(classifier.predict(images), by_keras, atol=1e-5)


def test_it_reads_mnist_as_its_card_says(model: ModelRef, on_mnist: Evaluation) -> None:
    shown = card(model)["mnist_test"]

    # Another processor may round another way: a picture or two may change sides.
    assert on_mnist.accuracy == pytest.approx(shown["accuracy"], abs=2e-4)
    assert on_mnist.accuracy > 0.996
    assert on_mnist.loss == pytest.approx(shown["loss"], abs=1e-4)
    assert on_mnist.calibration_error < 0.005


def test_it_refuses_hardly_a_digit(model: ModelRef, on_mnist: Evaluation) -> None:
    refused = on_mnist.probabilities.max(axis=1) < model.min_confidence

    assert refused.mean() <= 0.005


def test_it_refuses_what_is_no_digit(model: ModelRef, classifier: Predictor) -> None:
    strangers = non_digits(make_digits(200, seed=3), 400, seed=12345)

    refused = classifier.predict(strangers).max(axis=1) < model.min_confidence

    assert refused.mean() > 0.9


def test_it_reads_digits_it_has_never_seen_the_like_of(classifier: Predictor) -> None:
    drawn = make_digits(200, seed=4)

    answers = classifier.predict(drawn.images).argmax(axis=1)

    assert np.mean(answers == drawn.labels) > 0.9
