"""Progress bars on stderr for downloads and loops, drawn only on a terminal."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from mnistcli.cli.streams import err, is_animated, out, print_note
from mnistcli.system import signals

if TYPE_CHECKING:  # help and errors do without these modules
    from mnistcli.prediction.results import Prediction


# The whole bar then fits 80 columns.
_BAR_WIDTH = 16


class _SpeedColumn(ProgressColumn):
    """Throughput in images per second; empty before the first image, when there is none yet."""

    def render(self, task: Task) -> Text:
        """Return the speed of a task."""
        return Text("" if task.speed is None else f"{task.speed:,.0f} images/s")


class _TimeLeftColumn(ProgressColumn):
    """Percentage and time remaining (ETA); empty before the number of images is known."""

    def render(self, task: Task) -> Text:
        """Return the percentage and the time left of a task."""
        if task.total is None or task.time_remaining is None:
            return Text("")
        left = timedelta(seconds=int(task.time_remaining))
        return Text(f"{task.percentage:.0f} %, {left} left")


class CountBar:
    """Progress bar of an activity whose steps are counted, with the time left.

    Args:
        activity: The text before the bar, such as ``Evaluating``.
        noun: The plural noun of the steps, such as ``images``.
        total: Number of steps; None if it is not known yet.
    """

    def __init__(self, activity: str, noun: str, total: int | None = None) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=_BAR_WIDTH),
            _CountColumn(noun),
            _TimeLeftColumn(),
            console=err,
            transient=True,
            # Not redirected: `hold_back_stderr` redirects stderr during the animation.
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not is_animated(),
        )
        self._task = self._progress.add_task(activity, total=total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def advance(self, count: int) -> None:
        """Count steps that are done."""
        signals.raise_again()
        self._progress.advance(self._task, count)

    def show(self, activity: str, done: int, total: int) -> None:
        """Show the current activity and the number of steps that are done."""
        self._progress.update(self._task, description=activity, completed=done, total=total)


class _CountColumn(ProgressColumn):
    """Steps done and their number; empty before the number is known."""

    def __init__(self, noun: str) -> None:
        super().__init__()
        self._noun = noun

    def render(self, task: Task) -> Text:
        """Return the number of steps of a task that are done."""
        if task.total is None:
            return Text("")
        return Text(f"{task.completed:,.0f}/{task.total:,.0f} {self._noun}")


@contextmanager
def image_progress(
    predictions: Iterable["Prediction"], count: Callable[[], int] | None = None
) -> Iterator[Iterable["Prediction"]]:
    """Show the number of predicted images and the speed, unless results go to the terminal.

    Args:
        predictions: The results, one per image.
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
