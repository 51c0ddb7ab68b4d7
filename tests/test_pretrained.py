"""The packaged model: its files, and the numbers in its model card."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistcli import checkpoints
from mnistcli.architectures import build_model
from mnistcli.datasets import load
from mnistcli.evaluation import Evaluation, evaluate
from mnistcli.files.hashing import sha256
from mnistcli.inference import litert_files
from mnistcli.inference.classifier import Classifier
from mnistcli.inference.digit_classifier import DigitClassifier
from mnistcli.inference.litert_conversion import build_keras_predictor
from mnistcli.inference.loading import load_classifier
from mnistcli.model_lookup import ModelRef, find_model
from mnistcli.runs.run import Run
from mnistcli.synthetic.non_digits import generate_non_digits
from tests.support.digit_rejection import is_rejected
from tests.support.strokes import make_digits
from tests.tools.package_model import package_model
from tests.tools.pretrained_config import PRETRAINED_CONFIG


@pytest.fixture(scope="module")
def model() -> ModelRef:
    return find_model("pretrained")


@pytest.fixture(scope="module")
def classifier(model: ModelRef) -> DigitClassifier:
    return load_classifier(model.files)


@pytest.fixture(scope="module")
def on_mnist(classifier: DigitClassifier, mnist_dir: Path) -> Evaluation:
    return evaluate(classifier, load("mnist", data_dir=mnist_dir).test)


def read_card(model: ModelRef) -> dict[str, Any]:
    path = model.files[0].with_name("card.json")
    card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return card


def test_the_packaged_files_are_small(model: ModelRef) -> None:
    folder = model.files[0].parent
    files = [path for path in folder.rglob("*") if path.is_file()]

    assert {str(path.relative_to(folder)) for path in files} == {
        "card.json", "config.json", "metrics.json", "model.keras", "model.tflite", "lines/card.json",
        "lines/model.tflite",
    }  # fmt: skip
    assert sum(path.stat().st_size for path in files) < 8_000_000
    assert (folder / "lines" / "model.tflite").stat().st_size < 2_000_000


def test_it_was_trained_with_its_recipe(model: ModelRef) -> None:
    assert model.run is not None
    config, metrics = model.run.read_config(), model.run.read_metrics()

    assert config == PRETRAINED_CONFIG
    assert metrics["best_epoch"] == config.epochs


def test_the_card_agrees_with_the_metrics_of_the_run(model: ModelRef) -> None:
    assert model.run is not None
    config, metrics, card = model.run.read_config(), model.run.read_metrics(), read_card(model)

    assert (card["recipe"], card["seed"]) == (config.recipe, config.seed)
    assert card["mnist_test"]["accuracy"] == metrics["test_accuracy"]
    assert card["mnist_test"]["calibration_error"] == metrics["test_calibration_error"]
    assert card["min_confidence"] == metrics["min_confidence"]
    assert card["min_digit_score"] == metrics["min_digit_score"]
    assert card["not_for"]


def test_the_litert_file_was_made_from_the_model(model: ModelRef) -> None:
    (file,) = model.files

    assert litert_files.read_sidecar(file, sha256(file.read_bytes())) is not None


def test_litert_and_keras_agree(model: ModelRef, classifier: DigitClassifier) -> None:
    images = make_digits(50, seed=5).images

    keras_classifier = Classifier(build_keras_predictor(checkpoints.load(model.files[0])))

    np.testing.assert_allclose(
        classifier.predict(images), keras_classifier.predict(images), atol=1e-5
    )


def test_the_accuracy_on_mnist_is_that_of_the_card(model: ModelRef, on_mnist: Evaluation) -> None:
    card = read_card(model)["mnist_test"]

    # Rounding differs between processors: the prediction of an image or two may change.
    assert on_mnist.accuracy == pytest.approx(card["accuracy"], abs=2e-4)
    assert on_mnist.accuracy > 0.996
    assert on_mnist.loss == pytest.approx(card["loss"], abs=1e-4)
    assert on_mnist.calibration_error < 0.005


def test_few_digits_are_rejected(model: ModelRef, on_mnist: Evaluation) -> None:
    rejected = is_rejected(on_mnist.probabilities, model.digit_thresholds)

    assert rejected.mean() <= 0.005


def test_most_non_digits_are_rejected(model: ModelRef, classifier: DigitClassifier) -> None:
    outliers = generate_non_digits(make_digits(200, seed=3), 400, seed=12345)

    rejected = is_rejected(classifier.predict(outliers), model.digit_thresholds)

    assert rejected.mean() > 0.9


def test_digits_of_another_style_are_predicted(classifier: DigitClassifier) -> None:
    """The strokes are drawn by a program and do not look like MNIST."""
    drawn = make_digits(200, seed=4)

    predicted = classifier.predict(drawn.images).argmax(axis=1)

    assert np.mean(predicted == drawn.labels) > 0.9


def test_a_student_can_be_packaged(tmp_path: Path) -> None:
    """As `make pretrained` does: the LiteRT file must be accepted without this user's key."""
    (tmp_path / "card.json").write_text('{"name": "x"}', encoding="utf-8")
    splits = load("digits")
    student = tmp_path / "student.keras"
    checkpoints.save(build_model("simple"), student)

    package_model(student, tmp_path, splits, replace(PRETRAINED_CONFIG, arch="simple"))

    run = Run(tmp_path)
    content = run.model_file.with_suffix(".tflite").read_bytes()
    note = zipfile.ZipFile(io.BytesIO(content)).read("mnistcli.txt").decode().split()
    assert note[3] == "-"
    assert note[1] == json.loads((tmp_path / "card.json").read_text())["litert_sha256"]
    assert note[2] == sha256(run.model_file.read_bytes())
    assert run.read_config().arch == "simple"
    assert run.read_metrics()["test_accuracy"] == pytest.approx(
        evaluate(load_classifier((run.model_file,)), splits.test).accuracy
    )
