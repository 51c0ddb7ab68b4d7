"""Progress of training on stderr: table, curves and bar on a terminal, else one line per epoch."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import RenderableType
from rich.live import Live
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from mnistcli.cli.streams import err, is_animated, print_note, print_progress_line
from mnistcli.cli.training.epoch_table import EpochTable
from mnistcli.cli.training.sparklines import render_curves
from mnistcli.errors import RunError
from mnistcli.formatting import format_count, percent
from mnistcli.runs.history import EpochRow, is_better
from mnistcli.system import signals

if TYPE_CHECKING:  # help and errors do without these modules
    from mnistcli.config import TrainConfig
    from mnistcli.runs.run import Run

# The whole bar then fits 72 columns, so that a slightly smaller terminal does not wrap it.
_BAR_WIDTH = 12


class EpochBar:
    """Training callback that shows a progress bar over the epochs of a model on a terminal."""

    def __init__(self) -> None:
        self.label = ""
        """The text before the number of the epoch."""
        self.has_begun = False
        """Whether the training of a model has begun."""
        self._epochs = 0
        self._steps = 0
        self._epoch = 0
        self._rows: list[EpochRow] = []
        self._progress = _CurvesAndBar(
            self._rows,
            _text_column("{task.description}"),
            BarColumn(bar_width=_BAR_WIDTH),
            _text_column("{task.fields[metrics]}"),
            TimeRemainingColumn(compact=True),
            console=err,
            transient=True,
            redirect_stdout=False,
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
        failed_to_write = kind is RunError and self.has_begun
        if kind in {KeyboardInterrupt, SystemExit} or failed_to_write:
            self.print_resume_command()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Hide the bar and the curves while something is printed."""
        self._progress.stop()
        yield
        self._progress.restart()

    def show_count(self, done: int, total: int, noun: str) -> None:
        """Show how many models are trained, for training in other processes."""
        self.has_begun = True
        self._progress.update(
            self._task, completed=done, total=total, description=f"{done} of {total} {noun} trained"
        )

    def print_resume_command(self) -> None:
        """Print the command that continues a stopped run."""

    def on_train_begin(
        self,
        config: "TrainConfig",
        steps: int,
        *,
        member: int,  # noqa: ARG002 - for subclasses
        members: int,  # noqa: ARG002 - for subclasses
        first_epoch: int,
    ) -> None:
        """Show an empty bar."""
        signals.raise_again()
        self.has_begun = True
        self._epochs, self._steps, self._epoch = config.epochs, steps, first_epoch
        self._rows.clear()
        # The earlier epochs of a resumed run do not count toward the time left.
        done = (first_epoch - 1) * steps
        self._progress.reset(self._task, total=config.epochs * steps, completed=done)
        self._show(0, "")

    def on_train_batch_end(self, step: int, loss: float, accuracy: float) -> None:
        """Advance the bar."""
        signals.raise_again()
        self._show(step, f"loss {loss:.4f}  accuracy {percent(accuracy)}")

    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:  # noqa: ARG002 - for subclasses
        """Count the epoch and extend the curves."""
        self._rows.append(row)
        self._epoch = row.epoch + 1
        if row.epoch == self._epochs:
            self._progress.update(self._task, description=f"{self.label}evaluating", metrics="")

    def _show(self, step: int, metrics: str) -> None:
        self._progress.update(
            self._task,
            completed=(self._epoch - 1) * self._steps + step,
            description=(
                f"{self.label}epoch {self._epoch}/{self._epochs}  batch {step}/{self._steps}"
            ),
            metrics=metrics,
        )


class _CurvesAndBar(Progress):
    """Progress bar below the curves of the loss and the validation accuracy.

    Args:
        rows: The epochs so far, a list that grows.
        columns: The columns of the bar.
        options: Options of `rich.progress.Progress`.
    """

    def __init__(self, rows: Sequence[EpochRow], *columns: ProgressColumn, **options: Any) -> None:
        self._rows = rows
        super().__init__(*columns, **options)

    def restart(self) -> None:
        """Show the bar again, below what was printed since it was stopped.

        The old display of rich would erase as many lines above it as it had.
        """
        self.live = Live(
            console=self.console,
            refresh_per_second=10,
            transient=True,
            redirect_stdout=False,
            get_renderable=self.get_renderable,
        )
        self.start()

    def get_renderables(self) -> Iterator[RenderableType]:
        """Yield the curves and the bar."""
        for line in _render_curves(self._rows):
            yield Text(line, style="dim", no_wrap=True, overflow="crop")
        yield from super().get_renderables()


