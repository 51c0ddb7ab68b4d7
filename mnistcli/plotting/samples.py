"""Plot of random samples: a gallery of digits with predictions and labels (ground truth)."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistcli.datasets import Dataset
from mnistcli.formatting import format_count
from mnistcli.plotting.digit_grid import draw_digit_grid
from mnistcli.plotting.limits import MAX_SAMPLES
from mnistcli.plotting.style import Footer


def plot_samples(
    dataset: Dataset,
    probabilities: NDArray[np.float32],
    indices: NDArray[np.intp],
    *,
    model_name: str,
    dataset_name: str,
) -> Figure:
    """Plot some digits of a dataset with their predictions and labels; mistakes are outlined.

    Args:
        dataset: The dataset, n images.
        probabilities: The probabilities that the model predicts, float32 (n, 10).
        indices: Indices of the digits to draw, in order; the first `MAX_SAMPLES` are drawn.
        model_name: Name of the model.
        dataset_name: Name of the dataset.

    Raises:
        DataError: There are no digits.
    """
    shown = indices[:MAX_SAMPLES]
    correct = int((probabilities.argmax(axis=1) == dataset.labels)[shown].sum())
    title = f"{correct} of {format_count(len(shown), 'random digit')} predicted correctly"
    images = f"{len(shown)} of {format_count(len(dataset), 'image')}"
    footer = Footer(model_name, images, dataset_name)
    return draw_digit_grid(dataset, probabilities, shown, title, footer, outline_mistakes=True)
