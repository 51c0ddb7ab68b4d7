"""Options that more than one command has."""

from pathlib import Path
from typing import Annotated

import typer

ModelArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="MODEL",
        help="A run directory, a .keras file or pretrained; the probabilities of several are "
        "averaged. Left out: $MNISTCLI_MODEL, else the newest finished run under runs/, else "
        "pretrained.",
    ),
]
DatasetOption = Annotated[
    str | None,
    typer.Option(
        metavar="mnist|digits|PATH",
        help="The data set: MNIST, the small one inside scikit-learn, or a path: IDX files, an "
        ".npz, or folders 0/ ... 9/ of pictures.",
        autocompletion=lambda: ["mnist", "digits"],
    ),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Where the MNIST files are. Left out: $MNISTCLI_DATA_DIR, else the user's cache, "
        "else they are downloaded into it.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
