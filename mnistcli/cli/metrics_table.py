"""Table of metrics on stdout: the result of `train` or `evaluate`, as text or as JSON."""

import math
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from mnistcli.cli.escaping import escape, quote_name
from mnistcli.cli.streams import print_json, print_line, print_model, print_table
from mnistcli.formatting import format_count, percent

if TYPE_CHECKING:  # these modules load scikit-learn and Keras, which help and errors do without
    from mnistcli.evaluation import Evaluation
    from mnistcli.evaluation.min_confidence_fitting import FittedMinConfidence
    from mnistcli.model_lookup import ModelRef
    from mnistcli.training import EnsembleResult, TrainResult


def print_training(result: "TrainResult | EnsembleResult", *, as_json: bool = False) -> None:
    """Print the metrics of a training run."""
    from mnistcli.training import TrainResult

    if as_json:
        print_json(result.as_dict())
        return
    rows = _validation_rows(result) if isinstance(result, TrainResult) else _ensemble_rows(result)
    one = result if isinstance(result, TrainResult) else result.members[0]
    trained = f"{result.parameters:,} parameters"
    if one.config.base_model is not None and one.trained_parameters < one.parameters:
        trained = f"{one.trained_parameters:,} of {one.parameters:,} parameters"
    images = format_count(one.training_images, "image")
    _print_pairs(
        [
            ("run", quote_name(result.run.path)),
            *rows,
            ("test", f"{_score(result.test)} ({format_count(result.test.samples, 'image')})"),
            ("trained", f"{trained} on {images} in {result.seconds:.1f} s"),
        ]
    )


def print_evaluation(
    result: "Evaluation",
    model: "ModelRef",
    dataset_name: str,
    *,
    report: bool = False,
    as_json: bool = False,
    fit_accuracy: float | None = None,
) -> None:
    """Print the metrics of a model on a dataset.

    Args:
        result: Metrics on the images of the dataset.
        model: The evaluated model; its name and description are printed.
        dataset_name: The name of the dataset.
        report: Whether to print the scores of each digit and the confusion matrix as well.
        as_json: Print one JSON object instead.
        fit_accuracy: Print the rejection threshold at which this fraction of the predictions is
            correct; None for no threshold.
    """
    from mnistcli.evaluation.min_confidence_fitting import fit_min_confidence

    fitted = None if fit_accuracy is None else fit_min_confidence(result, fit_accuracy)
    names = _member_names(model)
    if as_json:
        print_model(model.description)
        metrics = result.as_dict()
        for name, member in zip(names, metrics.get("members", ()), strict=False):
            member["model"] = name
        if fit_accuracy is not None:
            metrics["fitted_threshold"] = fitted.as_dict() if fitted else None
        print_json({"model": model.name, "dataset": dataset_name} | metrics)
        return
    _print_pairs(
        [
            *_model_rows(model),
            (
                "dataset",
                f"{quote_name(dataset_name)} ({format_count(result.samples, 'test image')})",
            ),
            *(_member_rows(result, names) if result.members else ()),
            ("accuracy", percent(result.accuracy)),
            ("loss", f"{result.loss:.4f}"),
            ("calibration error", f"{percent(result.calibration_error)} (ECE)"),
            *(_threshold_rows(fitted, fit_accuracy) if fit_accuracy is not None else ()),
        ]
    )
    if report:
        _print_scores(result)
        _print_confusion(result)


def _validation_rows(result: "TrainResult") -> list[tuple[str, str]]:
    rows = [("kept epoch", f"{result.kept.epoch} of {result.epochs}")]
    if result.base_validation is not None:
        known = result.config.dataset in result.base_trained_on
        note = ", which the base model was trained on" if known else ""
        images = format_count(result.base_validation.samples, "held-out image")
        rows.append(("before", f"{_score(result.base_validation)} ({images}{note})"))
    if result.validation is not None:
        name = "validation" if result.base_validation is None else "after"
        images = format_count(result.validation.samples, "held-out image")
        rows.append((name, f"{_score(result.validation)} ({images})"))
    return rows


