"""Snapshot tests of tables: the whole text of the results of `train` and `evaluate`."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnistcli.cli.metrics_table import print_evaluation, print_training
from mnistcli.config import TrainConfig
from mnistcli.digit_thresholds import DigitThresholds
from mnistcli.evaluation import Evaluation, evaluate_ensemble, evaluate_probabilities
from mnistcli.model_lookup import ModelRef
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run
from mnistcli.training import EnsembleResult, TrainResult

Captured = pytest.CaptureFixture[str]

ALONE = ModelRef((Path("alone.keras"),))
OTHER = ModelRef((Path("runs/b/other.keras"),))
BOTH = ModelRef((*ALONE.files, *OTHER.files), members=(ALONE, OTHER))


def evaluation(wrong: int, samples: int = 100, confidence: float = 0.9) -> Evaluation:
    """Return the metrics of a classifier that takes the first `wrong` images for the next digit."""
    labels = np.arange(samples, dtype=np.int64) % 10
    predicted = np.where(np.arange(samples) < wrong, (labels + 1) % 10, labels)
    probabilities = np.full((samples, 10), (1 - confidence) / 9, np.float32)
    probabilities[np.arange(samples), predicted] = confidence
    return evaluate_probabilities(labels, probabilities)


def result(start: str | None = None, seed: int = 0, wrong: int = 2) -> TrainResult:
    config = TrainConfig(base_model=start, seed=seed, dataset="digits")
    return TrainResult(
        run=Run(Path("runs/a")),
        config=config,
        kept=EpochRow(epoch=3, loss=0.1, accuracy=0.98, learning_rate=0.001, seconds=1.0),
        epochs=4,
        seconds=12.34,
        parameters=12345,
        trained_parameters=678,
        training_images=900,
        digit_thresholds=DigitThresholds(0.5, 0.3),
        is_at_chance=False,
        test=evaluation(wrong),
    )


def text(capsys: Captured, trained: TrainResult | EnsembleResult) -> list[str]:
    print_training(trained)
    captured = capsys.readouterr()
    assert captured.err == ""
    lines: list[str] = captured.out.splitlines()
    return lines


def test_the_table_of_a_new_model_has_its_validation(capsys: Captured) -> None:
    assert text(capsys, replace(result(), validation=evaluation(1, 10))) == [
        "run         runs/a",
        "kept epoch  3 of 4",
        "validation  90.00 % accuracy, loss 0.5448 (10 held-out images)",
        "test        98.00 % accuracy, loss 0.1932 (100 images)",
        "trained     12,345 parameters on 900 images in 12.3 s",
    ]


def test_a_model_without_validation_has_no_such_row(capsys: Captured) -> None:
    assert text(capsys, result()) == [
        "run         runs/a",
        "kept epoch  3 of 4",
        "test        98.00 % accuracy, loss 0.1932 (100 images)",
        "trained     12,345 parameters on 900 images in 12.3 s",
    ]


def test_a_tuned_model_is_compared_with_its_start_model(capsys: Captured) -> None:
    tuned = replace(
        result("pretrained"),
        base_validation=evaluation(3, 10),
        base_trained_on=("mnist",),
        validation=evaluation(1, 10),
    )

    lines = text(capsys, tuned)
    assert lines[2:] == [
        "before      70.00 % accuracy, loss 1.4237 (10 held-out images)",
        "after       90.00 % accuracy, loss 0.5448 (10 held-out images)",
        "test        98.00 % accuracy, loss 0.1932 (100 images)",
        "trained     678 of 12,345 parameters on 900 images in 12.3 s",
    ]
    known = text(capsys, replace(tuned, base_trained_on=("mnist", "digits")))
    assert known[2] == lines[2].replace(
        "10 held-out images", "10 held-out images, which the base model was trained on"
    )


def test_an_ensemble_lists_its_members(capsys: Captured) -> None:
    members = tuple(
        replace(result(seed=seed, wrong=wrong), run=Run(Path(f"runs/a/member-{seed + 1}")))
        for seed, wrong in ((0, 2), (1, 4))
    )
    test = evaluate_ensemble(tuple(member.test for member in members))
    ensemble = EnsembleResult(Run(Path("runs/a")), TrainConfig(ensemble=2), members, test)

    assert text(capsys, ensemble) == [
        "run      runs/a",
        "members  mean 97.00 %, standard deviation 1.41 %",
        "         member-1  98.00 %  seed 0, kept epoch 3 of 4",
        "         member-2  96.00 %  seed 1, kept epoch 3 of 4",
        f"test     {100 * test.accuracy:.2f} % accuracy, loss {test.loss:.4f} (100 images)",
        "trained  24,690 parameters on 900 images in 24.7 s",
    ]


def test_json_of_a_run_is_its_metrics(capsys: Captured) -> None:
    trained = result()

    print_training(trained, as_json=True)

    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(trained.as_dict()))


def test_the_table_of_an_evaluation_has_its_metrics(capsys: Captured) -> None:
    print_evaluation(evaluation(2, 10000), ALONE, "mnist")

    assert capsys.readouterr().out.splitlines() == [
        "model              alone.keras",
        "dataset            mnist (10,000 test images)",
        "accuracy           99.98 %",
        "loss               0.1062",
        "calibration error  9.98 % (ECE)",
    ]


def test_an_average_lists_its_models(capsys: Captured) -> None:
    members = (evaluation(2), evaluation(4))

    print_evaluation(evaluate_ensemble(members), BOTH, "digits")

    assert capsys.readouterr().out.splitlines()[:5] == [
        "model              average of 2 models",
        "dataset            digits (100 test images)",
        "members            mean 97.00 %, standard deviation 1.41 %",
        "                   alone.keras         98.00 %",
        "                   runs/b/other.keras  96.00 %",
    ]


def test_a_report_adds_scores_and_the_confusion_matrix(capsys: Captured) -> None:
    print_evaluation(evaluation(3), ALONE, "digits", report=True)

    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()[5:] if line.strip()]
    assert lines[:4] == [
        "     digit   precision   recall       f1   support",
        " ──────────────────────────────────────────────────",
        "         0      1.0000   0.9000   0.9474        10",
        "         1      0.9000   0.9000   0.9000        10",
    ]
    assert lines[12:17] == [
        "     macro      0.9709   0.9700   0.9700       100",
        "  weighted      0.9709   0.9700   0.9700       100",
        " true \\ predicted  0  1  2   3   4   5   6   7   8   9",
        " ──────────────────────────────────────────────────────",
        "                0  9  1  .   .   .   .   .   .   .   .",
    ]
    assert lines[-3:] == [
        "0 predicted as 1: 1 time",
        "1 predicted as 2: 1 time",
        "2 predicted as 3: 1 time",
    ]


def test_json_of_an_evaluation_names_the_model_and_its_members(capsys: Captured) -> None:
    print_evaluation(
        evaluate_ensemble((evaluation(2), evaluation(4))), BOTH, "digits", as_json=True
    )

    captured = capsys.readouterr()
    printed = json.loads(captured.out)
    assert (printed["model"], printed["dataset"], printed["samples"]) == (BOTH.name, "digits", 100)
    assert [member["model"] for member in printed["members"]] == [
        "alone.keras",
        "runs/b/other.keras",
    ]
    assert captured.err == f"model: {BOTH.name}\n"


def test_an_odd_name_is_quoted(capsys: Captured) -> None:
    print_evaluation(evaluation(2), ModelRef((Path("a\n[b].keras"),)), "x\x1b")

    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "model              'a\\n[b].keras'",
        "dataset            'x\\x1b' (100 test images)",
    ]
