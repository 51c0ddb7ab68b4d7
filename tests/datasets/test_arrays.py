"""Arrays of images and labels: their pixel scales, tested through an archive of NumPy."""

from pathlib import Path

import numpy as np
import pytest

from mnistcli import datasets
from tests.datasets.helpers import TEST, TRAIN, save_arrays


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64, np.float32])
def test_binary_images_are_black_and_white(tmp_path: Path, dtype: type) -> None:
    """They used to come in black: 1 was kept as 1 of 255."""
    train, test = TRAIN.images > 127, TEST.images > 127
    save_arrays(tmp_path / "d.npz", {"x_train": train.astype(dtype), "x_test": test.astype(dtype)})

    splits = datasets.load("d.npz")

    np.testing.assert_array_equal(splits.train.images, np.where(train, 255, 0))
    np.testing.assert_array_equal(splits.test.images, np.where(test, 255, 0))


@pytest.mark.parametrize("white", [15, 16])
@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_images_of_16_gray_levels_are_scaled_to_255(
    tmp_path: Path, white: int, dtype: type
) -> None:
    train, test = (np.rint(part.images / 255 * white) for part in (TRAIN, TEST))
    save_arrays(tmp_path / "d.npz", {"x_train": train.astype(dtype), "x_test": test.astype(dtype)})

    splits = datasets.load("d.npz")

    assert splits.train.images.max() == splits.test.images.max() == 255
    np.testing.assert_array_equal(splits.train.images, np.rint(train * (255 / white)))
    assert np.abs(splits.test.images - TEST.images.astype(float)).max() <= 9


def test_training_and_test_images_have_one_scale(tmp_path: Path) -> None:
    """Test images that happen to be dark stay dark."""
    dark = np.where(TEST.images > 127, 12, 0).astype(np.uint8)
    save_arrays(tmp_path / "d.npz", {"x_test": dark})

    splits = datasets.load("d.npz")

    np.testing.assert_array_equal(splits.test.images, dark)