def _ensemble_rows(result: "EnsembleResult") -> list[tuple[str, str]]:
    members = [
        f"{member.run.path.name}  {percent(member.test.accuracy)}  seed {member.config.seed}, "
        f"kept epoch {member.kept.epoch} of {member.epochs}"
        for member in result.members
    ]
    return [("members", _mean(result.test)), *(("", member) for member in members)]


def _model_rows(model: "ModelRef") -> list[tuple[str, str]]:
    """Return the name and the description of a model, or the number of several models."""
    if model.members:
        return [("model", f"average of {format_count(len(model.members), 'model')}")]
    details = model.description.removeprefix(model.name).strip(" ()")
    return [("model", quote_name(model.name)), *([("", escape(details))] if details else ())]


def _member_rows(result: "Evaluation", names: list[str]) -> list[tuple[str, str]]:
    width = max(map(len, names))
    members = [
        f"{name:<{width}}  {percent(member.accuracy)}"
        for name, member in zip(names, result.members, strict=True)
    ]
    return [("members", _mean(result)), *(("", member) for member in members)]


def _threshold_rows(fitted: "FittedMinConfidence | None", accuracy: float) -> list[tuple[str, str]]:
    if fitted is None:
        return [("min confidence", f"none: no threshold reaches {percent(accuracy)}")]
    # Rounded down, so that the images at the threshold are accepted.
    threshold = math.floor(fitted.min_confidence * 1e6) / 1e6
    return [
        ("min confidence", f"--min-confidence {threshold:.6f}"),
        ("", f"{percent(fitted.accuracy)} of the predictions are correct"),
        ("", f"{percent(fitted.accepted_fraction)} of the images are accepted"),
    ]


def _member_names(model: "ModelRef") -> list[str]:
    """Return the name of each model file: its run directory if it is the model of a run."""
    if len(model.members) == len(model.files):
        return [quote_name(member.name) for member in model.members]
    return [quote_name(file.parent) for file in model.files]


def _print_scores(result: "Evaluation") -> None:
    """Print the classification report: precision, recall and F1 of each digit, and averages."""
    table = Table("digit", "precision", "recall", "f1", "support", box=box.SIMPLE_HEAD)
    rows: list[tuple[str, float, float, float, int]] = [
        (str(row.digit), row.precision, row.recall, row.f1, row.support) for row in result.per_class
    ]
    macro = (result.macro_precision, result.macro_recall, result.macro_f1)
    weighted = (result.weighted_precision, result.weighted_recall, result.weighted_f1)
    rows += [("macro", *macro, result.samples), ("weighted", *weighted, result.samples)]
    for index, (name, precision, recall, f1, support) in enumerate(rows):
        table.add_row(
            name,
            f"{precision:.4f}",
            f"{recall:.4f}",
            f"{f1:.4f}",
            f"{support:,}",
            end_section=index == len(result.per_class) - 1,
        )
    _print_right_aligned(table)


def _print_confusion(result: "Evaluation") -> None:
    """Print the confusion matrix, and its most frequent mistakes."""
    digits = map(str, range(len(result.confusion_matrix)))
    table = Table("true \\ predicted", *digits, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for digit, counts in enumerate(result.confusion_matrix.tolist()):
        cells = [
            Text(str(count or "."), "bold" if column == digit else "red" if count else "dim")
            for column, count in enumerate(counts)
        ]
        table.add_row(str(digit), *cells)
    _print_right_aligned(table)
    for pair in result.most_confused():
        print_line(f"{pair.true} predicted as {pair.predicted}: {format_count(pair.count, 'time')}")


def _print_right_aligned(table: Table) -> None:
    for column in table.columns:
        column.justify = "right"
    print_table(table)


def _print_pairs(pairs: list[tuple[str, str]]) -> None:
    """Print names and values in two columns; a row without a name continues the previous one."""
    width = max(len(name) for name, _ in pairs) + 2
    for name, value in pairs:
        print_line(f"{name:<{width}}{value}")


def _mean(result: "Evaluation") -> str:
    mean, deviation = result.member_accuracy
    return f"mean {percent(mean)}, standard deviation {percent(deviation)}"


def _score(result: "Evaluation") -> str:
    return f"{percent(result.accuracy)} accuracy, loss {result.loss:.4f}"
