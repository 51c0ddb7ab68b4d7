"""The `plot` command: draw figures of a model."""

from collections.abc import Sequence
from typing import Annotated

import typer

from mnistcli.cli.dataset_loading import load_splits
from mnistcli.cli.interface_notes import store_interface
from mnistcli.cli.options import (
    DataDirOption,
    DatasetOption,
    ModelArgument,
    OutputDirOption,
    PixelScaleOption,
    QuietOption,
)
from mnistcli.cli.streams import print_model, print_paths, set_verbosity
from mnistcli.config_validation import require_choice
from mnistcli.errors import ConfigError
from mnistcli.file_formats import FIGURE_FORMATS
from mnistcli.plotting.limits import MAX_OCCLUDED, MAX_SAMPLES
from mnistcli.plotting.registry import PLOT_KINDS, save_plots

_ALL = "all"


def plot(
    model: ModelArgument = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help=f"Plots to draw: {', '.join(PLOT_KINDS)} or {_ALL}. Repeat the option or separate "
            "several kinds by commas. Default: all that are available for the model.",
            autocompletion=lambda: [*PLOT_KINDS, _ALL],
        ),
    ] = None,
    dataset: DatasetOption = None,
    data_dir: DataDirOption = None,
    output_dir: OutputDirOption = None,
    file_format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="NAME",
            help=f"Format of the figures: {', '.join(FIGURE_FORMATS)}.",
            autocompletion=lambda: list(FIGURE_FORMATS),
        ),
    ] = FIGURE_FORMATS[0],
    count: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            max=MAX_SAMPLES,
            help=f"Digits in samples and mistakes; at most {MAX_OCCLUDED} in occlusion.",
        ),
    ] = 24,
    seed: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            help="Random seed of the samples and of the digits in the embedding.",
        ),
    ] = 0,
    pixel_scale: PixelScaleOption = None,
    quiet: QuietOption = False,
) -> None:
    """Draw figures of a model and its run: PNG, SVG or PDF files.

    They show the training history, the confusion matrix, the calibration, predictions, mistakes,
    filters, activations, an embedding and the augmentation.
    """
    from mnistcli.model_lookup import find_model
    from mnistcli.plotting.directories import plots_dir

    set_verbosity(quiet=quiet)
    kinds = _choose_kinds(kind or ())
    file_format = require_choice("format", file_format, FIGURE_FORMATS)
    model_ref = find_model(*model or ())
    print_model(model_ref.description)
    store_interface(model_ref, pixel_scale)
    splits = load_splits(dataset or model_ref.datasets[0], data_dir)
    from mnistcli.cli.progress import CountBar

    with CountBar("Drawing", "plots") as bar:
        files = save_plots(
            model_ref,
            splits.name,
            splits.images_not_trained_on(*model_ref.datasets),
            output_dir or plots_dir(model_ref, splits.name),
            kinds=kinds,
            count=count,
            seed=seed,
            splits=splits,
            file_format=file_format,
            on_plot=lambda name, done, total: bar.show(f"Drawing {name}", done, total),
        )
    print_paths(*files)


def _choose_kinds(values: Sequence[str]) -> list[str] | None:
    """Return the kinds in the comma-separated values of ``--kind``; None for all available.

    Raises:
        ConfigError: There is no such kind.
    """
    names = [name.strip() for value in values for name in value.split(",")]
    kinds: list[str] = []
    for position, name in enumerate(names):
        try:
            kinds.append(require_choice("kind", name, [*PLOT_KINDS, _ALL]))
        except ConfigError as error:
            suggestion = (error.hint or "").removeprefix("--kind ")
            corrected = ",".join([*names[:position], suggestion, *names[position + 1 :]])
            raise ConfigError(error.message, hint=f"--kind {corrected}") from error
    return None if _ALL in kinds or not kinds else kinds
