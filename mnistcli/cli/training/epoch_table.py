"""Epoch table of a run on a terminal: its header and rows, for the width of the terminal."""

from dataclasses import dataclass

from mnistcli.formatting import percent
from mnistcli.runs.history import EpochRow

_GAP = "  "
_KEPT = "kept"
_VAL_ACCURACY = "val accuracy"
_LEARNING_RATE = "learning rate"
_WIDTHS = {
    "loss": 7,
    "accuracy": 8,
    "val loss": 8,
    _VAL_ACCURACY: 12,
    _LEARNING_RATE: 13,
    "time": 7,
    _KEPT: 4,
}
# A terminal that is too narrow for all columns shows the first of these.
_PRIORITY = (_VAL_ACCURACY, "loss", "accuracy", "val loss", _KEPT, "time", _LEARNING_RATE)


@dataclass(frozen=True)
class EpochTable:
    """The columns of an epoch table that fit a terminal.

    Attributes:
        epochs: Number of epochs.
        titles: The titles of the columns after the epoch.
    """

    epochs: int
    titles: tuple[str, ...]

    @classmethod
    def fit(cls, epochs: int, width: int, *, validated: bool) -> "EpochTable":
        """Choose the columns.

        Args:
            epochs: Number of epochs.
            width: Width of the terminal in characters.
            validated: Whether there are validation images.
        """
        left = width - max(len("epoch"), 2 * len(str(epochs)) + 1)
        chosen = []
        for title in _PRIORITY:
            needed = len(_GAP) + _WIDTHS[title]
            if (validated or not title.startswith("val ")) and needed <= left:
                chosen.append(title)
                left -= needed
        return cls(epochs, tuple(title for title in _WIDTHS if title in chosen))

    @property
    def header(self) -> str:
        """The titles of the columns."""
        return self._line("epoch", {title: title for title in self.titles})

    def row(self, row: EpochRow, *, kept: bool) -> str:
        """Format an epoch as a row of the table.

        Args:
            row: The epoch.
            kept: Whether the run keeps its model unless a later epoch replaces it.
        """
        cells = {
            "loss": f"{row.loss:.4f}",
            "accuracy": percent(row.accuracy),
            "val loss": f"{row.val_loss:.4f}",
            _VAL_ACCURACY: percent(row.val_accuracy),
            _LEARNING_RATE: f"{row.learning_rate:.3g}",
            "time": f"{row.seconds:.1f} s",
            _KEPT: _KEPT if kept else "",
        }
        return self._line(f"{row.epoch}/{self.epochs}", cells)

    def _line(self, epoch: str, cells: dict[str, str]) -> str:
        first = max(len("epoch"), 2 * len(str(self.epochs)) + 1)
        parts = [f"{epoch:>{first}}", *(f"{cells[t]:>{_WIDTHS[t]}}" for t in self.titles)]
        return _GAP.join(parts).rstrip()
