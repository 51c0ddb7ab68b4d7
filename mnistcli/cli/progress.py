"""Progress: spinners and progress bars on stderr, drawn only where stderr is a terminal."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

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
from rich.text import Text

from mnistcli.cli.streams import err, out, percent, print_note, shown
from mnistcli.config import TrainConfig
from mnistcli.runs import EpochRow, Run

if TYPE_CHECKING:
    from mnistcli.predictions import Prediction


def working(what: str) -> AbstractContextManager[Any]:
    """Show a spinner while something takes its time; nothing where stderr is no terminal."""
    # Not redirected: `device.start_quietly` moves stderr aside under the spinner.
    return Live(
        Spinner("dots", f"{what} ..."),
        console=err,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


class _SpeedColumn(ProgressColumn):
    """Images per second; empty until the first image is done, when there is no speed yet."""

    def render(self, task: Task) -> Text:
        """Return the speed of a task."""
        return Text("" if task.speed is None else f"{task.speed:,.0f} images/s")


@contextmanager
def image_progress(readings: Iterable["Prediction"]) -> Iterator[Iterable["Prediction"]]:
    """Show how many pictures are read, where the readings themselves do not show it."""
    progress = Progress(
        TextColumn("{task.completed:,.0f} pictures", markup=False),
        TimeElapsedColumn(),
        _SpeedColumn(),
        console=err,
        transient=True,
        redirect_stdout=False,
        disable=out.is_terminal or not err.is_terminal,
    )
    with progress:
        yield progress.track(readings)


class DownloadProgress:
    """Shows downloads: a bar on a terminal, one line a file elsewhere."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._task = TaskID(0)

    def begin(self, name: str, total: int | None) -> None:
        """A file of so many bytes starts to come; None: nobody said how many."""
        if not err.is_terminal:
            print_note(f"downloading {name}")
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=err,
            transient=True,
            disable=not err.is_terminal,
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
            console=err,
            transient=True,
            expand=True,
            disable=not err.is_terminal,
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
            print_note(f"the best model so far is in {shown(self._run.path)}")

    def on_train_begin(self, config: TrainConfig, steps: int, *, member: int, members: int) -> None:
        """Say what is trained and where it goes."""
        self._epochs, self._steps = config.epochs, steps
        print_note(
            f"training {shown(config.start or config.arch)} on {shown(config.dataset)} with "
            f"{config.optimizer}, seed {config.seed}, {steps} steps an epoch, "
            f"in {shown(self._run.path)}"
            + (f" (model {member} of {members})" if members > 1 else "")
        )
        self._epoch = 1
        self._progress.update(
            self._task,
            total=config.epochs * steps,
            completed=0,
            epoch=f"1/{config.epochs}",
            batch=f"0/{steps}",
        )

    def on_train_batch_end(self, step: int, loss: float, accuracy: float) -> None:
        """Move the bar."""
        self._progress.update(
            self._task,
            completed=(self._epoch - 1) * self._steps + step,
            epoch=f"{self._epoch}/{self._epochs}",
            batch=f"{step}/{self._steps}",
            figures=f"loss {loss:.4f}  accuracy {percent(accuracy)}",
        )

    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:
        """Print the epoch's line."""
        self._epoch = row.epoch + 1
        number = f"{row.epoch:>{len(str(self._epochs))}}/{self._epochs}"
        parts = [f"epoch {number}", f"train {percent(row.accuracy)} (loss {row.loss:.4f})"]
        if row.val_loss == row.val_loss:  # not NaN: something was held out
            parts.append(f"val {percent(row.val_accuracy)} (loss {row.val_loss:.4f})")
        parts.append(f"{row.seconds:.1f} s")
        err.print("  ".join(parts) + ("  kept" if kept else ""), soft_wrap=True)
