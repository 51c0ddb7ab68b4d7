"""All that is ever printed: results to stdout; progress, notes and errors to stderr.

Strings from outside are printed as they are: nothing in them is markup, and what would break a line
is quoted.
"""

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from mnistcli.cli.streams import (
    out,
    percent,
    print_json,
    print_line,
    print_note,
    shown,
)

if TYPE_CHECKING:  # these modules load scikit-learn and Keras, which help and errors do without
    from mnistcli.evaluation import Evaluation
    from mnistcli.training import EnsembleResult, TrainResult


def print_training(result: "TrainResult | EnsembleResult", *, as_json: bool = False) -> None:
    """Print what a training came to."""
    figures = result.as_dict()
    if as_json:
        print_json(figures)
        return
    rows = {"run": shown(figures["run"])}
    if "best_epoch" in figures:
        rows["best epoch"] = f"{figures['best_epoch']} of {figures['epochs']}"
    if figures.get("val_loss") is not None:
        rows["validation"] = _score(figures["val_accuracy"], figures["val_loss"])
    if result.test.members:
        rows["members"] = _members(result.test)
    rows |= {
        "test": f"{_score(result.test.accuracy, result.test.loss)}, {result.test.samples:,} images",
        "trained": f"{figures['parameters']:,} parameters in {result.seconds:.1f} s",
    }
    _print_pairs(rows)


def print_evaluation(
    result: "Evaluation",
    model: str,
    dataset: str,
    *,
    report: bool = False,
    as_json: bool = False,
) -> None:
    """Print how well a model reads a data set.

    Args:
        result: The figures.
        model: The model's name.
        dataset: The data set's name.
        report: Whether to print the scores of each digit and the confusion matrix too.
        as_json: Print one JSON object instead.
    """
    if as_json:
        print_note(f"model: {shown(model)}")
        print_json({"model": model, "dataset": dataset} | result.as_dict())
        return
    rows = {"model": shown(model), "data": f"{shown(dataset)}, {result.samples:,} images"}
    if result.members:
        rows["members"] = _members(result)
    rows |= {
        "accuracy": percent(result.accuracy),
        "loss": f"{result.loss:.4f}",
        "calibration": f"{percent(result.calibration_error)} expected error of the confidence",
    }
    _print_pairs(rows)
    if report:
        _print_report(result)


def _print_report(result: "Evaluation") -> None:
    scores = Table("digit", "precision", "recall", "f1", "support", box=box.SIMPLE_HEAD)
    rows: list[tuple[str, float, float, float, int]] = [
        (str(row.digit), row.precision, row.recall, row.f1, row.support) for row in result.per_class
    ]
    macro = (result.macro_precision, result.macro_recall, result.macro_f1)
    weighted = (result.weighted_precision, result.weighted_recall, result.weighted_f1)
    rows += [("macro", *macro, result.samples), ("weighted", *weighted, result.samples)]
    for index, (name, precision, recall, f1, support) in enumerate(rows):
        scores.add_row(
            name,
            f"{precision:.4f}",
            f"{recall:.4f}",
            f"{f1:.4f}",
            f"{support:,}",
            end_section=index == 9,
        )
    _align_right(scores)
    out.print(scores)

    matrix = Table("true \\ read", *map(str, range(10)), box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for digit, counts in enumerate(result.confusion_matrix.tolist()):
        cells = [
            Text(str(count or "."), "bold" if column == digit else "red" if count else "dim")
            for column, count in enumerate(counts)
        ]
        matrix.add_row(str(digit), *cells)
    _align_right(matrix)
    out.print(matrix)

    for pair in result.most_confused():
        times = "time" if pair.count == 1 else "times"
        print_line(f"{pair.true} read as {pair.predicted}: {pair.count} {times}")


def _align_right(table: Table) -> None:
    for column in table.columns:
        column.justify = "right"


def _print_pairs(pairs: dict[str, str]) -> None:
    width = max(map(len, pairs)) + 2
    for name, value in pairs.items():
        print_line(f"{name:<{width}}{value}")


def _members(result: "Evaluation") -> str:
    """Return what the members of an ensemble reach: every one, none is chosen."""
    mean, deviation = result.member_accuracy
    each = "  ".join(percent(member.accuracy) for member in result.members)
    return f"mean {percent(mean)}, sd {percent(deviation)}: {each}"


def _score(accuracy: float, loss: float) -> str:
    return f"{percent(accuracy)} accuracy, loss {loss:.4f}"
