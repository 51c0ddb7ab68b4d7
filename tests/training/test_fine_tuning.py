"""Fine-tuning: frozen layers."""

import keras
from keras import layers

from mnistcli.architectures import build_model
from mnistcli.training.fine_tuning import freeze_early, unfreeze


def test_only_the_last_convolution_and_later_layers_are_fine_tuned() -> None:
    model = build_model("accurate")

    freeze_early(model)

    assert [variable.path.split("/")[-1] for variable in model.trainable_variables] == [
        "kernel",  # of the last convolution
        "kernel",
        "bias",
    ]
    assert model.trainable_variables[0].shape == (3, 3, 128, 128)


def test_a_model_without_a_convolution_is_fine_tuned_as_a_whole() -> None:
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)])

    freeze_early(model)

    assert len(model.trainable_variables) == 2


def test_unfreezing_makes_all_layers_trainable() -> None:
    model = build_model("accurate")
    before = len(model.trainable_variables)
    freeze_early(model)

    unfreeze(model)

    assert len(model.trainable_variables) == before
