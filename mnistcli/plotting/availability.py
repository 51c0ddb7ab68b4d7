"""Availability of plots: the errors that say why a plot is not available for a model.

Each function returns the error; None if the model has the plot. This module is cheap to import.
"""

import shlex
from collections.abc import Callable

from mnistcli.errors import OTHER_PLOT, MnistCliError, PlotError
from mnistcli.plotting.inputs import PlotInputs

FindError = Callable[[PlotInputs], MnistCliError | None]


def no_error(_: PlotInputs) -> None:
    """Return None: every model has the plot."""


def history_error(inputs: PlotInputs) -> MnistCliError | None:
    """Return the error unless the model is a single one from a run with a history."""
    if error := _ensemble_error(inputs, "history") or _outside_run_error(inputs, "history"):
        return error
    if not inputs.run.has_history:
        return PlotError(f"no history: {inputs.model_ref.name!r} has none", hint=OTHER_PLOT)
    return None


def filters_error(inputs: PlotInputs) -> MnistCliError | None:
    """Return the error if the model is an ensemble or has no convolution."""
    if error := _ensemble_error(inputs, "filters"):
        return error
    model = inputs.keras_model
    from mnistcli.plotting.layer_outputs import has_convolution

    if not has_convolution(model):
        return PlotError("no filters: the model has no convolution", hint=OTHER_PLOT)
    return None


def activations_error(inputs: PlotInputs) -> MnistCliError | None:
    """Return the error if the model is an ensemble or has no hidden layer."""
    return _no_hidden_layer_error(inputs, "activations")


def embedding_error(inputs: PlotInputs) -> MnistCliError | None:
    """Return the error if the model is an ensemble or has no hidden layer."""
    return _no_hidden_layer_error(inputs, "embedding")


def augmentation_error(inputs: PlotInputs) -> MnistCliError | None:
    """Return the error if the run did not augment its images, or the dataset is another one."""
    if len(inputs.model_ref.files) > 1 and inputs.model_ref.run is None:
        return _ensemble_error(inputs, "augmentation")
    if error := _outside_run_error(inputs, "augmentation"):
        return error
    config = inputs.run.read_config()
    if not (config.augment or config.distort or config.rare_styles or config.non_digits):
        return PlotError(
            "no augmentation: the run used no augmentation, distortions or synthetic images",
            hint=OTHER_PLOT,
        )
    if inputs.splits is None or inputs.splits.name != config.dataset:
        return PlotError(
            f"no augmentation: {inputs.dataset_name!r} is not the dataset of the run",
            hint=f"--dataset {shlex.quote(config.dataset)}",
        )
    return None


def _ensemble_error(inputs: PlotInputs, name: str) -> MnistCliError | None:
    """Return an error for an ensemble, as only a single model has this plot."""
    model = inputs.model_ref
    if len(model.files) == 1:
        return None
    member = model.members[0].name if model.members else str(model.files[0].parent)
    return PlotError(
        f"no {name} plot of an ensemble: plot its {len(model.files)} models one by one",
        hint=f"--model {shlex.quote(member)}",
    )


def _outside_run_error(inputs: PlotInputs, name: str) -> MnistCliError | None:
    if inputs.model_ref.run is not None:
        return None
    return PlotError(
        f"no {name}: {inputs.model_ref.name!r} is a file outside a run directory",
        hint=OTHER_PLOT,
    )


def _no_hidden_layer_error(inputs: PlotInputs, name: str) -> MnistCliError | None:
    if error := _ensemble_error(inputs, name):
        return error
    model = inputs.keras_model
    from mnistcli.plotting.layer_outputs import has_hidden_layer

    if not has_hidden_layer(model):
        return PlotError(f"no {name}: the model has no hidden layer", hint=OTHER_PLOT)
    return None
