"""Predictions of forms (questionnaires): a table row per region, a CSV row or JSON per scan."""

import csv
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from mnistcli.cli.hints import quote_argument
from mnistcli.cli.prediction.output_format import OutputFormat
from mnistcli.cli.streams import out, print_json, print_note
from mnistcli.errors import ConfigError
from mnistcli.files.kinds import is_data_name

if TYPE_CHECKING:  # loads NumPy and Pillow; help and usage errors must not
    from mnistcli.prediction.form_regions import FormRegion
    from mnistcli.prediction.forms import FormPrediction
    from mnistcli.prediction.image_listing import InputImage
    from mnistcli.prediction.results import Prediction


def load_regions(path: Path, images: Iterable[str]) -> "tuple[FormRegion, ...]":
    """Read the regions of a form.

    Args:
        path: The CSV file.
        images: The names of the scans.

    Raises:
        ConfigError: One of the scans is a data file, whose rows have no regions.
        DataError: The file is missing or damaged.
    """
    from mnistcli.prediction.form_regions import read_regions

    for name in images:
        if is_data_name(Path(name).name):
            raise ConfigError(
                f"--regions requires scans, not the data file {name!r}",
                hint=f"mnistcli predict {quote_argument(name)}",
            )
    return read_regions(path)


def predict_regions(
    predict: "Callable[[Iterable[InputImage]], Iterator[Prediction]]",
    scans: "Iterable[InputImage]",
    regions: Sequence["FormRegion"],
    model_name: str,
    output_format: OutputFormat,
) -> "tuple[Iterator[Prediction], FormPrinter | None]":
    """Predict the regions of scans, one after the other.

    Args:
        predict: Predicts images.
        scans: Scans of one form; the first one can be the empty form.
        regions: The boxes to predict, and their names.
        model_name: The name of the model.
        output_format: The format of the results.

    Returns:
        The predictions of the regions, and the printer of one record per scan; None for a
        table with a line per region.
    """
    from mnistcli.prediction.forms import predict_forms

    forms = predict_forms(predict, scans, regions, on_note=print_note)
    if output_format.as_csv or output_format.as_json:
        printer = FormPrinter(regions, model_name, as_csv=output_format.as_csv)
        return printer.collect(forms), printer
    return chain.from_iterable(form.predictions for form in forms), None


class FormPrinter:
    """Prints the predictions of a scan to stdout as soon as its last prediction arrives.

    Args:
        regions: The boxes to predict, and their names.
        model_name: The name of the model.
        as_csv: Whether to print CSV; else JSON Lines.
    """

    def __init__(self, regions: Sequence["FormRegion"], model_name: str, *, as_csv: bool) -> None:
        self._names = [region.name for region in regions]
        self._model = model_name
        self._as_csv = as_csv
        self._has_header = False
        self._waiting: deque[FormPrediction] = deque()

    def collect(self, forms: Iterable["FormPrediction"]) -> "Iterator[Prediction]":
        """Yield the predictions of the regions, and keep the scans until they are printed."""
        for form in forms:
            self._waiting.append(form)
            yield from form.predictions

    def print_row(self, prediction: "Prediction") -> None:
        """Print the scan of a prediction if this is its last region."""
        form = self._waiting[0]
        if prediction is not form.predictions[-1]:
            return
        self._waiting.popleft()
        if self._as_csv:
            self._print_csv(form)
        else:
            print_json(form.as_dict(self._model), indent=None)

    def _print_csv(self, form: "FormPrediction") -> None:
        table = csv.writer(out.file, lineterminator="\n")
        if not self._has_header:
            table.writerow(("path", *self._names))
            self._has_header = True
        texts = [prediction.text for prediction in form.regions.values()] or [""] * len(self._names)
        table.writerow((form.path, *texts))
