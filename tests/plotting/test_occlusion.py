"""Plot of occlusion maps: the digits and classes that are drawn, and the changes below them."""

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistcli.datasets import Dataset
from mnistcli.plotting.limits import MAX_OCCLUDED
from mnistcli.plotting.occlusion import plot_occlusion
from tests.plotting.builders import (
    array_of,
    axes_of,
    footer,
    make_probabilities,
    random_dataset,
    subtitle,
    title,
)

Check = Callable[[Figure], None]


def plot(dataset: Dataset, probabilities: NDArray[np.float32], count: int = 24) -> Figure:
    """Plot occlusion maps that lower the 7 to 0.2 and raise the 1 to 0.7 at one pixel."""
    rows = {image.tobytes(): row for image, row in zip(dataset.images, probabilities, strict=True)}

    def occlude(image: NDArray[np.uint8]) -> NDArray[np.float32]:
        occluded = np.tile(rows[image.tobytes()], (28, 28, 1))
        occluded[9, 4, [1, 7]] = 0.7, 0.2
        return occluded

    return plot_occlusion(
        dataset, probabilities, occlude, count=count, model_name="runs/a", dataset_name="mnist"
    )


def captions(figure: Figure) -> list[str]:
    return [text.get_text() for text in axes_of(figure).texts]


def test_a_mistake_has_maps_of_the_predicted_and_the_true_digit(assert_legible: Check) -> None:
    dataset = random_dataset([3, 1])
    figure = plot(dataset, make_probabilities([3, 7], 0.8))

    assert title(figure) == "1 of 2 digits misclassified: all of them"
    assert "patch lowers (vermilion) or raises (blue)" in subtitle(figure)
    assert footer(figure) == "model: runs/a, dataset: mnist, 2 images"
    assert captions(figure) == [
        *("\N{BALLOT X} 7", "80.0 %", "true 1", "#1"),
        *("probability of 7", "\N{MINUS SIGN}60 points"),
        *("probability of 1", "+68 points"),
    ]
    digit, of_7, of_1 = map(array_of, axes_of(figure).images)
    assert np.array_equal(digit, dataset.images[1])
    assert of_7[9, 4, 0] > of_7[9, 4, 2]
    assert of_1[9, 4, 0] < of_1[9, 4, 2]
    assert np.ptp(of_7[20, 20]) == 0
    assert_legible(figure)


def test_without_mistakes_the_second_digit_is_the_next_likely_one() -> None:
    probabilities = make_probabilities([3], 0.8)
    probabilities[0, 5] = 0.15
    figure = plot(random_dataset([3]), probabilities)

    assert title(figure) == "All 1 digit predicted correctly: the 1 least confident"
    assert captions(figure)[4:] == [
        *("probability of 3", "no change"),
        *("probability of 5", "no change"),
    ]


def test_the_number_of_digits_is_limited(assert_legible: Check) -> None:
    dataset = random_dataset([1] * 20)
    probabilities = make_probabilities([7] * 20, 0.8)
    figure = plot(dataset, probabilities)

    assert len(axes_of(figure).images) == 3 * MAX_OCCLUDED
    assert_legible(figure)
    assert len(axes_of(plot(dataset, probabilities, count=4)).images) == 3 * 4
