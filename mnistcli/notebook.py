"""Jupyter notebooks and interactive sessions: progress of training, figures below the cell."""

import math
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from mnistcli.config import TrainConfig
from mnistcli.formatting import format_count, percent
from mnistcli.runs.history import EpochRow

# A notebook receives each update as a message, and draws it.
_MIN_SECONDS_BETWEEN_UPDATES = 0.3


class EpochPrinter:
    """Training callback that prints one line per epoch."""

    def __init__(self) -> None:
        self._epochs = 0
        self._prefix = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Do nothing."""

    def on_train_begin(
        self,
        config: TrainConfig,
        steps: int,  # noqa: ARG002 - in the protocol
        *,
        member: int,
        members: int,
        first_epoch: int,  # noqa: ARG002 - in the protocol
    ) -> None:
        """Remember the number of epochs and the member of the ensemble."""
        self._epochs = config.epochs
        self._prefix = f"model {member} of {members}, " if members > 1 else ""

    def on_train_batch_end(self, step: int, loss: float, accuracy: float) -> None:
        """Do nothing."""

    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:  # noqa: ARG002 - in the protocol
        """Print the losses and accuracies of the epoch."""
        line = (
            f"{self._prefix}epoch {row.epoch} of {self._epochs}: "
            f"loss {row.loss:.4f}, accuracy {percent(row.accuracy)}"
        )
        if not math.isnan(row.val_loss):
            line += f"; validation loss {row.val_loss:.4f}, accuracy {percent(row.val_accuracy)}"
        sys.stdout.write(f"{line}\n")


class EpochDisplay:
    """Training callback that shows a progress bar and an epoch table below the cell of a notebook.

    As a context manager, it removes the bar of an epoch that has not ended.

    Args:
        display: The module `IPython.display`.
    """

    def __init__(self, display: ModuleType) -> None:
        self._display = display
        self._handle: Any = None
        self._title = ""
        self._epochs = self._steps = self._done = 0
        self._rows: list[EpochRow] = []
        self._started = self._updated = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        """Leave the table of the epochs that have ended."""
        self._show_outcome("trained" if kind is None else "stopped")

    def on_train_begin(
        self, config: TrainConfig, steps: int, *, member: int, members: int, first_epoch: int
    ) -> None:
        """Show an empty bar, below the table of the previous member."""
        self._show_outcome("trained")
        self._handle = None
        self._title = f"model {member} of {members}, " if members > 1 else ""
        self._epochs, self._steps, self._done = config.epochs, steps, first_epoch - 1
        self._rows.clear()
        self._started = time.monotonic()
        self._show_step(0, "")

    def on_train_batch_end(self, step: int, loss: float, accuracy: float) -> None:
        """Advance the bar, a few times per second."""
        if time.monotonic() - self._updated >= _MIN_SECONDS_BETWEEN_UPDATES:
            self._show_step(step, f", loss {loss:.4f}, accuracy {percent(accuracy)}")

    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:  # noqa: ARG002 - in the protocol
        """Add a row to the table."""
        self._rows.append(row)
        if row.epoch < self._epochs:
            self._show_step(0, "")
        else:
            self._update("evaluating")

    def _show_outcome(self, outcome: str) -> None:
        if self._handle is not None:
            self._update(f"{outcome}: {self._last_epoch} of {format_count(self._epochs, 'epoch')}")

    @property
    def _last_epoch(self) -> int:
        """Number of the last epoch that has ended."""
        return self._rows[-1].epoch if self._rows else self._done

    def _show_step(self, step: int, metrics: str) -> None:
        finished = self._last_epoch
        computed = len(self._rows) * self._steps + step
        left = (self._epochs - self._done) * self._steps - computed
        seconds = (time.monotonic() - self._started) * left / computed if computed else math.nan
        text = f"epoch {finished + 1} of {self._epochs}, batch {step} of {self._steps}{metrics}"
        if computed:
            text += f", {int(seconds) // 60}:{int(seconds) % 60:02} left"
        self._update(text, (finished * self._steps + step) / (self._epochs * self._steps))

    def _update(self, text: str, fraction: float | None = None) -> None:
        """Show a line and the table, and the bar if a fraction, 0..1, is given."""
        self._updated = time.monotonic()
        bar = (
            ""
            if fraction is None
            else f'<progress max="1" value="{fraction:.4f}" style="width: 20em"></progress> '
        )
        line = f"<div>{bar}{self._title}{text}</div>"
        html = self._display.HTML(line + _epoch_table(self._rows))
        if self._handle is None:
            self._handle = self._display.display(html, display_id=True)
        else:
            self._handle.update(html)


def _epoch_table(rows: Sequence[EpochRow]) -> str:
    """Return an HTML table of epochs, in the colors of the notebook; empty without epochs."""
    if not rows:
        return ""
    titles = ("epoch", "loss", "accuracy", "val loss", "val accuracy", "learning rate", "time")
    table = [
        (
            str(row.epoch),
            f"{row.loss:.4f}",
            percent(row.accuracy),
            "" if math.isnan(row.val_loss) else f"{row.val_loss:.4f}",
            "" if math.isnan(row.val_accuracy) else percent(row.val_accuracy),
            f"{row.learning_rate:.2g}",
            f"{row.seconds:.1f} s",
        )
        for row in rows
    ]
    head = "".join(f"<th>{title}</th>" for title in titles)
    body = "".join(
        f"<tr>{''.join(f'<td>{value}</td>' for value in values)}</tr>" for values in table
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def epoch_progress() -> EpochDisplay | EpochPrinter:
    """Return a callback that shows HTML in a notebook, and prints lines elsewhere."""
    display = _notebook_display()
    return EpochPrinter() if display is None else EpochDisplay(display)


def is_interactive() -> bool:
    """Return whether this is an interactive session; Python, IPython and notebooks set ``ps1``."""
    return hasattr(sys, "ps1")


def show_in_notebook(files: Sequence[Path]) -> None:
    """Display figures below the cell of a notebook; do nothing elsewhere.

    Args:
        files: PNG, SVG or PDF files; PDF files are not displayed.
    """
    display = _notebook_display()
    if display is None:
        return
    for file in files:
        if file.suffix == ".svg":
            display.display(display.SVG(filename=str(file)))
        elif file.suffix != ".pdf":
            display.display(display.Image(filename=str(file), retina=True))


def _notebook_display() -> ModuleType | None:
    """Return the module `IPython.display` in a notebook, else None."""
    ipython = sys.modules.get("IPython")
    if ipython is None or not hasattr(ipython.get_ipython(), "kernel"):
        return None
    return import_module("IPython.display")
