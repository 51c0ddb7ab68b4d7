"""The `compare` command: table, test, figure and JSON, on models that are not trained here."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistcli.config import TrainConfig
from mnistcli.inference import loading
from mnistcli.inference.classifier import Classifier
from mnistcli.inference.digit_classifier import DigitClassifier
from mnistcli.model_lookup import find_model
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run
from tests.support.command_line import fail, succeed


@pytest.fixture
def copies() -> None:
    """Two copies of the packaged model, as runs that were trained on the bundled digits."""
    packaged = find_model("pretrained").run
    assert packaged is not None
    for name in ("a", "b"):
        run = Run(Path(shutil.copytree(packaged.path, f"runs/{name}")))
        run.write_config(TrainConfig(dataset="digits"))
        run.write_metrics(run.read_metrics() | {"seconds": 1234.5})
        run.write_history(
            [EpochRow(epoch=1, loss=0.5, accuracy=0.9, learning_rate=0.001, seconds=2)]
        )


def test_copies_of_a_model_do_not_differ(copies: None) -> None:
    result = succeed("compare", "a", "b")

    lines = result.stdout.splitlines()
    assert lines[0].split()[:4] == ["run", "accuracy", "loss", "seconds"]
    accuracy, loss = lines[1].split()[2], lines[1].split()[4]
    seconds = f"{Run(Path('runs/a')).read_metrics()['seconds']:.1f}"
    assert lines[1] == f"1  runs/a  {accuracy} %   {loss}  {seconds}   classic --dataset digits"
    assert lines[2] == lines[1].replace("1  runs/a", "2  runs/b")
    assert "McNemar's exact test on 360 test images of digits" in lines
    assert "1 and 2 0 0 1.0000 not significant" in [" ".join(line.split()) for line in lines]
    figure = lines[-1].removeprefix("figure  ")
    assert figure.startswith("comparison_plots/a+b-")
    with Image.open(figure) as image:
        assert image.width > 500
    assert result.stderr == ""


def test_json_names_the_better_model(copies: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(files: list[Path], **_options: object) -> DigitClassifier:
        """Return a good classifier for run a, and one that predicts 0 for every image for run b."""
        zeros = Classifier(lambda images: np.eye(10, dtype=np.float32)[[0] * len(images)])
        return Classifier.load(files[0]) if files[0].parent.name == "a" else zeros

    monkeypatch.setattr(loading, "load_classifier", load)

    result = succeed("compare", "runs/b", "a", "--json", "--output-dir", "o")

    printed = json.loads(result.stdout)
    first, second = printed["runs"]
    assert (first["run"], second["run"]) == ("runs/b", "runs/a")
    assert first["test_accuracy"] < 0.2 < 0.9 < second["test_accuracy"]
    (pair,) = printed["pairs"]
    assert (pair["first"], pair["second"], pair["better"]) == ("runs/b", "runs/a", "runs/a")
    difference = pair["only_second_right"] - pair["only_first_right"]
    assert difference / printed["samples"] == pytest.approx(
        second["test_accuracy"] - first["test_accuracy"]
    )
    assert pair["p_value"] < 1e-6
    assert result.stderr == "figure: o/comparison.png\n"


def test_runs_of_different_datasets_are_refused(copies: None) -> None:
    assert fail("compare", "a", "pretrained") == (
        1,
        [
            "error: different datasets: 'runs/a' was trained on 'digits', 'pretrained' on 'mnist'",
            "hint: mnistcli compare a pretrained --dataset digits",
        ],
    )


def test_one_run_is_not_enough() -> None:
    assert fail("compare", "pretrained") == (
        2,
        ["error: a comparison requires at least two different runs", "hint: mnistcli runs"],
    )
