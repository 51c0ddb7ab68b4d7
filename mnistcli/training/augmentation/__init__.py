"""Data augmentation: Keras layers that change digits at random, in training only.

They stay outside the saved model and never flip an image, so a digit stays the same digit.
"""

from mnistcli.training.augmentation.affine import RandomAffine
from mnistcli.training.augmentation.distortions import RandomDistortion

__all__ = ["RandomAffine", "RandomDistortion"]
