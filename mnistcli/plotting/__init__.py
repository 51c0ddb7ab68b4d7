"""Pictures of a training, of its model and of what the model reads.

Every ``plot_*`` returns a `matplotlib.figure.Figure` and leaves pyplot and matplotlib's settings
alone; `save_figure` writes one as PNG.
"""

from mnistcli.plotting.confusion import plot_confusion
from mnistcli.plotting.explanations import plot_explanations
from mnistcli.plotting.filters import plot_filters
from mnistcli.plotting.history import plot_history
from mnistcli.plotting.predictions import plot_predictions
from mnistcli.plotting.sheet import save_figure
from mnistcli.plotting.tiles import plot_mistakes, plot_samples

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
