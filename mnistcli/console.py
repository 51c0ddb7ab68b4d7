"""All that is ever printed: results to stdout; progress, notes and errors to stderr.

Strings from outside are printed as they are: nothing in them is markup, and what would break a line
is quoted.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich import box
from rich.console import Console
from rich.live import Live
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from mnistcli.config import TrainConfig
from mnistcli.runs import EpochRow, Run

if TYPE_CHECKING:  # these modules load scikit-learn and Keras, which help and errors do without
    from mnistcli.ensembles import EnsembleResult
    from mnistcli.evaluation import Evaluation
    from mnistcli.reading import Reading
    from mnistcli.training import TrainResult

_out = Console(markup=False, highlight=False, emoji=False)
_err = Console(stderr=True, markup=False, highlight=False, emoji=False)


def print_line(text: str) -> None:
    """Print a line of a result, however long it is."""
    # Past rich, which takes longer to lay a line out than it takes to read a digit.
    _out.file.write(f"{text}\n")


def print_note(text: str) -> None:
    """Print a line about what is going on."""
    _err.print(text, soft_wrap=True, style="dim")


def print_error(message: str, hint: str | None = None) -> None:
    """Print what was wrong on one line, and on another what to type instead."""
    _err.print(Text.assemble(("error: ", "bold red"), " ".join(message.split())), soft_wrap=True)
    if hint is not None:
        _err.print(Text.assemble(("hint: ", "bold"), hint), soft_wrap=True)


def working(what: str) -> AbstractContextManager[Any]:
    """Show a spinner while something takes its time; nothing where stderr is no terminal."""
    # Not redirected: `device.start_quietly` moves stderr aside under the spinner.
    return Live(
        Spinner("dots", f"{what} ..."),
        console=_err,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def print_training(result: "TrainResult | EnsembleResult", *, as_json: bool = False) -> None:
    """Print what a training came to."""
    figures = result.as_dict()
    if as_json:
        _print_json(figures)
        return
    rows = {"run": _shown(figures["run"])}
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
        print_note(f"model: {_shown(model)}")
        _print_json({"model": model, "dataset": dataset} | result.as_dict())
        return
    rows = {"model": _shown(model), "data": f"{_shown(dataset)}, {result.samples:,} images"}
    if result.members:
        rows["members"] = _members(result)
    rows |= {
        "accuracy": _percent(result.accuracy),
        "loss": f"{result.loss:.4f}",
        "calibration": f"{_percent(result.calibration_error)} expected error of the confidence",
    }
    _print_pairs(rows)
    if report:
        _print_report(result)


def print_readings(
    readings: Iterable["Reading"], model: str, *, top: int, as_json: bool = False, keep: int = 0
) -> tuple[list["Reading"], bool]:
    """Print readings as they come.

    Args:
        readings: One a picture.
        model: The model's name.
        top: How many digits to name for each picture.
        as_json: Print JSON Lines instead of a table.
        keep: How many readings to return.

    Returns:
        The first readings, and whether any picture could not be read.
    """
    print_note(f"model: {_shown(model)}")
    kept: list[Reading] = []
    failed = False
    if not as_json:
        print_line(f"{'digits':<8}{'confidence':<12}{_also_header(top)}picture")
    with _counted(readings) as counted:
        for reading in counted:
            if as_json:
                _print_json(reading.as_dict(), indent=None)
            elif reading.error is None:
                print_line(_reading_line(reading, top))
            if reading.error is not None:
                print_error(reading.error.message, reading.error.hint)
                failed = True
            if len(kept) < keep:
                kept.append(reading)
    return kept, failed


class _SpeedColumn(ProgressColumn):
    """Images per second; empty until the first image is done, when there is no speed yet."""

    def render(self, task: Task) -> Text:
        """Return the speed of a task."""
        return Text("" if task.speed is None else f"{task.speed:,.0f} images/s")


@contextmanager
def _counted(readings: Iterable["Reading"]) -> Iterator[Iterable["Reading"]]:
    """Show how many pictures are read, where the readings themselves do not show it."""
    progress = Progress(
        TextColumn("{task.completed:,.0f} pictures", markup=False),
        TimeElapsedColumn(),
        _SpeedColumn(),
        console=_err,
        transient=True,
        redirect_stdout=False,
        disable=_out.is_terminal or not _err.is_terminal,
    )
    with progress:
        yield progress.track(readings)


def print_saved(*paths: Path, as_json: bool = False) -> None:
    """Print where pictures went: to stderr where stdout is JSON."""
    for path in paths:
        if as_json:
            print_note(f"picture: {_shown(path)}")
        else:
            print_line(_shown(path))


def print_picture(path: Path, *, as_json: bool = False) -> None:
    """Print where the picture of a report went."""
    if as_json:
        print_saved(path, as_json=True)
    else:
        print_line(f"\npicture  {_shown(path)}")


class DownloadProgress:
    """Shows downloads: a bar on a terminal, one line a file elsewhere."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._task = TaskID(0)

    def begin(self, name: str, total: int | None) -> None:
        """A file of so many bytes starts to come; None: nobody said how many."""
        if not _err.is_terminal:
            print_note(f"downloading {name}")
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=_err,
            transient=True,
            disable=not _err.is_terminal,
        )
        self._progress.start()
        self._task = self._progress.add_task(f"downloading {name}", total=total)

    def advance(self, count: int) -> None:
        """So many more bytes are here."""
        if self._progress is not None:
            self._progress.advance(self._task, count)

    def end(self) -> None:
        """The file is here, or will not come."""
        if self._progress is not None:
            self._progress.stop()


