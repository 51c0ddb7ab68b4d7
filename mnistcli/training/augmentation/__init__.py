"""Data augmentation: Keras layers that change digits at random, in training only.

They stay outside the saved model and never flip an image, so a digit stays the same digit. The
transforms are affine and projective; there is no elastic distortion, random erasing or mixup.
"""

import keras

from mnistcli.config import TrainConfig
from mnistcli.training.augmentation.affine import RandomAffine
from mnistcli.training.augmentation.distortions import RandomDistortion

__all__ = ["RandomAffine", "RandomDistortion", "augmentation_layers"]


def augmentation_layers(config: TrainConfig) -> list[keras.Layer]:
    """Return the augmentation layers of a config, in the order in which they are applied."""
    layers: list[keras.Layer] = []
    if config.augment:
        layers.append(RandomAffine(seed=config.seed))
    if config.distort:
        layers.append(RandomDistortion(seed=config.seed))
    return layers
