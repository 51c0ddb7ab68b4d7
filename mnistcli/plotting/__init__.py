"""Pictures of a training, of its model and of what the model reads.

Every ``plot_*`` returns a `matplotlib.figure.Figure` and leaves pyplot and matplotlib's settings
alone; `save_figure` writes one as PNG.
"""

from mnistcli.plotting.confusion import plot_confusion
from mnistcli.plotting.digit_grid import plot_mistakes, plot_samples
from mnistcli.plotting.explanation import plot_explanations
from mnistcli.plotting.filters import plot_filters
from mnistcli.plotting.history import plot_history
from mnistcli.plotting.predictions import plot_predictions
from mnistcli.plotting.style import save_figure

__all__ = [
    "plot_confusion",
    "plot_explanations",
    "plot_filters",
    "plot_history",
    "plot_mistakes",
    "plot_predictions",
    "plot_samples",
    "save_figure",
]
