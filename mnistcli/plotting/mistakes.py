"""Plot of the mistakes: misclassified digits of a dataset, the most confident errors first."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistcli.datasets import Dataset
from mnistcli.formatting import format_count
from mnistcli.plotting.digit_grid import draw_digit_grid
from mnistcli.plotting.limits import MAX_SAMPLES
from mnistcli.plotting.style import Footer


def plot_mistakes(
    dataset: Dataset,
    probabilities: NDArray[np.float32],
    *,
    model_name: str,
    dataset_name: str,
    count: int = 24,
) -> Figure:
    """Plot the worst mistakes: the misclassified digits of a dataset, the most confident first.

    If there are none, the digits with the lowest confidence are drawn.

    Args:
        dataset: The dataset, n images.
        probabilities: The probabilities that the model predicts, float32 (n, 10).
        model_name: Name of the model.
        dataset_name: Name of the dataset.
        count: Maximum number of digits to draw; at most `MAX_SAMPLES`.

    Raises:
        DataError: There are no digits.
    """
    shown, title = find_worst(dataset, probabilities, min(count, MAX_SAMPLES))
    footer = Footer(model_name, format_count(len(dataset), "image"), dataset_name)
    return draw_digit_grid(dataset, probabilities, shown, title, footer, outline_mistakes=False)


def find_worst(
    dataset: Dataset, probabilities: NDArray[np.float32], count: int
) -> tuple[NDArray[np.intp], str]:
    """Find the misclassified digits, the most confident first; without any, the least confident.

    Args:
        dataset: The dataset, n images.
        probabilities: The probabilities that the model predicts, float32 (n, 10).
        count: Maximum number of digits.

    Returns:
        Their indices, and the title of their plot.
    """
    confidence = probabilities.max(axis=1)
    mistakes = np.flatnonzero(probabilities.argmax(axis=1) != dataset.labels)
    total = format_count(len(dataset), "digit")
    if not len(mistakes):
        worst = np.argsort(confidence, kind="stable")[:count]
        return worst, f"All {total} predicted correctly: the {len(worst)} least confident"
    # Where the softmax is saturated at 1.0, a lower probability of the true label is worse.
    of_label = probabilities[mistakes, dataset.labels[mistakes]]
    worst = mistakes[np.lexsort((of_label, -confidence[mistakes]))][:count]
    rest = f"the {len(worst)} most confident" if len(worst) < len(mistakes) else "all of them"
    return worst, f"{len(mistakes):,} of {total} misclassified: {rest}"
