"""Plot of the embedding: digits in two dimensions by the features of the last hidden layer."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from mnistcli.formatting import bounded_percent, format_count
from mnistcli.plotting.style import (
    BLACK,
    DPI,
    FOOTER_HEIGHT,
    GRAY,
    LIGHT_GRAY,
    MARGIN,
    TEXT,
    TOP,
    Footer,
    write_footer,
    write_title,
)

MAX_DIGITS = 2000
"""More digits take longer than five seconds and cover each other."""

# From the palettes of Okabe and Ito and of Tol; the numbers on the clusters make the plot readable
# without color.
COLORS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#882255",
    "#999933",
    "#D55E00",
    "#332288",
    "#888888",
)
# Lengths are in inches.
_WIDTH, _LEGEND = 9.5, 1.45
_SIDE = _WIDTH - 2 * MARGIN - _LEGEND
_HEIGHT = TOP + 0.8 * _SIDE + 0.15 + FOOTER_HEIGHT
# More marks of this size would cover each other; they are drawn smaller.
MAX_MARKERS = 100
# Features that t-SNE uses; further principal components hold noise.
_COMPONENTS = 30
_PERPLEXITY, _ITERATIONS = 30.0, 300
# Fewer digits are too few for neighborhoods.
_MIN_DIGITS = 10


def plot_embedding(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    predicted: NDArray[np.int64],
    *,
    images: int,
    model_name: str,
    dataset_name: str,
) -> Figure:
    """Plot digits in two dimensions, in the color of their label; mistakes are marked.

    Args:
        features: The features of the digits, float32 (n, features).
        labels: The true digits, int64 (n,).
        predicted: The predicted digits, int64 (n,).
        images: Number of images in the dataset.
        model_name: Name of the model.
        dataset_name: Name of the dataset.
    """
    points = embed(features)
    wrong = predicted != labels
    figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=DPI, facecolor="white")
    accuracy = bounded_percent(1 - float(wrong.mean()), 2)
    title = f"Embedding of {format_count(len(labels), 'digit')}: {accuracy} predicted correctly"
    subtitle = "t-SNE of the last hidden layer: digits with similar features are close together"
    write_title(figure, title, subtitle)
    shown = f"{len(labels):,} of " if len(labels) < images else ""
    write_footer(figure, Footer(model_name, shown + format_count(images, "image"), dataset_name))
    axes = figure.add_axes(
        (
            MARGIN / _WIDTH,
            (FOOTER_HEIGHT + 0.15) / _HEIGHT,
            _SIDE / _WIDTH,
            (_HEIGHT - TOP - FOOTER_HEIGHT - 0.15) / _HEIGHT,
        )
    )
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color(LIGHT_GRAY)
    axes.margins(0.04)
    _draw_points(axes, points, labels, wrong)
    _draw_legend(axes)
    return figure


def embed(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compute an embedding by dimensionality reduction: t-SNE of the principal components.

    The result is deterministic: several threads would add numbers in a different order each time
    (van der Maaten and Hinton, "Visualizing data using t-SNE", JMLR 2008).

    Args:
        features: float32 (n, features).

    Returns:
        float64 (n, 2), centered.
    """
    count = len(features)
    if not np.ptp(features, axis=0).any():  # true of a single digit, too
        return np.zeros((count, 2))
    with threadpool_limits(limits=1):
        components = min(_COMPONENTS, *features.shape)
        reduced = PCA(components, svd_solver="full").fit_transform(features.astype(np.float64))
        start: NDArray[np.float64] = np.pad(reduced, ((0, 0), (0, 1)))[:, :2]
        if count < _MIN_DIGITS:
            return start
        # The start is scaled as in scikit-learn.
        points: NDArray[np.float64] = TSNE(
            init=1e-4 * start / start.std(),
            perplexity=min(_PERPLEXITY, count / 4),
            max_iter=_ITERATIONS,
            random_state=0,
        ).fit_transform(reduced)
    return points


def _draw_points(
    axes: Axes, points: NDArray[np.float64], labels: NDArray[np.int64], wrong: NDArray[np.bool_]
) -> None:
    """Draw the digits, the mistakes above them, and the number of each digit on its cluster."""
    colors = np.array(COLORS)[labels]
    size = 14 if len(points) > MAX_DIGITS // 4 else 30
    correct = ~wrong
    is_crowded = wrong.sum() > MAX_MARKERS
    x, y = points.T
    axes.scatter(x[correct], y[correct], s=size, c=colors[correct], alpha=0.75, linewidths=0)
    axes.scatter(
        x[wrong],
        y[wrong],
        s=25 if is_crowded else 75,
        marker="X",
        c=colors[wrong],
        edgecolors=BLACK,
        linewidths=0.5 if is_crowded else 1,
    )
    for digit in np.unique(labels).tolist():
        axes.text(
            *_most_central(points[labels == digit]),
            str(digit),
            size=22,
            weight="bold",
            color=BLACK,
            ha="center",
            va="center",
            path_effects=[withStroke(linewidth=4, foreground="white")],
        )


def _most_central(points: NDArray[np.float64]) -> tuple[float, float]:
    """Return the point nearest to the median: a median can be between two clusters."""
    distances = np.linalg.norm(points - np.median(points, axis=0), axis=1)
    x, y = points[distances.argmin()].tolist()
    return x, y


def _draw_legend(axes: Axes) -> None:
    """Draw the colors of the digits and the marker of mistakes, right of the points."""
    for digit, color in enumerate(COLORS):
        axes.plot([], [], linestyle="", marker="o", markersize=8, color=color, label=str(digit))
    axes.plot(
        [],
        [],
        linestyle="",
        marker="X",
        markersize=9,
        markerfacecolor="white",
        markeredgecolor=BLACK,
        label="mistake",
    )
    legend = axes.legend(
        loc="upper left",
        bbox_to_anchor=(1.02, 1),
        borderaxespad=0,
        fontsize=TEXT,
        frameon=False,
        labelcolor=BLACK,
        title="true digit",
        title_fontsize=TEXT,
        alignment="left",
    )
    legend.get_title().set_color(GRAY)
