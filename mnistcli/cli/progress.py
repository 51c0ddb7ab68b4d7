"""Progress bars on stderr for training, downloads and predictions, drawn only on a terminal."""

import math
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

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
from rich.table import Column
from rich.text import Text

from mnistcli.cli.streams import (
    err,
    format_count,
    is_animated,
    out,
    percent,
    print_epoch,
    print_note,
)
from mnistcli.errors import RunError

if TYPE_CHECKING:  # help and errors do without these modules
    from mnistcli.config import TrainConfig
    from mnistcli.history import EpochRow
    from mnistcli.prediction_results import Prediction
    from mnistcli.runs import Run

# The whole bar then fits 72 columns, so that a slightly smaller terminal does not wrap it.
_BAR_WIDTH = 12


class _SpeedColumn(ProgressColumn):
    """Images per second; empty before the first image is done, when there is no speed yet."""

    def render(self, task: Task) -> Text:
        """Return the speed of a task."""
        return Text("" if task.speed is None else f"{task.speed:,.0f} images/s")


class _TimeLeftColumn(ProgressColumn):
    """Percentage and time left; empty before the number of images is known."""

    def render(self, task: Task) -> Text:
        """Return the percentage and the time left of a task."""
        if task.total is None or task.time_remaining is None:
            return Text("")
        left = timedelta(seconds=int(task.time_remaining))
        return Text(f"{task.percentage:.0f} %, {left} left")


@contextmanager
def image_progress(
    predictions: Iterable["Prediction"], count: Callable[[], int] | None = None
) -> Iterator[Iterable["Prediction"]]:
    """Show the number of predicted images and the speed, unless the results show on the terminal.

    Args:
        predictions: The predictions.
        count: Counts the images, in a thread: a folder on a network can take minutes to list. None
            if their number cannot be known.

    Yields:
        The predictions, which are counted as they are consumed.
    """
    progress = Progress(
        TextColumn("{task.completed:,.0f} images", markup=False),
        TimeElapsedColumn(),
        _SpeedColumn(),
        _TimeLeftColumn(),
        console=err,
        transient=True,
        redirect_stdout=False,
        disable=out.file.isatty() or not is_animated(),
    )
    task = progress.add_task("", total=None)

    def find_total() -> None:
        if count is not None:
            progress.update(task, total=count())

    with progress:
        if not progress.disable:
            threading.Thread(target=find_total, name="count", daemon=True).start()
        yield progress.track(predictions, task_id=task)


class DownloadProgress:
    """Progress bar of downloads on a terminal; elsewhere, one line per file.

    It has the methods of `mnistcli.datasets.ProgressBar`, which pooch calls.
    """

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._total = 0

    @property
    def total(self) -> int:
        """Size of the current file in bytes; 0 if it is unknown."""
        return self._total

    @total.setter
    def total(self, total: int) -> None:
        self._total = total
        if self._progress is not None:
            self._progress.reset(self._task, total=total or None)

    def set_description(self, text: str) -> None:
        """Print the name of a file, or show it beside a new bar."""
        if not is_animated():
            print_note(f"downloading {text}")
            return
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=err,
            transient=True,
        )
        self._task = self._progress.add_task(f"downloading {text}", total=None)
        self._progress.start()

    def update(self, count: int) -> None:
        """Advance the bar by a number of bytes."""
        if self._progress is not None:
            self._progress.advance(self._task, count)

    def reset(self) -> None:
        """Return the bar to 0 bytes."""
        if self._progress is not None:
            self._progress.update(self._task, completed=0)

    def close(self) -> None:
        """Remove the bar."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


class TrainingProgress:
    """Training callback that shows a progress bar on a terminal, and prints one line per epoch.

    Args:
        run: The run directory.
        resume_command: The command that continues the run if it is stopped.
    """

    def __init__(self, run: "Run", resume_command: str) -> None:
        self._run = run
        self._resume_command = resume_command
        self._begun = False
        self._member = ""
        self._epochs = 0
        self._steps = 0
        self._epoch = 0
        self._progress = Progress(
            _text_column("{task.description}"),
            BarColumn(bar_width=_BAR_WIDTH),
            _text_column("{task.fields[metrics]}"),
            TimeRemainingColumn(compact=True),
            console=err,
            transient=True,
            disable=not is_animated(),
        )
        self._task = self._progress.add_task("preparing", total=None, metrics="")

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
        failed_to_write = kind is RunError and self._begun
        if kind in {KeyboardInterrupt, SystemExit} or failed_to_write:
            self._explain_stop()

    def _explain_stop(self) -> None:
        """Print what is saved, and the command that continues."""
        if self._run.model_files:
            print_note(f"the best model so far is in {self._run.path}")
        if self._run.resumable:
            print_note(f"continue with: {self._resume_command}")

    def on_train_begin(
        self,
        config: "TrainConfig",
        steps: int,
        *,
        member: int,
        members: int,
        first_epoch: int,
    ) -> None:
        """Print the model, dataset, optimizer, seed and run directory."""
        self._begun = True
        self._epochs, self._steps, self._epoch = config.epochs, steps, first_epoch
        model = f"fine-tuning {config.start}" if config.start else f"training {config.arch}"
        number = f"model {member} of {members}: " if members > 1 else ""
        print_note(
            f"{number}{model} on {config.dataset} ({config.optimizer}, seed {config.seed}, "
            f"{format_count(steps, 'step')} per epoch); saving to {self._run.path}"
        )
        if first_epoch > 1:
            print_note(f"resumed after epoch {first_epoch - 1} of {config.epochs}")
        self._member = f"model {member}/{members}  " if members > 1 else ""
        self._progress.reset(self._task, total=config.epochs * steps)
        self._show(0, "")

    def on_train_batch_end(self, step: int, loss: float, accuracy: float) -> None:
        """Advance the progress bar."""
        self._show(step, f"loss {loss:.4f}  accuracy {percent(accuracy)}")

    def on_epoch_end(self, row: "EpochRow", *, kept: bool) -> None:
        """Print the metrics of the epoch."""
        self._epoch = row.epoch + 1
        number = f"{row.epoch:>{len(str(self._epochs))}}/{self._epochs}"
        parts = [f"epoch {number}", f"train {percent(row.accuracy)} (loss {row.loss:.4f})"]
        if not math.isnan(row.val_loss):
            parts.append(f"val {percent(row.val_accuracy)} (loss {row.val_loss:.4f})")
        parts.append(f"{row.seconds:.1f} s")
        print_epoch("  ".join(parts) + ("  kept" if kept else ""))

    def _show(self, step: int, metrics: str) -> None:
        self._progress.update(
            self._task,
            completed=(self._epoch - 1) * self._steps + step,
            description=(
                f"{self._member}epoch {self._epoch}/{self._epochs}  batch {step}/{self._steps}"
            ),
            metrics=metrics,
        )


def _text_column(text: str) -> TextColumn:
    """Return a column of one line, which is cut in a narrow terminal instead of wrapped.

    Rich would move the cursor by the wrong number of lines after the terminal has been resized.
    """
    column = Column(no_wrap=True, overflow="ellipsis")
    return TextColumn(text, markup=False, table_column=column)
