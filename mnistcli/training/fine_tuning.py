"""Fine-tuning (transfer learning): the layers that are frozen, and made trainable again."""

import keras
from keras import layers


def freeze_early(model: keras.Model) -> None:
    """Freeze a model for fine-tuning, except its last convolution and the layers after it.

    Batch normalization is frozen everywhere: a few images are too few to estimate its statistics.

    Args:
        model: A model made by `build_model`; it is changed. Without a convolution, only batch
            normalization is frozen.
    """
    is_convolution = [isinstance(layer, layers.Conv2D) for layer in model.layers]
    last = len(model.layers) - 1 - is_convolution[::-1].index(True) if any(is_convolution) else 0
    for index, layer in enumerate(model.layers):
        normalizes = isinstance(layer, layers.BatchNormalization)
        layer.trainable = index >= last and not normalizes


def unfreeze(model: keras.Model) -> None:
    """Make every layer of a model trainable again."""
    for layer in model.layers:  # setting the flag of the model does not reach them
        layer.trainable = True
