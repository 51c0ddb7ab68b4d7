"""Figures of a sweep: optimization history, hyperparameter importance, parallel coordinates."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from mnistcli.formatting import format_count, percent
from mnistcli.plotting.style import (
    BLACK,
    BLUE,
    DPI,
    FOOTER_HEIGHT,
    GRAY,
    LIGHT_GRAY,
    SMALL,
    TEXT,
    TOP,
    VERMILION,
    Footer,
    fit_text,
    save_figure,
    style_axes,
    write_footer,
    write_title,
)
from mnistcli.sweep.importance import compute_importances
from mnistcli.sweep.study import TrialSummary
from mnistcli.sweep.sweep import SweepResult

# Lengths are in inches.
_WIDTH, _HEIGHT = 9.0, 5.0 + FOOTER_HEIGHT
_LEFT, _BOTTOM, _RIGHT = 1.0, 0.75 + FOOTER_HEIGHT, 0.5


def save_sweep_figures(result: SweepResult) -> list[Path]:
    """Draw the figures of a sweep into ``plots/`` of its directory.

    Returns:
        Their paths; no importance and no parallel coordinates with fewer than two trials.

    Raises:
        OutputError: A file cannot be written.
    """
    directory = result.plan.storage.directory / "plots"
    kinds: dict[str, Callable[[SweepResult], Figure]] = {"sweep-history": plot_trials}
    if result.complete_count >= 2:
        kinds |= {"sweep-importance": plot_importance, "sweep-parallel": plot_parallel}
    return [save_figure(plot(result), directory / f"{name}.png") for name, plot in kinds.items()]


def plot_trials(result: SweepResult) -> Figure:
    """Plot the validation accuracy of each trial, and the best one so far."""
    figure, axes = _figure(
        result,
        f"Best validation accuracy {percent(result.best_value)} in trial {result.best.number}",
        "Each point is a trial; the line is the best complete trial so far",
    )
    complete = _complete_trials(result)
    pruned = [
        trial for trial in result.trials if trial.state == "pruned" and trial.accuracy is not None
    ]
    axes.scatter(
        [trial.number for trial in pruned],
        [trial.accuracy or 0 for trial in pruned],
        s=18,
        color=LIGHT_GRAY,
        label="pruned, at its last epoch",
    )
    numbers, values = [trial.number for trial in complete], [trial.value or 0 for trial in complete]
    axes.scatter(numbers, values, s=24, color=BLUE, label="complete")
    axes.step(numbers, np.maximum.accumulate(values), where="post", color=VERMILION, label="best")
    axes.set_xlabel("trial", size=TEXT, color=BLACK)
    axes.set_ylabel("validation accuracy", size=TEXT, color=BLACK)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    # The axis leaves out trials that diverged: with them, all others would look alike.
    low = min(np.quantile(values, 0.25), np.median(values) - 0.005)
    top = max(values)
    axes.set_ylim(low - 0.2 * (top - low), min(top + 0.1 * (top - low), 1.0005))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value)))
    axes.legend(
        fontsize=SMALL,
        frameon=False,
        labelcolor=GRAY,
        loc="lower right",
        bbox_to_anchor=(1, 0.98),
        ncols=3,
    )
    return figure


def plot_importance(result: SweepResult) -> Figure:
    """Plot the share of the spread in accuracy that each setting explains (fANOVA)."""
    shares = compute_importances(result)
    first = next(iter(shares), "")
    figure, axes = _figure(
        result,
        f"Most important setting: {first}",
        "Share of the variance in validation accuracy that a setting explains (fANOVA)",
        left=2.0,
    )
    names = list(reversed(shares))
    axes.barh(
        [fit_text(name, 1.7, TEXT) for name in names], [shares[name] for name in names], color=BLUE
    )
    for row, name in enumerate(names):
        axes.text(shares[name] + 0.01, row, percent(shares[name], 0), size=TEXT, va="center")
    axes.set_xlim(0, 1.1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, 0)))
    axes.tick_params(axis="y", labelsize=TEXT, labelcolor=BLACK)
    return figure


def plot_parallel(result: SweepResult) -> Figure:
    """Plot each complete trial as a line through the values of its settings."""
    figure, axes = _figure(
        result,
        "Settings of the best trials",
        "Each line is a complete trial; the darker, the higher its rank; the best is vermilion",
    )
    variations = result.plan.space.variations
    trials = sorted(_complete_trials(result), key=lambda trial: trial.value or 0)
    accuracies = [trial.value or 0 for trial in trials]
    scales = [_Scale([trial.params.get(v.name) for trial in trials], log=v.log) for v in variations]
    scales.append(_Scale(accuracies, log=False))
    for rank, trial in enumerate(trials, start=1):
        values = [*(trial.params.get(v.name) for v in variations), trial.value]
        heights = [scale.height(value) for scale, value in zip(scales, values, strict=True)]
        is_best = trial.number == result.best.number
        axes.plot(
            range(len(heights)),
            heights,
            color=VERMILION if is_best else BLUE,
            alpha=1 if is_best else 0.1 + 0.7 * (rank / len(trials)) ** 2,
            linewidth=2.2 if is_best else 1,
            zorder=3 if is_best else 2,
        )
    names = [*(variation.name for variation in variations), "accuracy"]
    max_width = (_WIDTH - _LEFT - _RIGHT) / max(len(names) - 1, 1)
    for x, (name, scale) in enumerate(zip(names, scales, strict=True)):
        axes.axvline(x, color=LIGHT_GRAY, linewidth=1, zorder=1)
        for height, text in scale.labels(percent if x == len(names) - 1 else _text):
            axes.text(x + 0.02, height, fit_text(text, max_width, SMALL), size=SMALL, color=BLACK)
        axes.text(
            x, -0.1, fit_text(name, max_width, TEXT), size=TEXT, color=BLACK, ha="center", va="top"
        )
    axes.set_ylim(-0.05, 1.05)
    axes.set_axis_off()
    return figure


class _Scale:
    """Maps the values of one setting to heights from 0 to 1.

    Args:
        values: The values of all trials; None for trials that do not use the setting.
        log: Whether the scale is logarithmic.
    """

    def __init__(self, values: Sequence[Any], *, log: bool) -> None:
        used = [value for value in values if value is not None]
        self._log = log
        self._choices = []
        if any(isinstance(value, str | bool) for value in used):
            self._choices = sorted(set(map(_text, used)))
        self._ends = (0.0, 1.0) if self._choices or not used else (min(used), max(used))

    def height(self, value: Any) -> float:
        """Return the height of a value; NaN, which breaks the line, for None."""
        if value is None:
            return float("nan")
        if self._choices:
            return self._choices.index(_text(value)) / max(len(self._choices) - 1, 1)
        low, high, value = (np.log(x) if self._log else x for x in (*self._ends, value))
        return float((value - low) / (high - low)) if high > low else 0.5

    def labels(self, text: Callable[[Any], str]) -> list[tuple[float, str]]:
        """Return the heights and labels of the choices, or of the ends of the range."""
        if self._choices:
            return [(self.height(choice), choice) for choice in self._choices]
        return [(self.height(end), text(end)) for end in dict.fromkeys(self._ends)]


def _text(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _complete_trials(result: SweepResult) -> list[TrialSummary]:
    return [trial for trial in result.trials if trial.value is not None]


def _figure(
    result: SweepResult, title: str, subtitle: str, *, left: float = _LEFT
) -> tuple[Figure, Axes]:
    """Create a figure with one pair of axes, a title and a footer."""
    figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=DPI, facecolor="white")
    write_title(figure, title, subtitle)
    images = format_count(result.validation_images, "validation image")
    write_footer(figure, Footer(f"sweep {result.plan.name}", images, result.config.dataset))
    axes = figure.add_axes(
        (
            left / _WIDTH,
            _BOTTOM / _HEIGHT,
            (_WIDTH - left - _RIGHT) / _WIDTH,
            (_HEIGHT - TOP - _BOTTOM) / _HEIGHT,
        )
    )
    style_axes(axes)
    return figure, axes
