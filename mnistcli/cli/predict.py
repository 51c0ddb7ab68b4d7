"""``mnistcli predict``."""

from pathlib import Path
from typing import Annotated

import typer

from mnistcli import console
from mnistcli.cli.options import JsonOption, png
from mnistcli.runs import find_model


def predict(
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE", help="Pictures of one digit each, or directories of them."),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="A run directory or a .keras file. Left out: $MNISTCLI_MODEL, else the newest "
            "finished run under runs/.",
        ),
    ] = None,
    top: Annotated[
        int, typer.Option(metavar="K", min=1, max=10, help="Show the K most probable digits.")
    ] = 3,
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="PNG",
            callback=png,
            help="Draw each picture, the 28x28 the network saw and the probabilities.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read the digit on each picture: any size, format and polarity.

    With --json, one JSON object a picture and line.
    """
    found = find_model(model)
    with console.working("Loading the model"):
        from mnistcli.inference import Classifier
        from mnistcli.reading import read_pictures

        classifier = Classifier.load(found.file)
    readings = console.print_readings(
        read_pictures(classifier, images), found.name, top=top, as_json=as_json
    )
    if save is not None:
        from mnistcli.plotting import plot_predictions, save_figure

        console.print_saved(save_figure(plot_predictions(readings), save))
    if any(reading.error for reading in readings):
        raise typer.Exit(1)
