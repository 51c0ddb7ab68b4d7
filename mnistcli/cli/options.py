"""Shared options: those that several subcommands have."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mnistcli.pixel_scales import AUTO_SCALE, DARK_ON_LIGHT_SCALES, PIXEL_SCALES

_MODEL_HELP = (
    "A run directory, the name of a run under runs/, a .keras or .h5 file, latest (the newest "
    "finished run) or pretrained (the packaged model). Several models are averaged. Default: "
    "$MNISTCLI_MODEL, else latest, else pretrained."
)


def _dataset_option(default: str) -> Any:
    return typer.Option(
        metavar="NAME|PATH",
        help="mnist, digits (from scikit-learn), a CSV, .npz, .npy, .h5, .mat, .parquet or IDX "
        f"file, or a folder of these or of images. Default: {default}.",
        autocompletion=lambda: ["mnist", "digits"],
    )


def cluster_option(purpose: str, default: str = "this process") -> Any:
    """Return the option ``--cluster``; its help begins with what the command does on a cluster."""
    return typer.Option(
        metavar="ADDRESS",
        help=f"{purpose}: local (worker processes on this machine, one per processor), local:N, "
        "the address of a scheduler such as tcp://host:8786 or tls://host:8786, or a scheduler "
        f"file. Requires the cluster extra. Default: {default}.",
    )


ModelArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="MODEL",
        help=_MODEL_HELP,
        autocompletion=lambda: ["latest", "pretrained"],
    ),
]
DatasetOption = Annotated[str | None, _dataset_option("the dataset that the model was trained on")]
TrainingDatasetOption = Annotated[str | None, _dataset_option("mnist")]
_LIGHT_ON_DARK = [scale for scale in PIXEL_SCALES if scale not in DARK_ON_LIGHT_SCALES]
PixelScaleOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help=f"Pixel scale that an external model expects: {', '.join(_LIGHT_ON_DARK)} or, for "
        f"dark digits on light, {' or '.join(DARK_ON_LIGHT_SCALES)}; {AUTO_SCALE} detects it "
        "again. Default: detected once per file.",
        autocompletion=lambda: [*PIXEL_SCALES, AUTO_SCALE],
    ),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Directory of the MNIST files. Default: $MNISTCLI_DATA_DIR, else the user's cache, "
        "into which missing files are downloaded.",
    ),
]
OutputDirOption = Annotated[
    Path | None,
    typer.Option(
        "--output-dir",
        "-o",
        metavar="DIR",
        help="Directory for the figures. Default: plots/ in the run directory; MODEL_plots/ for "
        "any other model, ensemble_plots/ for several; with another dataset, a subdirectory of it.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
QuietOption = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Print results and errors only: no progress, no notes."),
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Also print TensorFlow's log messages.")
]
