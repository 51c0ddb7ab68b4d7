"""MNIST format: which images are already normalized digits."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops

from mnistcli.datasets import load
from mnistcli.preprocessing.mnist_format_check import detect_mnist_digit
from tests.support.polylines import detect_single, draw


def test_every_test_digit_of_mnist_is_in_mnist_format(mnist_dir: Path) -> None:
    images = load("mnist", data_dir=mnist_dir).test.images
    assert len(images) == 10_000
    for image in images:
        digit = detect_mnist_digit(Image.fromarray(image))
        assert digit is not None
        assert (digit.image == image).all()


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_normalized_digit_is_in_mnist_format(mode: str) -> None:
    image = detect_single(draw()).image

    digit = detect_mnist_digit(Image.fromarray(image).convert(mode))

    assert digit is not None
    assert (digit.image == image).all()
    rows, columns = np.nonzero(image)
    assert digit.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert (
        digit.mask == (image[rows.min() : rows.max() + 1, digit.box[0] : digit.box[2]] > 0)
    ).all()
    assert digit.probabilities is None


def _normalized() -> Image.Image:
    return Image.fromarray(detect_single(draw()).image)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(ImageChops.offset(_normalized(), -2, 3), id="not centered"),
        pytest.param(_normalized().point(lambda value: value // 4), id="low contrast"),
        pytest.param(_normalized().point(lambda value: 255 - value), id="black on white"),
        pytest.param(_normalized().resize((56, 56)), id="larger"),
        pytest.param(_normalized().resize((14, 14)).crop((-7, -7, 21, 21)), id="a smaller digit"),
        pytest.param(Image.new("L", (28, 28)), id="blank"),
        pytest.param(
            Image.merge("RGB", [_normalized(), _normalized(), Image.new("L", (28, 28))]), id="color"
        ),
    ],
)
def test_other_images_are_not_in_mnist_format(image: Image.Image) -> None:
    assert detect_mnist_digit(image) is None
