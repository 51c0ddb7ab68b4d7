"""Fine-tuning (transfer learning): the frozen layers, which are made trainable again."""

import keras
from keras import layers

from mnistcli.architectures import leaf_layers


def freeze_early(model: keras.Model) -> None:
    """Freeze a model for fine-tuning, except its last convolution and the layers after it.

    Batch normalization is frozen everywhere: a few images are too few to estimate its statistics
    (moving averages of mean and variance).

    Args:
        model: The model; it is changed. Without a convolution, only batch normalization is frozen.
    """
    unfreeze(model)
    leaves = list(leaf_layers(model))
    is_convolution = [isinstance(layer, layers.Conv2D) for layer in leaves]
    last = len(leaves) - 1 - is_convolution[::-1].index(True) if any(is_convolution) else 0
    for index, layer in enumerate(leaves):
        normalizes = isinstance(layer, layers.BatchNormalization)
        layer.trainable = index >= last and not normalizes


def unfreeze(model: keras.Model) -> None:
    """Make every layer of a model trainable again."""
    for layer in model.layers:  # setting the flag of the model does not reach them
        layer.trainable = True
