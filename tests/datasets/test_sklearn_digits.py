"""The digits dataset of scikit-learn, in MNIST format."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

from mnistcli import datasets
from mnistcli.datasets import Splits
from mnistcli.datasets.sklearn_digits import _enlarge


@pytest.fixture(scope="module")
def digits() -> Splits:
    return datasets.load("digits")


def test_a_fifth_of_scikit_learns_digits_are_test_images(digits: Splits) -> None:
    assert (digits.name, len(digits.train), len(digits.test)) == ("digits", 1437, 360)
    assert digits.has_own_split
    assert np.bincount(digits.all.labels).tolist() == np.bincount(load_digits().target).tolist()
    assert np.bincount(digits.test.labels).tolist() == [36, 36, 35, 37, 36, 37, 36, 36, 35, 36]


def test_digits_are_in_mnist_format(digits: Splits) -> None:
    images = digits.all.images
    assert (images.max(axis=(1, 2)) == 255).all()
    for image in images:
        rows, columns = np.nonzero(image)
        assert 18 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 20
        assert ndimage.center_of_mass(image) == pytest.approx((14, 14), abs=0.52)
    # The mean of MNIST is 0.131, and 81 % of its pixels are background.
    assert 0.12 < images.mean() / 255 < 0.15
    assert (images == 0).mean() > 0.7


def test_digits_keep_their_labels(digits: Splits) -> None:
    """A nearest-neighbor classifier predicts the test images."""
    nearest = KNeighborsClassifier(1).fit(digits.train.images.reshape(-1, 784), digits.train.labels)

    assert nearest.score(digits.test.images.reshape(-1, 784), digits.test.labels) > 0.97


def test_digits_are_the_same_each_time(digits: Splits) -> None:
    again = datasets.load("digits")

    np.testing.assert_array_equal(again.train.images, digits.train.images)
    np.testing.assert_array_equal(again.test.labels, digits.test.labels)


def test_each_digit_is_enlarged_as_if_it_were_alone() -> None:
    small = load_digits().images[:20].astype(np.float32)

    for enlarged, image in zip(_enlarge(small), small, strict=True):
        alone = Image.fromarray(image).resize((20, 20), Image.Resampling.BICUBIC)
        np.testing.assert_array_equal(enlarged, np.asarray(alone))
