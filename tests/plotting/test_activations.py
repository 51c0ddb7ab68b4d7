"""Plot of the activations: rows of feature maps and values, their scales and labels."""

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistcli.plotting.activations import MAX_ROWS, TILES, plot_activations
from mnistcli.plotting.layer_outputs import Block
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
TIMES = "\N{MULTIPLICATION SIGN}"
OUTPUT = Block(("dense, softmax",), np.eye(10, dtype=np.float32)[7] * 0.9 + 0.01)


def maps(count: int, low: float = 0) -> NDArray[np.float32]:
    return np.random.default_rng(0).uniform(low, 1, (5, 4, count)).astype(np.float32)


def plot(*blocks: Block) -> Figure:
    return plot_activations(
        random_images(1)[0], [*blocks, OUTPUT], model_name="runs/a", dataset_name="mnist"
    )


def test_the_strongest_maps_of_a_block_share_a_scale(assert_legible: Check) -> None:
    values = maps(20)
    values[..., [3, 7]] = 0
    values[0, 0, 5] = 4
    figure = plot(Block(("convolution", "max-pooling", "ReLU"), values))

    image, *tiles = axes_of(figure).images
    assert np.array_equal(array_of(image), random_images(1)[0])
    shown = tiles[:TILES]
    assert {tile.get_clim() for tile in shown} == {(0, 4)}
    assert all(array_of(tile).any() for tile in shown)
    assert max(array_of(tile).max() for tile in shown) == 4
    assert title(figure) == "Activations of 2 layer blocks: predicted 7, confidence 91.0 %"
    assert footer(figure) == "model: runs/a, dataset: mnist, 1 image"
    assert {"max-pooling, ReLU", f"20 maps of 5{TIMES}4, the 12 strongest"} < set(texts(figure))
    assert_legible(figure)


def test_negative_activations_are_in_color() -> None:
    figure = plot(Block(("convolution",), maps(2, low=-3)))

    low, high = axes_of(figure).images[1].get_clim()
    assert low == -high < -1
    assert axes_of(figure).images[1].get_cmap().name == "RdBu_r"
    assert "red is above 0" in subtitle(figure)
    assert "red" not in subtitle(plot())


def test_values_of_a_dense_layer_are_wrapped_into_rows(assert_legible: Check) -> None:
    values = np.arange(1, 130, dtype=np.float32)
    figure = plot(Block(("dense, ReLU",), values))

    drawn = array_of(axes_of(figure).images[1])
    assert drawn.shape == (4, 33)
    assert np.array_equal(drawn.ravel()[:129], values)
    assert np.isnan(drawn.ravel()[129:]).all()
    assert "129 values" in texts(figure)
    assert_legible(figure)


def test_rows_of_a_deep_model_are_left_out() -> None:
    figure = plot(*(Block((f"layer {number}",), maps(1)) for number in range(50)))

    named = [text for text in texts(figure) if text.startswith("layer ")]
    assert len(named) == MAX_ROWS
    assert (named[0], named[-1]) == ("layer 0", "layer 49")
    assert title(figure).startswith(f"Activations of {MAX_ROWS + 1} of 51 layer blocks")
