"""Figures of `predict`: the predictions on the images, and the explanation of the digits."""

from pathlib import Path
from typing import TYPE_CHECKING

from mnistcli.cli.escaping import quote_name
from mnistcli.cli.prediction.prediction_table import PrintedPredictions
from mnistcli.cli.spinner import show_spinner
from mnistcli.cli.streams import print_note
from mnistcli.plotting.limits import MAX_EXPLAINED

if TYPE_CHECKING:  # loads NumPy, which help and errors do without
    from mnistcli.inference.digit_classifier import DigitClassifier

MAX_DRAWN = 100  # images in an overview figure; more are hard to look at


def save_predictions(printed: PrintedPredictions, model_name: str, path: Path) -> None:
    """Draw the predictions on the images, and save the figure."""
    from mnistcli.plotting.quiet_import import import_matplotlib

    import_matplotlib()
    from mnistcli.plotting.predictions import plot_predictions
    from mnistcli.plotting.style import save_figure

    with show_spinner("Drawing"):
        save_figure(plot_predictions(printed.kept, model_name=model_name), path)
    if printed.images > MAX_DRAWN:
        print_note(f"the first {MAX_DRAWN} of {printed.images:,} images are drawn")
    print_note(f"figure: {quote_name(path)}")


def save_explanations(
    printed: PrintedPredictions, classifier: "DigitClassifier", model_name: str, path: Path
) -> None:
    """Draw a figure that explains the digits, and save it."""
    from mnistcli.plotting.quiet_import import import_matplotlib
    from mnistcli.prediction import explanation

    import_matplotlib()
    from mnistcli.plotting.explanation import plot_explanations
    from mnistcli.plotting.style import save_figure

    with show_spinner("Drawing"):
        explanations = explanation.explain(classifier, printed.kept)
        save_figure(plot_explanations(explanations, model_name=model_name), path)
    if printed.digits > MAX_EXPLAINED:
        print_note(f"the first {MAX_EXPLAINED} of {printed.digits:,} digits are explained")
    print_note(f"figure: {quote_name(path)}")
