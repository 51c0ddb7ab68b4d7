"""Training data: a validation set held out, synthetic images added."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistcli import datasets
from mnistcli.config import TrainConfig
from mnistcli.datasets import Dataset, Splits
from mnistcli.errors import OTHER_DATASET, DataError
from mnistcli.mnist_format import NUM_CLASSES
from mnistcli.synthetic.digit_styles import generate_styled_digits
from mnistcli.synthetic.non_digits import generate_non_digits
from mnistcli.training.losses import encode_labels


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The images of a run.

    Attributes:
        name: Name of the dataset.
        train: Images to train on, without synthetic ones.
        validation: Images held out for validation; None without validation.
        test: Images to test on.
    """

    name: str
    train: Dataset
    validation: Dataset | None
    test: Dataset


def hold_out_validation(config: TrainConfig, splits: Splits) -> TrainingData:
    """Limit the training images, and hold some of them out for validation.

    If the dataset has validation images of its own, those are used instead.

    Args:
        config: The config.
        splits: Training and test images, and validation images if the dataset has them.

    Raises:
        DataError: There are too few images.
    """
    train, validation = splits.train, None
    if not len(train):
        raise DataError(f"no training images in {splits.name!r}", hint=OTHER_DATASET)
    if config.limit is not None:
        train = train.subset(config.limit)
    if config.validation_split > 0:
        is_limited = len(train) < len(splits.train)
        hint = "--limit 1000" if is_limited else OTHER_DATASET
        if splits.validation is not None:
            validation = splits.validation
        else:
            train, validation = datasets.hold_out(train, config.validation_split, hint=hint)
    return TrainingData(splits.name, train, validation, splits.test)


def training_examples(
    config: TrainConfig, train: Dataset
) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Return images and targets, with the synthetic digits and non-digits of the config.

    The target of a non-digit is the uniform distribution: outlier exposure (Hendrycks et al.,
    "Deep anomaly detection with outlier exposure", ICLR 2019).

    Args:
        config: The config.
        train: Images without those held out for validation.

    Returns:
        uint8 (n, 28, 28), and the targets as `encode_labels` returns them.
    """
    count = len(train)
    if config.rare_styles:
        styled = generate_styled_digits(train, round(config.rare_styles * count), seed=config.seed)
        train = train.concatenate(styled)
    targets = encode_labels(config, train.labels)
    if not config.non_digits:
        return train.images, targets
    outliers = generate_non_digits(train, round(config.non_digits * count), seed=config.seed)
    uniform = np.full((len(outliers), NUM_CLASSES), 1 / NUM_CLASSES, targets.dtype)
    return np.concatenate([train.images, outliers]), np.concatenate([targets, uniform])
