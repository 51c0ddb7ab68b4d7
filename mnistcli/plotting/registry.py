"""Plot registry: `PLOT_KINDS`, the kinds of plots, and `save_plots`, which draws them.

To register a new kind, add it to `PLOT_KINDS`. This module is cheap to import: the command
line reads the names from here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from mnistcli.errors import OTHER_DATASET, DataError
from mnistcli.file_formats import FIGURE_FORMATS
from mnistcli.plotting import availability, figures
from mnistcli.plotting.inputs import PlotInputs

if TYPE_CHECKING:  # help does without them
    from matplotlib.figure import Figure

    from mnistcli.datasets import Dataset, Splits
    from mnistcli.evaluation import Evaluation
    from mnistcli.model_lookup import ModelRef


def save_plots(
    model_ref: "ModelRef",
    dataset_name: str,
    dataset: "Dataset",
    output_dir: Path,
    *,
    kinds: Sequence[str] | None = None,
    count: int = 24,
    seed: int = 0,
    evaluation: "Evaluation | None" = None,
    splits: "Splits | None" = None,
    file_format: str = FIGURE_FORMATS[0],
    on_plot: Callable[[str, int, int], None] | None = None,
) -> list[Path]:
    """Draw plots of a model, each into a file such as ``confusion.png``.

    Args:
        model_ref: The model.
        dataset_name: Name of the dataset.
        dataset: Images that the model was not trained on.
        output_dir: Directory for the files. It is created if it does not exist; older plots in it
            are replaced.
        kinds: Names in `PLOT_KINDS`. Defaults to all that are available for the model.
        count: Maximum number of digits in samples, mistakes and occlusion maps.
        seed: Random seed of the samples and of the digits in the embedding.
        evaluation: The evaluation of the model on `dataset`. Computed if a plot needs it and it is
            not given.
        splits: The whole dataset. The plot of the augmentation needs its training images.
        file_format: Format of the files, a name in `mnistcli.file_formats.FIGURE_FORMATS`.
        on_plot: Receives the kind of each plot before it is drawn, the number of kinds before it,
            and the number of all kinds.

    Returns:
        The files, in the order of the kinds.

    Raises:
        ModelError: The model cannot be loaded.
        DataError: The dataset is empty.
        PlotError: A plot that was asked for is not available for the model.
        OutputError: A file cannot be written.
    """
    if not len(dataset):
        raise DataError("the dataset has no images to plot", hint=OTHER_DATASET)
    from mnistcli.plotting.quiet_import import import_matplotlib

    import_matplotlib()
    from mnistcli.plotting.style import save_figure

    inputs = PlotInputs(model_ref, dataset_name, dataset, count, seed, evaluation, splits)
    files = []
    names = tuple(dict.fromkeys(kinds or PLOT_KINDS))
    for number, name in enumerate(names):
        if on_plot is not None:
            on_plot(name, number, len(names))
        kind = PLOT_KINDS[name]
        unavailable = kind.find_error(inputs)
        if unavailable is None:
            file = output_dir / f"{name}.{file_format}"
            files.append(save_figure(kind.draw(inputs), file, hint="--output-dir DIR"))
        elif kinds:
            raise unavailable
    return files


@dataclass(frozen=True)
class PlotKind:
    """A kind of plot.

    Attributes:
        draw: Draws the plot.
        find_error: Returns the error of a model that cannot have the plot; None if it can.
    """

    draw: Callable[[PlotInputs], "Figure"]
    find_error: availability.FindError = availability.no_error


PLOT_KINDS: Mapping[str, PlotKind] = MappingProxyType(
    {
        "history": PlotKind(figures.history_figure, availability.history_error),
        "confusion": PlotKind(figures.confusion_figure),
        "calibration": PlotKind(figures.calibration_figure),
        "samples": PlotKind(figures.samples_figure),
        "mistakes": PlotKind(figures.mistakes_figure),
        "occlusion": PlotKind(figures.occlusion_figure),
        "filters": PlotKind(figures.filters_figure, availability.filters_error),
        "activations": PlotKind(figures.activations_figure, availability.activations_error),
        "embedding": PlotKind(figures.embedding_figure, availability.embedding_error),
        "augmentation": PlotKind(figures.augmentation_figure, availability.augmentation_error),
    }
)
"""The kinds of plots, keyed by name, in the order in which they are drawn."""
