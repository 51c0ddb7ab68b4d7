"""Plot of the first convolution: kernels and feature maps, and their color scales."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistcli.plotting.filters import plot_filters
from tests.plotting.builders import (
    array_of,
    axes_of,
    footer,
    random_images,
    subtitle,
    texts,
    title,
)

Check = Callable[[Figure], None]
Arrays = tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]
TIMES, MINUS = "\N{MULTIPLICATION SIGN}", "\N{MINUS SIGN}"


def make_filters(count: int, side: int = 3, channels: int = 1, low: float = 0.0) -> Arrays:
    """Return random kernels, a random image and random feature maps from `low` to 2."""
    rng = np.random.default_rng(0)
    kernels = rng.normal(size=(side, side, channels, count)).astype(np.float32)
    maps = rng.uniform(low, 2, (12, 12, count)).astype(np.float32)
    return kernels, random_images(1)[0], maps


def plot(arrays: Arrays) -> Figure:
    return plot_filters(*arrays, model_name="runs/a", dataset_name="mnist")


def test_kernels_share_a_scale_and_feature_maps_have_their_own(assert_legible: Check) -> None:
    kernels, image, maps = make_filters(6)
    maps[..., 2] = 0
    maps[..., 3] = 1.5
    maps[..., 4] *= 1e-4
    figure = plot((kernels, image, maps))

    assert title(figure) == f"6 learned 3{TIMES}3 kernels, 3 of them respond to this digit"
    assert footer(figure) == "model: runs/a, dataset: mnist, 1 image"
    drawn, _, _, *pairs = axes_of(figure).images
    assert np.array_equal(array_of(drawn), image)
    assert len(pairs) == 12
    largest = np.abs(kernels).max()
    for index in range(6):
        kernel, response = pairs[2 * index : 2 * index + 2]
        assert np.allclose(array_of(kernel) * largest, kernels[..., 0, index])
        assert kernel.get_clim() == (-1, 1)
        assert response.get_clim() == (0, 1)
    assert array_of(pairs[1]).max() == 1
    assert not array_of(pairs[5]).any()
    assert array_of(pairs[9]).max() < 0.02  # noise does not look like a response
    assert f"{MINUS}{largest:.2g}" in texts(figure)
    assert_legible(figure)


def test_negative_responses_have_the_colors_of_the_kernels(assert_legible: Check) -> None:
    figure = plot(make_filters(4, low=-1))

    kernel, response = axes_of(figure).images[-2:]
    assert response.get_clim() == (-1, 1)
    assert response.get_cmap().name == kernel.get_cmap().name
    assert f"{MINUS}strongest" in texts(figure)
    assert_legible(figure)


@pytest.mark.parametrize(
    ("count", "side", "channels"), [(1, 3, 1), (32, 3, 1), (64, 5, 4), (6, 3, 3)]
)
def test_kernels_of_any_number_and_size_are_drawn(
    count: int, side: int, channels: int, assert_legible: Check
) -> None:
    figure = plot(make_filters(count, side, channels))

    images = axes_of(figure).images
    assert len(images) == 3 + count * (channels + 1)
    assert (f"{channels} input channels" in subtitle(figure)) == (channels > 1)
    assert_legible(figure)
    width, height = figure.get_size_inches()
    for image in images:
        left, right, bottom, top = image.get_extent()
        assert 0 < left < right < width
        assert 0 < top < bottom < height


def test_kernels_of_zeros_do_not_respond() -> None:
    kernels, image, maps = make_filters(2)

    figure = plot((kernels * 0, image, maps * 0))

    assert title(figure) == f"2 learned 3{TIMES}3 kernels, 0 of them respond to this digit"
