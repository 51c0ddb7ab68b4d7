"""Notebooks and interactive sessions: one line per training epoch, figures below the cell."""

import math
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from mnistcli.config import TrainConfig
from mnistcli.runs.history import EpochRow


class EpochPrinter:
    """Training callback that prints one line per epoch."""

    def __init__(self) -> None:
        self._epochs = 0
        self._prefix = ""

    def on_train_begin(
        self,
        config: TrainConfig,
        steps: int,  # noqa: ARG002 - the protocol has it
        *,
        member: int,
        members: int,
        first_epoch: int,  # noqa: ARG002 - the protocol has it
    ) -> None:
        """Remember the number of epochs and the member of the ensemble."""
        self._epochs = config.epochs
        self._prefix = f"model {member} of {members}, " if members > 1 else ""

    def on_train_batch_end(self, step: int, loss: float, accuracy: float) -> None:
        """Do nothing."""

    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:  # noqa: ARG002 - the protocol has it
        """Print the losses and accuracies of the epoch."""
        line = (
            f"{self._prefix}epoch {row.epoch} of {self._epochs}: "
            f"loss {row.loss:.4f}, accuracy {100 * row.accuracy:.2f} %"
        )
        if not math.isnan(row.val_loss):
            line += f"; validation loss {row.val_loss:.4f}, accuracy {100 * row.val_accuracy:.2f} %"
        sys.stdout.write(f"{line}\n")


def is_interactive() -> bool:
    """Return whether this is an interactive session; Python, IPython and notebooks set ``ps1``."""
    return hasattr(sys, "ps1")


def show_in_notebook(files: Sequence[Path]) -> None:
    """Display figures below the cell of a notebook; do nothing elsewhere.

    Args:
        files: PNG, SVG or PDF files; the last are not displayed.
    """
    ipython = sys.modules.get("IPython")
    if ipython is None or not hasattr(ipython.get_ipython(), "kernel"):
        return
    display = import_module("IPython.display")
    for file in files:
        if file.suffix == ".svg":
            display.display(display.SVG(filename=str(file)))
        elif file.suffix != ".pdf":
            display.display(display.Image(filename=str(file), retina=True))
