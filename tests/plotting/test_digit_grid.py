"""Plots of samples and mistakes: order, captions and outlines."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistcli.datasets import Dataset
from mnistcli.errors import DataError
from mnistcli.plotting.mistakes import plot_mistakes
from mnistcli.plotting.samples import plot_samples
from tests.plotting.builders import (
    array_of,
    axes_of,
    footer,
    make_probabilities,
    random_dataset,
    title,
)

Check = Callable[[Figure], None]


def samples(
    dataset: Dataset, probabilities: NDArray[np.float32], indices: list[int] | None = None
) -> Figure:
    shown = np.arange(len(dataset)) if indices is None else np.array(indices)
    return plot_samples(dataset, probabilities, shown, model_name="runs/a", dataset_name="mnist")


def mistakes(dataset: Dataset, probabilities: NDArray[np.float32], count: int = 24) -> Figure:
    return plot_mistakes(
        dataset, probabilities, model_name="runs/a", dataset_name="mnist", count=count
    )


def captions(figure: Figure) -> list[str]:
    return [text.get_text() for text in axes_of(figure).texts]


def test_samples_have_prediction_label_and_index(assert_legible: Check) -> None:
    dataset = random_dataset([3, 4, 5, 6])
    probabilities = make_probabilities([3, 9, 5, 6], [1, 0.75, 0.99999, 0.5])
    figure = samples(dataset, probabilities, [2, 1, 0])

    assert title(figure) == "2 of 3 random digits predicted correctly"
    assert footer(figure) == "model: runs/a, dataset: mnist, 3 of 4 images"
    axes = axes_of(figure)
    assert np.array_equal([array_of(image) for image in axes.images], dataset.images[[2, 1, 0]])
    assert captions(figure) == [
        *("✓ 5", ">99.9 %", "true 5", "#2"),
        *("✗ 9", "75.0 %", "true 4", "#1"),
        *("✓ 3", "100 %", "true 3", "#0"),
    ]
    assert len(axes.patches) == 1
    assert_legible(figure)


@pytest.mark.parametrize("count", [1, 2, 24, 40])
def test_any_number_of_samples_is_drawn(count: int, assert_legible: Check) -> None:
    labels = np.arange(count) % 10
    figure = samples(random_dataset(labels), make_probabilities((labels + 1) % 10, 0.99999))

    noun = "digit" if count == 1 else "digits"
    assert title(figure) == f"0 of {count} random {noun} predicted correctly"
    assert len(axes_of(figure).images) == len(axes_of(figure).patches) == count
    assert_legible(figure)


def test_the_captions_of_large_datasets_fit(assert_legible: Check) -> None:
    labels = np.zeros(70_000, np.int64)
    dataset = Dataset(np.zeros((70_000, 28, 28), np.uint8), labels)

    assert_legible(samples(dataset, make_probabilities(labels, 0.99999), [69_999, 69_998]))


def test_the_number_of_digits_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("samples", "mistakes"):
        monkeypatch.setattr(f"mnistcli.plotting.{module}.MAX_SAMPLES", 5)
    dataset = random_dataset(np.zeros(9, np.int64))

    figure = samples(dataset, make_probabilities(dataset.labels, 0.9))
    assert title(figure) == "5 of 5 random digits predicted correctly"
    assert len(axes_of(figure).images) == 5

    figure = mistakes(dataset, make_probabilities(dataset.labels + 1, 0.9), count=7)
    assert title(figure) == "9 of 9 digits misclassified: the 5 most confident"


def test_the_most_confident_mistakes_come_first(assert_legible: Check) -> None:
    dataset = random_dataset([0, 1, 2, 3, 4])
    probabilities = make_probabilities([0, 7, 8, 9, 6], [0.9, 0.6, 0.8, 1, 1])
    probabilities[4, 4] = 1e-9  # as confident as the 3, but with a higher probability of the label
    figure = mistakes(dataset, probabilities, count=3)

    assert title(figure) == "4 of 5 digits misclassified: the 3 most confident"
    assert footer(figure) == "model: runs/a, dataset: mnist, 5 images"
    assert captions(figure) == [
        *("✗ 9", "100 %", "true 3", "#3"),
        *("✗ 6", "100 %", "true 4", "#4"),
        *("✗ 8", "80.0 %", "true 2", "#2"),
    ]
    assert np.array_equal(array_of(axes_of(figure).images[0]), dataset.images[3])
    assert_legible(figure)
    assert title(mistakes(dataset, probabilities)) == "4 of 5 digits misclassified: all of them"


def test_without_mistakes_the_least_confident_digits_are_drawn(assert_legible: Check) -> None:
    dataset = random_dataset(np.arange(10))
    probabilities = make_probabilities(dataset.labels, np.arange(50, 60) / 60)
    figure = mistakes(dataset, probabilities, count=2)

    assert title(figure) == "All 10 digits predicted correctly: the 2 least confident"
    assert captions(figure) == [
        *("✓ 0", "83.3 %", "true 0", "#0"),
        *("✓ 1", "85.0 %", "true 1", "#1"),
    ]
    assert_legible(figure)


@pytest.mark.parametrize("plot", [samples, mistakes])
def test_an_empty_dataset_is_an_error(
    plot: Callable[[Dataset, NDArray[np.float32]], Figure],
) -> None:
    with pytest.raises(DataError) as caught:
        plot(random_dataset([]), np.empty((0, 10), np.float32))

    assert caught.value.message == "there are no digits to plot"
    assert caught.value.hint == "--dataset digits"
