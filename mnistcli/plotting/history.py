"""Plot of the training history (learning curves): accuracy and loss over the epochs."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from mnistcli.errors import OTHER_PLOT, PlotError
from mnistcli.formatting import bounded_percent, format_count
from mnistcli.plotting.style import (
    BLACK,
    BLUE,
    DPI,
    FOOTER_HEIGHT,
    GRAY,
    LIGHT_GRAY,
    ORANGE,
    TEXT,
    TOP,
    Footer,
    style_axes,
    write_footer,
    write_title,
)
from mnistcli.runs.history import EpochRow

# Lengths are in inches.
WIDTH, HEIGHT = 11.6, 5.2 + FOOTER_HEIGHT
_PANEL_WIDTH, PANEL_LEFTS, PANEL_BOTTOM = 4.6, (0.95, 6.65), 0.65 + FOOTER_HEIGHT
_PANEL_HEIGHT = HEIGHT - TOP - PANEL_BOTTOM - 0.35
# With more epochs, their markers would overlap.
MAX_MARKED_EPOCHS = 30


def plot_history(
    history: Sequence[EpochRow],
    *,
    model_name: str,
    dataset_name: str,
    images: int | None = None,
    keeps_last: bool = False,
    smoothed: bool = False,
) -> Figure:
    """Plot accuracy and loss per epoch, of training and validation; the kept epoch is marked.

    Args:
        history: One row per epoch, in order; NaN without validation.
        model_name: Name of the model.
        dataset_name: Name of the dataset that it was trained on.
        images: Number of images that it was trained on; None if it is unknown.
        keeps_last: Whether the last epoch is kept. Otherwise, it is the one with the lowest
            validation loss. Without validation, the last epoch is kept in any case.
        smoothed: Whether the losses are computed with label smoothing, as the training objective
            is. They cannot be compared with the test loss then.

    Raises:
        PlotError: There are no epochs.
    """
    if not history:
        raise PlotError("the history has no epochs yet", hint=OTHER_PLOT)
    epochs = np.array([row.epoch for row in history])
    values = {
        name: np.array([getattr(row, name) for row in history], dtype=np.float64)
        for name in ("accuracy", "val_accuracy", "loss", "val_loss")
    }
    is_validated = bool(np.isfinite(values["val_accuracy"]).any())
    val_losses = np.where(np.isfinite(values["val_loss"]), values["val_loss"], np.inf)
    keeps_last = keeps_last or not is_validated
    kept = len(history) - 1 if keeps_last else int(val_losses.argmin())
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor="white")
    write_title(figure, _title(history, kept), _subtitle(keeps_last=keeps_last, smoothed=smoothed))
    write_footer(
        figure,
        Footer(
            model_name,
            "" if images is None else format_count(images, "training image"),
            dataset_name,
        ),
    )
    loss_label = "Training objective (log scale)" if smoothed else "Loss (log scale)"
    titles = {"accuracy": "Accuracy", "loss": loss_label}
    for (name, title), left in zip(titles.items(), PANEL_LEFTS, strict=True):
        axes = new_panel(figure, left, title)
        _draw_curves(axes, epochs, values[name], values[f"val_{name}"])
        set_x_axis(axes, epochs)
        set_y_axis = set_accuracy_axis if name == "accuracy" else set_loss_axis
        set_y_axis(axes, np.concatenate([values[name], values[f"val_{name}"]]))
        value = values[f"val_{name}" if is_validated else name][kept]
        _mark_kept_epoch(axes, epochs[kept], value, name)
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(),
        loc="upper right",
        bbox_to_anchor=((PANEL_LEFTS[1] + _PANEL_WIDTH) / WIDTH, 1 - 0.2 / HEIGHT),
        borderaxespad=0,
        fontsize=TEXT,
        frameon=False,
        labelcolor=BLACK,
        ncols=3,
    )
    return figure


def _title(history: Sequence[EpochRow], kept: int) -> str:
    row = history[kept]
    epoch = f"epoch {row.epoch} of {history[-1].epoch}"
    if np.isfinite(row.val_accuracy):
        return f"Validation accuracy {bounded_percent(row.val_accuracy, 2)} in {epoch}"
    return f"Training accuracy {bounded_percent(row.accuracy, 2)} in {epoch}"


def _subtitle(*, keeps_last: bool, smoothed: bool) -> str:
    kept = "the last" if keeps_last else "the one with the lowest validation loss"
    subtitle = f"The kept epoch is {kept}"
    if smoothed:
        subtitle += ". With label smoothing, the training objective is higher than the test loss"
    return subtitle


def new_panel(figure: Figure, left: float, title: str, bottom: float = PANEL_BOTTOM) -> Axes:
    """Add empty axes over epochs to a figure, with their lower left corner in inches."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes(
        (left / width, bottom / height, _PANEL_WIDTH / width, _PANEL_HEIGHT / height)
    )
    axes.set_title(title, size=TEXT, color=BLACK, loc="left", weight="bold")
    axes.set_xlabel("epoch", size=TEXT, color=GRAY)
    axes.grid(visible=True, color=LIGHT_GRAY, linewidth=0.5)
    style_axes(axes)
    return axes


def _draw_curves(
    axes: Axes,
    epochs: NDArray[np.int64],
    training: NDArray[np.float64],
    validation: NDArray[np.float64],
) -> None:
    is_marked = len(epochs) <= MAX_MARKED_EPOCHS
    axes.plot(
        epochs,
        training,
        color=ORANGE,
        linestyle="--",
        marker="s" if is_marked else "",
        markersize=5,
        markerfacecolor="white",
        label="training",
    )
    if np.isfinite(validation).any():
        axes.plot(
            epochs,
            validation,
            color=BLUE,
            marker="o" if is_marked else "",
            markersize=5,
            label="validation",
        )


def set_x_axis(axes: Axes, epochs: NDArray[np.int64]) -> None:
    """Set the limits and ticks of an axis of epochs, in order."""
    first, last = epochs[0], epochs[-1]
    padding = max(0.5, 0.03 * (last - first))
    axes.set_xlim(first - min(padding, 0.9), last + padding)
    axes.xaxis.set_major_locator(MaxNLocator(10, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))


def set_accuracy_axis(axes: Axes, values: NDArray[np.float64]) -> None:
    """Set the limits and ticks of an axis of accuracies, 0..1; NaN is left out."""
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    padding = max(0.06 * (high - low), 0.003)
    axes.set_ylim(low - padding, min(high + padding, 1 + padding / 2))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))


def set_loss_axis(axes: Axes, values: NDArray[np.float64]) -> None:
    """Set the limits and ticks of a logarithmic axis of losses; NaN is left out."""
    positive = values[np.isfinite(values) & (values > 0)]
    middle = np.sqrt(positive.min() * positive.max()) if positive.size else 1.0
    ratio = np.sqrt(positive.max() / positive.min()) if positive.size else 1.0
    factor = max(1.25 * ratio, 2.5)
    axes.set_ylim(middle / factor, middle * factor)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if factor < 50 else (1,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def _mark_kept_epoch(axes: Axes, epoch: int, value: float, name: str) -> None:
    """Circle the point of the kept epoch; its value goes above the panel, clear of the curves."""
    axes.axvline(epoch, color=BLACK, linewidth=1, linestyle=":", label="kept epoch")
    axes.plot(epoch, value, marker="o", markersize=12, markerfacecolor="none", color=BLACK)
    text = bounded_percent(value, 2) if name == "accuracy" else f"{value:.4f}"
    axes.set_title(f"epoch {epoch}: {text}", size=TEXT, color=GRAY, loc="right")
