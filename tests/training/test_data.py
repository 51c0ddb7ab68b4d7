"""Training data: validation images held out, synthetic images added."""

from dataclasses import replace

import numpy as np
import pytest

from mnistcli.config import TrainConfig
from mnistcli.datasets import Splits
from mnistcli.errors import DataError
from mnistcli.synthetic.digit_styles import generate_styled_digits
from mnistcli.training.data import hold_out_validation, training_examples


def test_validation_images_are_held_out_of_the_limited_training_images(splits: Splits) -> None:
    data = hold_out_validation(TrainConfig(limit=200, validation_split=0.25), splits)

    assert data.validation is not None
    assert (len(data.train), len(data.validation)) == (150, 50)
    assert data.name == splits.name
    assert data.test is splits.test
    assert np.bincount(data.validation.labels).tolist() == [5] * 10


def test_every_seed_holds_out_the_same_images(splits: Splits) -> None:
    one, other = (hold_out_validation(TrainConfig(seed=seed), splits) for seed in (0, 5))

    np.testing.assert_array_equal(one.train.images, other.train.images)


def test_without_validation_all_images_are_trained_on(splits: Splits) -> None:
    data = hold_out_validation(TrainConfig(validation_split=0), splits)

    assert data.validation is None
    assert data.train is splits.train


@pytest.mark.parametrize(("limit", "hint"), [(20, "--limit 1000"), (None, "--dataset digits")])
def test_too_few_images_to_hold_some_out(splits: Splits, limit: int | None, hint: str) -> None:
    few = replace(splits, train=splits.train.subset(50))

    with pytest.raises(DataError, match="too few images to hold out 10 %") as caught:
        hold_out_validation(TrainConfig(limit=limit), few)

    assert caught.value.hint == hint


@pytest.mark.parametrize("fraction", [0.0, 0.1])
def test_a_dataset_without_training_images_is_refused(splits: Splits, fraction: float) -> None:
    """Without validation, it used to end in a KeyError after the first epoch."""
    empty = replace(splits, name="few", train=splits.train.take([]))

    with pytest.raises(DataError, match="no training images in 'few'"):
        hold_out_validation(TrainConfig(validation_split=fraction), empty)


def test_digits_in_rare_styles_join_the_training_images(splits: Splits) -> None:
    images, targets = training_examples(TrainConfig(rare_styles=0.5), splits.train)

    assert len(images) == len(targets) == 600
    assert (images[:400] == splits.train.images).all()
    styled = generate_styled_digits(splits.train, 200, seed=0)
    np.testing.assert_array_equal(images[400:], styled.images)
    np.testing.assert_array_equal(targets[400:].argmax(axis=1), styled.labels)


def test_non_digits_have_uniform_targets(splits: Splits) -> None:
    config = TrainConfig(rare_styles=0.5, non_digits=0.25)

    images, targets = training_examples(config, splits.train)

    assert len(images) == len(targets) == 400 + 200 + 100
    assert (targets[:600].max(axis=1) == 1).all()
    np.testing.assert_allclose(targets[600:], 0.1)
    assert (images[:400] == splits.train.images).all()


def test_integer_targets_are_the_labels(splits: Splits) -> None:
    images, targets = training_examples(TrainConfig(loss="sparse"), splits.train)

    assert images is splits.train.images
    np.testing.assert_array_equal(targets, splits.train.labels)
