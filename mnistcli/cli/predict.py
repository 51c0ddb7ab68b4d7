"""``mnistcli predict``."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from mnistcli.cli.options import JsonOption, png
from mnistcli.cli.progress import working
from mnistcli.cli.streams import print_saved
from mnistcli.cli.tables import print_predictions
from mnistcli.model_store import find_model

# More than anybody looks at in one picture.
_MOST_DRAWN = 100


def predict(
    images: Annotated[
        list[str],
        typer.Argument(
            metavar="IMAGE",
            help="Pictures, directories of them, patterns such as 'a/*.png', or - for a list of "
            "these on stdin, one a line.",
        ),
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL",
            help="A run directory, a .keras file or pretrained; given more than once, the "
            "probabilities are averaged. Left out: $MNISTCLI_MODEL, else the newest finished run "
            "under runs/, else pretrained.",
        ),
    ] = None,
    single: Annotated[
        bool, typer.Option("--single", help="Take all there is on a picture for one digit.")
    ] = False,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            min=0,
            max=1,
            help="How sure to be of a picture to answer, 0 to 1, on the mean of its digits. Left "
            "out: what refuses 0.4 % of the digits held out in training.",
        ),
    ] = None,
    top: Annotated[
        int,
        typer.Option(
            metavar="K", min=1, max=10, help="Show the K most probable digits of a single one."
        ),
    ] = 3,
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="PNG",
            callback=png,
            help="Draw each picture, the 28x28 the network saw and the probabilities.",
        ),
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(
            metavar="PNG",
            callback=png,
            help="Draw how the first 20 digits were read: their ink, what the network saw, and "
            "where it looked.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read the digits on each picture: any size, format and polarity.

    Numbers are read from left to right, line by line. With --json, one JSON object a picture.
    """
    found = find_model(*model or ())
    with working("Loading the model"):
        from mnistcli.image_sources import require_other_files
        from mnistcli.inference.ensemble import load_classifier
        from mnistcli.prediction import predict_images

        require_other_files([path for path in (save, explain) if path], images)
        classifier = load_classifier(found.files)
    readings, failed = print_predictions(
        predict_images(
            classifier,
            _listed(images),
            single=single,
            min_confidence=found.min_confidence if min_confidence is None else min_confidence,
        ),
        found.name,
        top=top,
        as_json=as_json,
        keep=_MOST_DRAWN if save or explain else 0,
    )
    if save is not None:
        from mnistcli.plotting import plot_predictions, save_figure

        print_saved(save_figure(plot_predictions(readings), save), as_json=as_json)
    if explain is not None:
        from mnistcli import explanation
        from mnistcli.plotting import plot_explanations, save_figure

        with working("Drawing"):
            figure = plot_explanations(explanation.explain(classifier, readings))
        print_saved(save_figure(figure, explain), as_json=as_json)
    if failed:
        raise typer.Exit(1)


def _listed(images: list[str]) -> Iterator[str]:
    """Put the lines on stdin in the place of ``-``."""
    for image in images:
        if image == "-":
            yield from (line.rstrip("\r\n") for line in sys.stdin if line.strip())
        else:
            yield image
