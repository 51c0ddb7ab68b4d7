"""``mnistcli plot``."""

from pathlib import Path
from typing import Annotated

import typer

from mnistcli.cli.options import DataDirOption, DatasetOption, ModelArgument
from mnistcli.cli.progress import DownloadProgress, working
from mnistcli.cli.streams import print_saved
from mnistcli.config import PLOTS
from mnistcli.model_store import find_model
from mnistcli.settings import require_choice


def plot(
    model: ModelArgument = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help=f"What to draw: {', '.join(PLOTS)}. May be given more than once. Left out: all "
            "that the model allows.",
            autocompletion=lambda: list(PLOTS),
        ),
    ] = None,
    dataset: DatasetOption = None,
    data_dir: DataDirOption = None,
    output_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the PNGs go. Left out: plots/ in the run."),
    ] = None,
    count: Annotated[
        int, typer.Option(metavar="N", min=1, max=400, help="Digits on samples and mistakes.")
    ] = 24,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Which samples are drawn.")] = 0,
) -> None:
    """Draw a model's history, confusion matrix, samples, mistakes and filters as PNG files."""
    for name in kind or ():
        require_choice("kind", name, PLOTS)
    found = find_model(*model or ())
    with working("Starting"):
        from mnistcli import datasets
        from mnistcli.plotting import registry
    data = datasets.load(
        dataset or found.datasets[0], data_dir=data_dir, listener=DownloadProgress()
    )
    with working("Drawing"):
        saved = registry.draw(
            found,
            data.images_not_trained_on(*found.datasets),
            output_dir or found.plots_dir(data.name),
            kinds=kind,
            count=count,
            seed=seed,
        )
    print_saved(*saved)
