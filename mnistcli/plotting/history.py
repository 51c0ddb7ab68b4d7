"""Learning curves: accuracy and loss over the epochs."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from mnistcli.errors import RunError
from mnistcli.plotting.style import (
    BLUE,
    DPI,
    GREY,
    INK,
    ORANGE,
    PALE,
    SMALL,
    TEXT,
    TOP,
    percent,
    write_title,
)
from mnistcli.runs import EpochRow

WIDTH, HEIGHT = 11.0, 5.2
PANELS = {"accuracy": "Accuracy", "loss": "Loss (log scale)"}
PANEL_WIDTH, PANEL_LEFTS, PANEL_BOTTOM = 4.3, (0.95, 6.35), 0.65
PANEL_HEIGHT = HEIGHT - TOP - PANEL_BOTTOM - 0.35
# Up to this many epochs each has a mark of its own; more would run together.
MARKED_EPOCHS = 30


def plot_history(history: Sequence[EpochRow], *, keeps_last: bool = False) -> Figure:
    """Draw training and validation accuracy and loss over the epochs, the best epoch marked.

    The best epoch is the one whose model a training keeps.

    Args:
        history: A row an epoch, the first one first; NaN where there is no validation.
        keeps_last: Whether the last epoch's model is kept, as it is where nothing was held out for
            validation; else that of the lowest validation loss.

    Raises:
        RunError: There is no epoch.
    """
    if not history:
        raise RunError("the history has no epoch yet", hint="mnistcli train")
    epochs = np.array([row.epoch for row in history])
    values = {
        name: np.array([getattr(row, name) for row in history], dtype=np.float64)
        for name in ("accuracy", "val_accuracy", "loss", "val_loss")
    }
    validated = bool(np.isfinite(values["val_accuracy"]).any())
    losses = np.where(np.isfinite(values["val_loss"]), values["val_loss"], np.inf)
    keeps_last = keeps_last or not validated
    best = len(history) - 1 if keeps_last else int(losses.argmin())
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor="white")
    write_title(figure, *_words(history, best, keeps_last=keeps_last))
    for name, left in zip(PANELS, PANEL_LEFTS, strict=True):
        axes = _panel(figure, left, name)
        _draw_curves(axes, epochs, values[name], values[f"val_{name}"])
        _scale(axes, epochs, name, np.concatenate([values[name], values[f"val_{name}"]]))
        _mark(axes, epochs[best], values[f"val_{name}" if validated else name][best], name)
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(),
        loc="upper right",
        bbox_to_anchor=((PANEL_LEFTS[1] + PANEL_WIDTH) / WIDTH, 1 - 0.25 / HEIGHT),
        borderaxespad=0,
        fontsize=TEXT,
        frameon=False,
        labelcolor=INK,
    )
    return figure


def _words(history: Sequence[EpochRow], best: int, *, keeps_last: bool) -> tuple[str, str]:
    row = history[best]
    where = f"epoch {row.epoch} of {history[-1].epoch}"
    which = "the last epoch" if keeps_last else "the epoch with the lowest validation loss"
    if np.isfinite(row.val_accuracy):
        title = f"Validation accuracy {percent(row.val_accuracy, 2)} in {where}"
    else:
        title = f"Training accuracy {percent(row.accuracy, 2)} in {where}"
    return title, f"Marked: {which}, whose model is kept"


def _panel(figure: Figure, left: float, name: str) -> Axes:
    axes = figure.add_axes(
        (left / WIDTH, PANEL_BOTTOM / HEIGHT, PANEL_WIDTH / WIDTH, PANEL_HEIGHT / HEIGHT)
    )
    axes.set_title(PANELS[name], size=TEXT, color=INK, loc="left", weight="bold")
    axes.set_xlabel("epoch", size=TEXT, color=GREY)
    axes.tick_params(labelsize=SMALL, labelcolor=GREY, color=PALE, length=3)
    axes.grid(visible=True, color=PALE, linewidth=0.5)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(PALE)
    return axes


def _draw_curves(
    axes: Axes,
    epochs: NDArray[np.int64],
    training: NDArray[np.float64],
    validation: NDArray[np.float64],
) -> None:
    marked = len(epochs) <= MARKED_EPOCHS
    axes.plot(
        epochs,
        training,
        color=ORANGE,
        linestyle="--",
        marker="s" if marked else "",
        markersize=5,
        markerfacecolor="white",
        label="training",
    )
    if np.isfinite(validation).any():
        axes.plot(
            epochs,
            validation,
            color=BLUE,
            marker="o" if marked else "",
            markersize=5,
            label="validation",
        )


def _scale(axes: Axes, epochs: NDArray[np.int64], name: str, values: NDArray[np.float64]) -> None:
    first, last = epochs[0], epochs[-1]
    room = max(0.5, 0.03 * (last - first))
    axes.set_xlim(first - min(room, 0.9), last + room)
    axes.xaxis.set_major_locator(MaxNLocator(10, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    finite = values[np.isfinite(values)]
    if name == "accuracy":
        low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
        room = max(0.06 * (high - low), 0.003)
        axes.set_ylim(low - room, min(high + room, 1 + room / 2))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g} %"))
        return
    finite = finite[finite > 0]
    middle = np.sqrt(finite.min() * finite.max()) if finite.size else 1.0
    reach = max(1.25 * np.sqrt(finite.max() / finite.min()), 2.5) if finite.size else 2.5
    axes.set_ylim(middle / reach, middle * reach)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if reach < 50 else (1,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def _mark(axes: Axes, epoch: int, value: float, name: str) -> None:
    """Ring the best epoch's point and name its value above the panel, where no curve runs."""
    axes.axvline(epoch, color=INK, linewidth=1, linestyle=":")
    axes.plot(epoch, value, marker="o", markersize=12, markerfacecolor="none", color=INK)
    text = percent(value, 2) if name == "accuracy" else f"{value:.4f}"
    axes.set_title(f"epoch {epoch}: {text}", size=TEXT, color=GREY, loc="right")
