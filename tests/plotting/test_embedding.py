"""Plot of the embedding: clusters, colors, mistakes, and few or equal digits."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistcli.plotting.embedding import COLORS, MAX_MARKERS, embed, plot_embedding
from tests.plotting.builders import footer, texts, title

Check = Callable[[Figure], None]
LABELS = np.arange(60) % 3


def make_features(labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return features that are near 10 in the column of the label."""
    noise = np.random.default_rng(0).normal(size=(len(labels), 12))
    return (10 * np.eye(12)[labels] + noise).astype(np.float32)


def plot(labels: NDArray[np.int64], predicted: NDArray[np.int64], images: int) -> Figure:
    return plot_embedding(
        make_features(labels),
        labels,
        predicted,
        images=images,
        model_name="runs/a",
        dataset_name="mnist",
    )


def mark_size(figure: Figure) -> float:
    """Return the size of the marks of mistakes."""
    marks = figure.axes[0].collections[1]
    assert isinstance(marks, PathCollection)
    return float(marks.get_sizes()[0])


def test_digits_with_similar_features_are_near_each_other() -> None:
    points = embed(make_features(LABELS))

    centers = np.stack([points[digit == LABELS].mean(axis=0) for digit in range(3)])
    distances = np.linalg.norm(points[:, None] - centers, axis=-1)
    assert (distances.argmin(axis=1) == LABELS).all()


def test_the_embedding_is_the_same_each_time() -> None:
    features = make_features(LABELS)

    assert np.array_equal(embed(features), embed(features))


def test_mistakes_are_marked_in_the_color_of_the_true_digit(assert_legible: Check) -> None:
    predicted = LABELS.copy()
    predicted[[4, 5]] = 9
    figure = plot(LABELS, predicted, images=100)

    assert title(figure) == "Embedding of 60 digits: 96.67 % predicted correctly"
    assert footer(figure) == "model: runs/a, dataset: mnist, 60 of 100 images"
    right, wrong = figure.axes[0].collections
    assert tuple(np.shape(points.get_offsets())[0] for points in (right, wrong)) == (58, 2)
    colors = (255 * np.asarray(wrong.get_facecolor())).round().astype(int)[:, :3].tolist()
    assert colors == [[int(COLORS[n][i : i + 2], 16) for i in (1, 3, 5)] for n in (1, 2)]
    numbers = [text.get_text() for text in figure.axes[0].texts]
    assert numbers == ["0", "1", "2"]
    assert {"true digit", "mistake", *map(str, range(10))} <= set(texts(figure))
    assert_legible(figure)


def test_many_mistakes_are_drawn_smaller() -> None:
    labels = np.arange(MAX_MARKERS + 2) % 2
    few, many = (
        mark_size(plot(labels, predicted, images=len(labels)))
        for predicted in (np.zeros_like(labels), np.full_like(labels, 9))
    )

    assert many < few


@pytest.mark.parametrize("count", [1, 2, 9, 12])
def test_few_digits_and_equal_features_are_embedded(count: int) -> None:
    for features in (make_features(np.arange(count) % 3), np.ones((count, 1), np.float32)):
        points = embed(features)

        assert points.shape == (count, 2)
        assert np.isfinite(points).all()
