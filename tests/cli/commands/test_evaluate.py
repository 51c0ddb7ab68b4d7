"""The `evaluate` command: text, report, JSON and figure."""

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.command_line import fail, succeed


def value(output: str, name: str) -> str:
    """Return the value of a row of the output."""
    (line,) = (line for line in output.splitlines() if line.startswith(f"{name}  "))
    return line.removeprefix(name).strip()


def test_the_newest_run_is_the_default(model: Path) -> None:
    result = succeed("evaluate")

    assert re.fullmatch(
        r"model              runs/trained\n"
        r"                   classic, trained on digits, test accuracy (9\d\.\d\d %)\n"
        r"dataset            digits \(360 test images\)\n"
        r"accuracy           \1\n"
        r"loss               0\.\d{4}\n"
        r"calibration error  \d\.\d\d % \(ECE\)\n",
        result.stdout,
    ), result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize("name", ["runs/trained", "trained", "latest", "runs/trained/model.keras"])
def test_a_model_has_several_names(name: str, model: Path) -> None:
    assert value(succeed("evaluate", name).stdout, "model") in {"runs/trained", name}


def test_a_report_has_scores_a_matrix_and_a_figure(model: Path) -> None:
    output = succeed("evaluate", "--report").stdout

    assert re.search(r"^ +digit +precision +recall +f1 +support *$", output, re.MULTILINE)
    assert re.search(r"^ +weighted( +\d\.\d{4}){3} +360 *$", output, re.MULTILINE)
    assert re.search(r"^ true \\ predicted( +\d){10} *$", output, re.MULTILINE)
    assert re.search(r"^\d predicted as \d: (1 time|\d+ times)$", output, re.MULTILINE)
    assert output.endswith("\n\nfigure  runs/trained/plots/confusion.png\n")
    assert max(map(len, output.splitlines())) <= 80
    with Image.open(model / "plots" / "confusion.png") as figure:
        assert figure.width > 500


def test_the_figure_goes_where_it_is_told(model: Path) -> None:
    assert succeed("evaluate", "--report", "-o", "o").stdout.endswith("\nfigure  o/confusion.png\n")
    assert not (model / "plots").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_the_metrics_come_before_the_error_of_a_read_only_directory(model: Path) -> None:
    model.chmod(0o500)
    try:
        code, lines = fail("evaluate", "--report")
    finally:
        model.chmod(0o700)

    assert code == 1
    assert lines[1] == "hint: mnistcli evaluate --report --output-dir DIR"


def test_a_directory_that_cannot_be_created_is_named_after_the_metrics(model: Path) -> None:
    Path("file").touch()

    code, lines = fail("evaluate", "--report", "--output-dir", "file/o")

    assert code == 1
    assert lines[0].startswith("error: cannot write 'file/o/confusion.png': ")
    assert lines[1] == "hint: mnistcli evaluate --report --output-dir DIR"


def test_json_is_one_object(model: Path) -> None:
    result = succeed("evaluate", model, "--json", "--report", "--batch-size", 7)

    printed = json.loads(result.stdout)
    assert {"accuracy", "loss", "macro_f1", "weighted_f1", "calibration_error"} < set(printed)
    assert (printed["model"], printed["dataset"]) == (str(model), "digits")
    assert np.sum(printed["confusion_matrix"]) == printed["samples"] == 360
    assert [row["digit"] for row in printed["per_class"]] == list(range(10))
    first, second = result.stderr.splitlines()
    assert first.startswith(f"model: {model} (classic, trained on digits, ")
    assert second == f"figure: {model}/plots/confusion.png"


def test_quiet_prints_results_only(model: Path) -> None:
    result = succeed("evaluate", "--json", "--report", "-q")

    assert json.loads(result.stdout)["samples"] == 360
    assert result.stderr == ""


def test_all_images_of_a_folder_of_other_data_are_used(model: Path, digit_pngs: Path) -> None:
    for digit in range(10):
        Path(f"mine/{digit}").mkdir(parents=True)
        for copy in range(2):
            shutil.copy(digit_pngs / f"{digit}.png", f"mine/{digit}/{copy}.png")

    printed = json.loads(succeed("evaluate", "--dataset", "mine", "--json").stdout)

    assert printed["samples"] == 20
    assert printed["accuracy"] >= 0.8


def test_several_models_are_averaged_and_listed(model: Path) -> None:
    shutil.copytree(model, "other")

    text = succeed("evaluate", "runs/trained", "other").stdout.splitlines()
    printed = json.loads(succeed("evaluate", "runs/trained", "other", "--json").stdout)

    accuracy = f"{100 * printed['members'][0]['accuracy']:.2f} %"
    assert text[0].split(maxsplit=1) == ["model", "average of 2 models"]
    assert text[2].split(maxsplit=1) == [
        "members", f"mean {accuracy}, standard deviation 0.00 %"
    ]  # fmt: skip
    assert [line.split() for line in text[3:5]] == [
        ["runs/trained", *accuracy.split()], ["other", *accuracy.split()]
    ]  # fmt: skip
    assert printed["model"] == "runs/trained + other"
    assert [member["model"] for member in printed["members"]] == ["runs/trained", "other"]


@pytest.mark.parametrize("command", ["evaluate", "plot"])
def test_a_missing_model_is_an_error_with_a_hint(command: str) -> None:
    assert fail(command, "nothing", "--dataset", "digits") == (
        1,
        [
            "error: no such model: 'nothing'",
            f"hint: mnistcli {command} pretrained --dataset digits",
        ],
    )
