"""Predictions as CSV: one row per image, or a Kaggle submission for the rows of a data file."""

import csv
from typing import TYPE_CHECKING

from mnistcli.cli.streams import out

if TYPE_CHECKING:  # loads NumPy and Pillow; help and usage errors must not
    from mnistcli.prediction.results import Prediction

COLUMNS = ("path", "text", "confidence", "reason")
KAGGLE_COLUMNS = ("ImageId", "Label")


class CsvPrinter:
    """Prints predictions as CSV to stdout.

    Args:
        only_rows: Whether all images are rows of one data file. Each row then gets a label,
            regardless of its confidence.
        has_header: Whether the header has already been printed.
    """

    def __init__(self, *, only_rows: bool, has_header: bool = False) -> None:
        self._only_rows = only_rows
        self._has_header = has_header

    def print_row(self, prediction: "Prediction") -> None:
        """Print a prediction, and the header before the first one."""
        table = csv.writer(out.file, lineterminator="\n")
        if not self._has_header:
            table.writerow(KAGGLE_COLUMNS if self._only_rows else COLUMNS)
            self._has_header = True
        if self._only_rows and prediction.error is None:
            table.writerow((prediction.row, prediction.guess))
        elif not self._only_rows:
            error = prediction.error.message if prediction.error is not None else ""
            confidence = f"{prediction.text_confidence:.6f}"
            reason = error or prediction.reason
            table.writerow((prediction.path, prediction.text, confidence, reason))