class TrainingProgress(EpochBar):
    """Training callback that shows an epoch table on a terminal, and prints lines elsewhere.

    The rows of the table stay in the scrollback of the terminal, and so do the curves when a model
    is trained.

    Args:
        run: The run directory.
        resume_command: The command that continues the run if it is stopped.
    """

    def __init__(self, run: "Run", resume_command: str) -> None:
        super().__init__()
        self._run = run
        self._resume_command = resume_command
        self._table: EpochTable | None = None

    def print_resume_command(self) -> None:
        """Print what is saved, and the command that continues."""
        if self._run.model_files:
            print_note(f"the kept model so far is in {self._run.path}")
        if self._run.is_resumable:
            print_note(f"continue with: {self._resume_command}")

    def on_train_begin(
        self, config: "TrainConfig", steps: int, *, member: int, members: int, first_epoch: int
    ) -> None:
        """Print the model, dataset, optimizer, seed and run directory."""
        model = (
            f"fine-tuning {config.base_model}" if config.base_model else f"training {config.arch}"
        )
        number = f"model {member} of {members}: " if members > 1 else ""
        print_note(
            f"{number}{model} on {config.dataset} ({config.optimizer}, seed {config.seed}, "
            f"{format_count(steps, 'step')} per epoch); saving to {self._run.path}"
        )
        if first_epoch > 1:
            print_note(f"resumed after epoch {first_epoch - 1} of {config.epochs}")
        self.label = f"model {member}/{members}  " if members > 1 else ""
        self._print_curves()  # of the previous member
        super().on_train_begin(
            config, steps, member=member, members=members, first_epoch=first_epoch
        )
        self._table = None
        if first_epoch > 1 and is_animated():
            run = self._run.member(member) if members > 1 else self._run
            with self.hidden():
                self._repeat_rows(run.read_epochs(), keeps_last=config.keeps_last)

    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:
        """Print the metrics of the epoch."""
        if not is_animated():
            super().on_epoch_end(row, kept=kept)
            self._print_line(row, kept=kept)
            return
        # Rich would leave behind lines of curves that grow while a row is printed above them.
        with self.hidden():
            super().on_epoch_end(row, kept=kept)
            self._print_row(row, kept=kept)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._print_curves()
        super().__exit__(kind, error, traceback)

    def _repeat_rows(self, rows: Sequence[EpochRow], *, keeps_last: bool) -> None:
        """Print the earlier epochs of a resumed run."""
        best = None
        for row in rows:
            kept = is_better(row, best, keeps_last=keeps_last)
            best = row if kept else best
            self._rows.append(row)
            self._print_row(row, kept=kept)

    def _print_row(self, row: EpochRow, *, kept: bool) -> None:
        if self._table is None:
            validated = not math.isnan(row.val_loss)
            self._table = EpochTable.fit(self._epochs, err.width, validated=validated)
            print_note(self._table.header)
        print_progress_line(self._table.row(row, kept=kept))

    def _print_curves(self) -> None:
        if is_animated():
            for line in _render_curves(self._rows):
                print_note(line)
        self._rows.clear()

    def _print_line(self, row: EpochRow, *, kept: bool) -> None:
        number = f"{row.epoch:>{len(str(self._epochs))}}/{self._epochs}"
        parts = [f"epoch {number}", f"train {percent(row.accuracy)} (loss {row.loss:.4f})"]
        if not math.isnan(row.val_loss):
            parts.append(f"val {percent(row.val_accuracy)} (loss {row.val_loss:.4f})")
        parts.append(f"{row.seconds:.1f} s")
        print_progress_line("  ".join(parts) + ("  kept" if kept else ""))


def _render_curves(rows: Sequence[EpochRow]) -> list[str]:
    return render_curves(rows, err.width - 1, ascii_only=err.options.ascii_only)


def _text_column(text: str) -> TextColumn:
    """Return a column of one line, which is cut in a narrow terminal instead of wrapped.

    Rich would move the cursor by the wrong number of lines after the terminal has been resized.
    """
    column = Column(no_wrap=True, overflow="ellipsis")
    return TextColumn(text, markup=False, table_column=column)
