"""Figures of the kinds of plots: each function computes the inputs of a figure and draws it.

This module is cheap to import.
"""

from typing import TYPE_CHECKING

from mnistcli.plotting.inputs import PlotInputs

if TYPE_CHECKING:  # help does without them
    from matplotlib.figure import Figure

    from mnistcli.runs.run import Run


def history_figure(inputs: PlotInputs) -> "Figure":
    """Return the figure of the training history of a run."""
    from mnistcli.plotting.history import plot_history

    config = inputs.run.read_config()
    return plot_history(
        inputs.run.read_history(),
        model_name=inputs.model_ref.name,
        dataset_name=config.dataset,
        images=_count_training_images(inputs.run),
        keeps_last=config.keeps_last,
        smoothed=config.label_smoothing > 0,
    )


def confusion_figure(inputs: PlotInputs) -> "Figure":
    """Return the figure of the confusion matrix."""
    from mnistcli.plotting.confusion import plot_confusion

    return plot_confusion(
        inputs.evaluation.confusion_matrix,
        model_name=inputs.model_ref.name,
        dataset_name=inputs.dataset_name,
    )


def samples_figure(inputs: PlotInputs) -> "Figure":
    """Return the figure of random digits."""
    from mnistcli.plotting.samples import plot_samples

    return plot_samples(
        inputs.dataset,
        inputs.evaluation.probabilities,
        inputs.random_indices(inputs.count),
        model_name=inputs.model_ref.name,
        dataset_name=inputs.dataset_name,
    )


def mistakes_figure(inputs: PlotInputs) -> "Figure":
    """Return the figure of the worst mistakes."""
    from mnistcli.plotting.mistakes import plot_mistakes

    return plot_mistakes(
        inputs.dataset,
        inputs.evaluation.probabilities,
        count=inputs.count,
        model_name=inputs.model_ref.name,
        dataset_name=inputs.dataset_name,
    )


def filters_figure(inputs: PlotInputs) -> "Figure":
    """Return the figure of the first convolution: its filters and feature maps of one digit."""
    from mnistcli.plotting.filters import plot_filters
    from mnistcli.plotting.layer_outputs import first_convolution

    image = inputs.dataset.images[0]
    kernels, maps = first_convolution(inputs.keras_model, image)
    return plot_filters(
        kernels, image, maps, model_name=inputs.model_ref.name, dataset_name=inputs.dataset_name
    )


def calibration_figure(inputs: PlotInputs) -> "Figure":
    """Return the figure of the reliability diagram."""
    from mnistcli.plotting.calibration import plot_calibration

    evaluation = inputs.evaluation
    return plot_calibration(
        evaluation.labels,
        evaluation.probabilities,
        evaluation.calibration_error,
        model_name=inputs.model_ref.name,
        dataset_name=inputs.dataset_name,
    )


def embedding_figure(inputs: PlotInputs) -> "Figure":
    """Return the figure of the embedding: random digits in two dimensions."""
    model = inputs.keras_model
    from mnistcli.plotting.embedding import MAX_DIGITS, plot_embedding
    from mnistcli.plotting.layer_outputs import hidden_features

    chosen = inputs.random_indices(MAX_DIGITS)
    return plot_embedding(
        hidden_features(model, inputs.dataset.images[chosen]),
        inputs.dataset.labels[chosen],
        inputs.evaluation.predicted[chosen],
        images=len(inputs.dataset),
        model_name=inputs.model_ref.name,
        dataset_name=inputs.dataset_name,
    )


def activations_figure(inputs: PlotInputs) -> "Figure":
    """Return the figure of the activations of the first digit."""
    model = inputs.keras_model
    from mnistcli.plotting.activations import plot_activations
    from mnistcli.plotting.layer_outputs import block_outputs

    image = inputs.dataset.images[0]
    return plot_activations(
        image,
        block_outputs(model, image),
        model_name=inputs.model_ref.name,
        dataset_name=inputs.dataset_name,
    )


def augmentation_figure(inputs: PlotInputs) -> "Figure":
    """Return the figure of training images as the run saw them."""
    from mnistcli.system.keras_startup import start_quietly

    start_quietly()
    from mnistcli.plotting.augmentation import plot_augmentation
    from mnistcli.training.data import hold_out_validation

    config = inputs.run.read_config()
    if inputs.splits is None:
        raise ValueError("the plot requires the training images of the dataset")
    data = hold_out_validation(config, inputs.splits)
    return plot_augmentation(
        config, data.train, model_name=inputs.model_ref.name, dataset_name=data.name
    )


def occlusion_figure(inputs: PlotInputs) -> "Figure":
    """Return the figure of the occlusion maps of the worst mistakes."""
    from functools import partial

    from mnistcli.plotting.occlusion import plot_occlusion
    from mnistcli.prediction.occlusion import predict_occluded

    return plot_occlusion(
        inputs.dataset,
        inputs.evaluation.probabilities,
        partial(predict_occluded, inputs.classifier),
        count=inputs.count,
        model_name=inputs.model_ref.name,
        dataset_name=inputs.dataset_name,
    )


def _count_training_images(run: "Run") -> int | None:
    """Return the number of images of a finished run; None if it has not been recorded."""
    count = run.read_metrics().get("training_images") if run.is_finished else None
    return count if isinstance(count, int) else None