class TrainingProgress:
    """Shows a training: a bar on a terminal, and one line an epoch everywhere."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._epochs = 0
        self._steps = 0
        self._epoch = 0
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}  batch {task.fields[batch]}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[figures]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=_err,
            transient=True,
            expand=True,
            disable=not _err.is_terminal,
        )
        self._task = self._progress.add_task("", total=None, epoch="", batch="", figures="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()
        if kind is KeyboardInterrupt and self._run.model_files:
            print_note(f"the best model so far is in {_shown(self._run.path)}")

    def training_begins(self, config: TrainConfig, steps: int) -> None:
        """Say what is trained and where it goes."""
        self._epochs, self._steps = config.epochs, steps
        print_note(
            f"training {_shown(config.start or config.arch)} on {_shown(config.dataset)} with "
            f"{config.optimizer}, seed {config.seed}, {steps} steps an epoch, "
            f"in {_shown(self._run.path)}"
        )
        self._epoch = 1
        self._progress.update(
            self._task,
            total=config.epochs * steps,
            completed=0,
            epoch=f"1/{config.epochs}",
            batch=f"0/{steps}",
        )

    def step_ends(self, step: int, loss: float, accuracy: float) -> None:
        """Move the bar."""
        self._progress.update(
            self._task,
            completed=(self._epoch - 1) * self._steps + step,
            epoch=f"{self._epoch}/{self._epochs}",
            batch=f"{step}/{self._steps}",
            figures=f"loss {loss:.4f}  accuracy {_percent(accuracy)}",
        )

    def epoch_ends(self, row: EpochRow, *, best: bool) -> None:
        """Print the epoch's line."""
        self._epoch = row.epoch + 1
        number = f"{row.epoch:>{len(str(self._epochs))}}/{self._epochs}"
        parts = [f"epoch {number}", f"train {_percent(row.accuracy)} (loss {row.loss:.4f})"]
        if row.val_loss == row.val_loss:  # not NaN: something was held out
            parts.append(f"val {_percent(row.val_accuracy)} (loss {row.val_loss:.4f})")
        parts.append(f"{row.seconds:.1f} s")
        _err.print("  ".join(parts) + (" best" if best else ""), soft_wrap=True)


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
    _out.print(scores)

    matrix = Table("true \\ read", *map(str, range(10)), box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for digit, counts in enumerate(result.confusion_matrix.tolist()):
        cells = [
            Text(str(count or "."), "bold" if column == digit else "red" if count else "dim")
            for column, count in enumerate(counts)
        ]
        matrix.add_row(str(digit), *cells)
    _align_right(matrix)
    _out.print(matrix)

    for pair in result.most_confused():
        times = "time" if pair.count == 1 else "times"
        print_line(f"{pair.true} read as {pair.predicted}: {pair.count} {times}")


def _align_right(table: Table) -> None:
    for column in table.columns:
        column.justify = "right"


def _reading_line(reading: "Reading", top: int) -> str:
    width = len(_also_header(top))
    if reading.reason:
        return f"{'-':<8}{'':<12}{reading.reason + '  ':<{width}}{_shown(reading.path)}"
    also = ""
    if len(reading.digits) == 1:
        others = reading.digits[0].ranked(top)[1:]
        also = "  ".join(f"{other} {_percent(share)}" for other, share in others)
    answer = f"{reading.text:<7} {_percent(reading.confidence):<12}"
    return f"{answer}{also:<{width}}{_shown(reading.path)}"


def _also_header(top: int) -> str:
    """Return the heading over the other digits, as wide as they are."""
    return "" if top == 1 else f"{'also':<{12 * (top - 1)}}"


def _print_pairs(pairs: dict[str, str]) -> None:
    width = max(map(len, pairs)) + 2
    for name, value in pairs.items():
        print_line(f"{name:<{width}}{value}")


def _print_json(content: dict[str, Any], indent: int | None = 2) -> None:
    print_line(json.dumps(content, indent=indent, ensure_ascii=False))


def _members(result: "Evaluation") -> str:
    """Return what the members of an ensemble reach: every one, none is chosen."""
    mean, deviation = result.member_accuracy
    each = "  ".join(_percent(member.accuracy) for member in result.members)
    return f"mean {_percent(mean)}, sd {_percent(deviation)}: {each}"


def _score(accuracy: float, loss: float) -> str:
    return f"{_percent(accuracy)} accuracy, loss {loss:.4f}"


def _percent(share: float) -> str:
    return f"{share * 100:.2f} %"


def _shown(name: str | Path) -> str:
    """Return a name as it is, or quoted where it holds what would break a line."""
    text = str(name)
    return text if text.isprintable() else repr(text)
