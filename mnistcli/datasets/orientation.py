"""Orientation: find transposed images, such as EMNIST's, with the packaged model."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.dataset import Dataset, Splits
from mnistcli.model_lookup import PRETRAINED, find_model

_SAMPLE = 200
_MIN_IMAGES = 20  # images: fewer are not conclusive
_MIN_IMAGES_FOR_DOUBT = 100
# Accuracies of the packaged model.
_GOOD_ACCURACY, _POOR_ACCURACY, _DOUBTFUL_ACCURACY = 0.9, 0.6, 0.3

_Transform = Callable[[NDArray[Any]], NDArray[Any]]
_TRANSFORMS: dict[str, _Transform] = {
    "transposed": lambda images: images.swapaxes(1, 2),
    "rotated clockwise": partial(np.rot90, k=1, axes=(1, 2)),
    "rotated counterclockwise": partial(np.rot90, k=3, axes=(1, 2)),
    "upside down": partial(np.rot90, k=2, axes=(1, 2)),
    "mirrored": lambda images: images[:, :, ::-1],
    "flipped": lambda images: images[:, ::-1],
}
"""Functions that turn images upright, keyed by orientation."""


def turn_upright(splits: Splits) -> Splits:
    """Turn the images of a dataset upright, if the packaged model recognizes them only then.

    As a sanity check of the data, a note is added if it recognizes them in no orientation.

    Args:
        splits: The dataset; its name is the name of the source.
    """
    whole = max((splits.train, splits.test), key=len)
    if len(whole) < _MIN_IMAGES:
        return splits
    sample = whole.subset(_SAMPLE)
    from mnistcli.inference.loading import cached_classifier  # noqa: PLC0415 - for few datasets

    classifier = cached_classifier(find_model(PRETRAINED).files)

    def accuracy(images: NDArray[np.uint8]) -> float:
        predicted = classifier.predict(np.ascontiguousarray(images)).argmax(axis=1)
        return float(np.mean(predicted == sample.labels))

    upright = accuracy(sample.images)
    if upright >= _POOR_ACCURACY:
        return splits
    scores = {name: accuracy(turn(sample.images)) for name, turn in _TRANSFORMS.items()}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] >= _GOOD_ACCURACY:
        example = ", as in EMNIST" if best == "transposed" else ""
        note = f"the images in {splits.name!r} are {best}{example}: turned upright"
        return _transform(splits, _TRANSFORMS[best], note)
    if upright < _DOUBTFUL_ACCURACY and len(whole) >= _MIN_IMAGES_FOR_DOUBT:
        note = (
            f"the packaged model recognizes {upright:.0%} of the images in {splits.name!r}: check "
            "that they show digits and have correct labels"
        )
        return replace(splits, notes=(*splits.notes, note))
    return splits


def _transform(splits: Splits, turn: _Transform, note: str) -> Splits:
    def transform(part: Dataset) -> Dataset:
        return Dataset(np.ascontiguousarray(turn(part.images)), part.labels)

    return replace(
        splits,
        train=transform(splits.train),
        test=transform(splits.test),
        validation=None if splits.validation is None else transform(splits.validation),
        notes=(*splits.notes, note),
    )
