"""Promises of all plots: reproducible (the same bytes twice), no pyplot, no changed settings."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

import mnistcli
from mnistcli.config import TrainConfig
from mnistcli.plotting.activations import plot_activations
from mnistcli.plotting.augmentation import plot_augmentation
from mnistcli.plotting.calibration import plot_calibration
from mnistcli.plotting.confusion import plot_confusion
from mnistcli.plotting.embedding import plot_embedding
from mnistcli.plotting.explanation import plot_explanations
from mnistcli.plotting.filters import plot_filters
from mnistcli.plotting.history import plot_history
from mnistcli.plotting.layer_outputs import Block
from mnistcli.plotting.mistakes import plot_mistakes
from mnistcli.plotting.occlusion import plot_occlusion
from mnistcli.plotting.predictions import plot_predictions
from mnistcli.plotting.samples import plot_samples
from mnistcli.plotting.style import save_figure
from mnistcli.runs.history import EpochRow
from tests.plotting.builders import (
    footer,
    make_explanation,
    make_prediction,
    make_probabilities,
    random_dataset,
    random_images,
)

ROWS = [EpochRow(epoch=n, loss=1 / n, accuracy=0.9, learning_rate=1, seconds=1) for n in (1, 2, 3)]
DATASET = random_dataset(np.arange(4))
PROBABILITIES = make_probabilities([0, 1, 2, 5], 0.8)
KERNELS = np.linspace(-1, 1, 36, dtype=np.float32).reshape(3, 3, 1, 4)
MAPS = np.ones((12, 12, 4), np.float32)
FEATURES = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
LABELS = np.arange(12) % 10
OCCLUSION = np.full((28, 28, 10), 0.1, np.float32)
PLOTS: dict[str, Callable[[], Figure]] = {
    "history": lambda: plot_history(ROWS, model_name="m", dataset_name="d", images=3),
    "confusion": lambda: plot_confusion(
        np.eye(10, dtype=np.int64), model_name="m", dataset_name="d"
    ),
    "samples": lambda: plot_samples(
        DATASET, PROBABILITIES, np.arange(4), model_name="m", dataset_name="d"
    ),
    "mistakes": lambda: plot_mistakes(DATASET, PROBABILITIES, model_name="m", dataset_name="d"),
    "filters": lambda: plot_filters(
        KERNELS, random_images(1)[0], MAPS, model_name="m", dataset_name="d"
    ),
    "calibration": lambda: plot_calibration(
        DATASET.labels, PROBABILITIES, 0.1, model_name="m", dataset_name="d"
    ),
    "embedding": lambda: plot_embedding(
        FEATURES, LABELS, LABELS[::-1], images=9, model_name="m", dataset_name="d"
    ),
    "activations": lambda: plot_activations(
        random_images(1)[0],
        [Block(("convolution",), MAPS), Block(("dense",), PROBABILITIES[0])],
        model_name="m",
        dataset_name="d",
    ),
    "augmentation": lambda: plot_augmentation(
        TrainConfig(rare_styles=0.5), DATASET, model_name="m", dataset_name="d"
    ),
    "occlusion": lambda: plot_occlusion(
        DATASET, PROBABILITIES, lambda _: OCCLUSION, count=4, model_name="m", dataset_name="d"
    ),
    "predictions": lambda: plot_predictions([make_prediction()], model_name="m"),
    "explanations": lambda: plot_explanations([make_explanation()], model_name="m"),
}
each_plot = pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS)


@each_plot
def test_the_same_figure_gives_the_same_bytes(plot: Callable[[], Figure]) -> None:
    first = save_figure(plot(), Path("first.png"))
    second = save_figure(plot(), Path("second.png"))

    assert first.read_bytes() == second.read_bytes()


@each_plot
def test_every_figure_names_the_model_and_the_number_of_images(
    plot: Callable[[], Figure],
) -> None:
    parts = footer(plot()).split(", ")

    assert parts[0] == "model: m"
    assert any("image" in part for part in parts)


@each_plot
def test_the_settings_of_matplotlib_do_not_change(plot: Callable[[], Figure]) -> None:
    before = dict(mpl.rcParams)

    plot()

    assert dict(mpl.rcParams) == before


def test_pyplot_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnistcli, "plotting", sys.modules["mnistcli.plotting"])  # put back later
    for name in [name for name in sys.modules if name.startswith("mnistcli.plotting")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)  # importing it fails now

    again = importlib.import_module("mnistcli.plotting.history")

    assert again.plot_history is not plot_history
    again.plot_history(ROWS, model_name="m", dataset_name="d").draw_without_rendering()
