"""Plot registry: `PLOT_KINDS`, the kinds of plots by name, and `draw_plots`, which draws them.

To register a new kind, add it to `PLOT_KINDS`. Importing this module is light: the command line
reads the names and help texts from here.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mnistcli.errors import CheckpointError, DataError, MnistCliError, RunError

if TYPE_CHECKING:  # help does without them
    from matplotlib.figure import Figure

    from mnistcli.datasets import Dataset
    from mnistcli.evaluation import Evaluation
    from mnistcli.model_lookup import ModelRef
    from mnistcli.runs import Run

# Every model has this plot.
_OTHER_KIND = "--kind confusion"


def draw_plots(
    model_ref: "ModelRef",
    dataset_name: str,
    dataset: "Dataset",
    output_dir: Path,
    *,
    kinds: Sequence[str] | None = None,
    count: int = 24,
    seed: int = 0,
    evaluation: "Evaluation | None" = None,
) -> list[Path]:
    """Draw plots of a model, each into ``KIND.png``.

    Args:
        model_ref: The model.
        dataset_name: Name of the dataset.
        dataset: Images that the model was not trained on.
        output_dir: Directory for the files. It is created if it does not exist; older plots in it
            are replaced.
        kinds: Names in `PLOT_KINDS`. Defaults to all that are available for the model.
        count: Maximum number of digits in samples and mistakes.
        seed: Random seed of the samples.
        evaluation: The evaluation of the model on `dataset`. Computed if a plot needs it and it is
            not given.

    Returns:
        The files, in the order of the kinds.

    Raises:
        CheckpointError: The model cannot be loaded, or it has no filters and they were asked for.
        DataError: The dataset is empty.
        RunError: The model has no history and it was asked for, or a file cannot be written.
    """
    if not len(dataset):
        raise DataError("the dataset has no images to plot", hint="--dataset digits")
    from mnistcli.plotting.quiet_import import import_matplotlib

    import_matplotlib()
    from mnistcli.plotting.style import save_figure

    inputs = PlotInputs(model_ref, dataset_name, dataset, count, seed, evaluation)
    files = []
    for name in dict.fromkeys(kinds or PLOT_KINDS):
        kind = PLOT_KINDS[name]
        unavailable = kind.check(inputs)
        if unavailable is None:
            file = output_dir / f"{name}.png"
            files.append(save_figure(kind.draw(inputs), file, hint="--output-dir DIR"))
        elif kinds:
            raise unavailable
    return files


@dataclass(frozen=True, eq=False)
class PlotInputs:
    """The inputs of the plots: a model and a dataset. Nothing is computed before a plot needs it.

    Attributes:
        model_ref: The model.
        dataset_name: Name of the dataset.
        dataset: Images that the model was not trained on.
        count: Maximum number of digits in samples and mistakes.
        seed: Random seed of the samples.
        known_evaluation: The evaluation of the model on `dataset`, if there is one already.
    """

    model_ref: "ModelRef"
    dataset_name: str
    dataset: "Dataset"
    count: int
    seed: int
    known_evaluation: "Evaluation | None"

    @property
    def run(self) -> "Run":
        """The run directory of a single model."""
        from mnistcli.runs import Run

        return self.model_ref.run or Run(self.model_ref.files[0].parent)

    @cached_property
    def evaluation(self) -> "Evaluation":
        """The evaluation of the model on the dataset."""
        if self.known_evaluation is not None:
            return self.known_evaluation
        from mnistcli.evaluation import evaluate
        from mnistcli.inference.ensemble import load_classifier

        return evaluate(load_classifier(self.model_ref.files), self.dataset)

    @cached_property
    def keras_model(self) -> Any:
        """The Keras model of a single model; loading it starts TensorFlow."""
        from mnistcli.device import start_quietly
        from mnistcli.model_check import check_model

        checked = check_model(self.model_ref.files[0])
        start_quietly()
        if self.model_ref.run is None:
            from mnistcli.inference.model_interface import complete

            return complete(checked).model
        from mnistcli import checkpoints

        return checkpoints.load_checked(checked)


@dataclass(frozen=True)
class PlotKind:
    """A kind of plot.

    Attributes:
        help: Description for the command line.
        draw: Draws the plot.
        check: Returns the error that says why a model cannot have the plot; None if it can.
    """

    help: str
    draw: Callable[[PlotInputs], "Figure"]
    check: Callable[[PlotInputs], MnistCliError | None] = lambda _: None


def _check_single(inputs: PlotInputs, name: str) -> MnistCliError | None:
    """Return an error for an ensemble, as only a single model has this plot."""
    model = inputs.model_ref
    if len(model.files) == 1:
        return None
    member = model.parts[0].name if model.parts else str(model.files[0].parent)
    return RunError(
        f"no {name} plot of an ensemble: plot its {len(model.files)} models one by one",
        hint=f"--model {shlex.quote(member)}",
    )


def _check_history(inputs: PlotInputs) -> MnistCliError | None:
    if error := _check_single(inputs, "history"):
        return error
    if inputs.model_ref.run is None:
        return RunError(
            f"no history: {inputs.model_ref.name!r} is a file outside a run directory",
            hint=_OTHER_KIND,
        )
    return None


def _draw_history(inputs: PlotInputs) -> "Figure":
    from mnistcli.plotting.history import plot_history

    config = inputs.run.read_config()
    return plot_history(
        inputs.run.read_history(),
        model=inputs.model_ref.name,
        dataset=config.dataset,
        images=_count_training_images(inputs.run),
        keeps_last=config.keeps_last,
        smoothed=config.label_smoothing > 0,
    )


def _count_training_images(run: "Run") -> int | None:
    """Return the number of images of a finished run; None if it has not been recorded."""
    count = run.read_metrics().get("training_images") if run.finished else None
    return count if isinstance(count, int) else None


def _draw_confusion(inputs: PlotInputs) -> "Figure":
    from mnistcli.plotting.confusion import plot_confusion

    return plot_confusion(
        inputs.evaluation.confusion_matrix,
        model=inputs.model_ref.name,
        dataset=inputs.dataset_name,
    )


def _draw_samples(inputs: PlotInputs) -> "Figure":
    import numpy as np

    from mnistcli.plotting.samples_and_mistakes import plot_samples

    order = np.random.default_rng(inputs.seed).permutation(len(inputs.dataset))
    return plot_samples(
        inputs.dataset,
        inputs.evaluation.probabilities,
        order[: inputs.count],
        model=inputs.model_ref.name,
        dataset_name=inputs.dataset_name,
    )


def _draw_mistakes(inputs: PlotInputs) -> "Figure":
    from mnistcli.plotting.samples_and_mistakes import plot_mistakes

    return plot_mistakes(
        inputs.dataset,
        inputs.evaluation.probabilities,
        count=inputs.count,
        model=inputs.model_ref.name,
        dataset_name=inputs.dataset_name,
    )


def _check_filters(inputs: PlotInputs) -> MnistCliError | None:
    if error := _check_single(inputs, "filters"):
        return error
    model = inputs.keras_model
    from keras.layers import Conv2D

    from mnistcli.architectures import leaf_layers

    if not any(isinstance(layer, Conv2D) for layer in leaf_layers(model)):
        return CheckpointError("no filters: the model has no convolution", hint=_OTHER_KIND)
    return None


def _draw_filters(inputs: PlotInputs) -> "Figure":
    from mnistcli.architectures import first_convolution
    from mnistcli.plotting.filters import plot_filters

    image = inputs.dataset.images[0]
    kernels, maps = first_convolution(inputs.keras_model, image)
    return plot_filters(
        kernels, image, maps, model=inputs.model_ref.name, dataset=inputs.dataset_name
    )


PLOT_KINDS: Mapping[str, PlotKind] = MappingProxyType(
    {
        "history": PlotKind("accuracy and loss per epoch", _draw_history, _check_history),
        "confusion": PlotKind("the confusion matrix", _draw_confusion),
        "samples": PlotKind("random digits with their predictions", _draw_samples),
        "mistakes": PlotKind("the misclassified digits, the most confident first", _draw_mistakes),
        "filters": PlotKind(
            "the kernels and feature maps of the first convolution", _draw_filters, _check_filters
        ),
    }
)
"""The kinds of plots by name, in the order in which they are drawn."""
