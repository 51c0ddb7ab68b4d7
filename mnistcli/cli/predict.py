"""The `predict` command: predict the digits in images, as a table or as JSON Lines."""

import os
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnistcli.cli.forms import FormPrinter, load_regions, predict_regions
from mnistcli.cli.options import JsonOption, PixelScaleOption, QuietOption
from mnistcli.cli.prediction_csv import CsvPrinter
from mnistcli.cli.prediction_table import PrintedPredictions, RowPrinter, print_predictions
from mnistcli.cli.review import Review
from mnistcli.cli.spinner import working
from mnistcli.cli.streams import output_to, print_note, quote_name, set_verbosity
from mnistcli.errors import ConfigError
from mnistcli.file_kinds import is_data_name

if TYPE_CHECKING:  # loads NumPy, which help and errors do without
    from mnistcli.image_listing import FoundImage
    from mnistcli.inference.classifier import Predictor

# Figures with more images or digits than these are hard to look at.
_MAX_DRAWN = 100
_MAX_EXPLAINED = 20
_MAX_LENGTH = 100  # digits of a line


def _png(option: typer.CallbackParam, path: Path | None) -> Path | None:
    """Accept the name of a PNG file; figures are always written as PNG."""
    if path is not None and path.suffix.lower() != ".png":
        has_name = path.name not in {"", ".."}
        name = path.with_suffix(".png") if has_name else path / "predictions.png"
        raise ConfigError(
            f"--{option.name} needs a file name that ends in .png, not {str(path)!r}",
            hint=f"--{option.name} {name}",
        )
    return path


def predict(
    images: Annotated[
        list[str],
        typer.Argument(
            metavar="IMAGE",
            help="Image files, folders of images, patterns such as 'a/*.png', PDF and TIFF files "
            "or a page such as scan.pdf#2, data files such as test.csv, or - for an image or a "
            "list of names on stdin.",
        ),
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL",
            help="A run directory, a .keras or .h5 file, latest or pretrained. Repeat it to "
            "average the probabilities of several models. Default: $MNISTCLI_MODEL, else the "
            "newest finished run under runs/, else pretrained.",
        ),
    ] = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Include the subfolders of folders.")
    ] = False,
    single: Annotated[
        bool, typer.Option("--single", help="Treat the whole image as a single digit.")
    ] = False,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            min=0,
            max=1,
            help="Rejection threshold (0-1) for the probability that all digits are right. "
            "Default: 0.6 for a number; for one digit the model's own, which rejects 0.4 % of "
            "held-out digits.",
        ),
    ] = None,
    top: Annotated[
        int,
        typer.Option(
            metavar="K",
            min=1,
            max=10,
            help="Show the K most likely classes of a single digit, or texts of a number.",
        ),
    ] = 3,
    digits: Annotated[
        str | None,
        typer.Option(
            metavar="N|MIN-MAX",
            help="The number of digits in each line, such as 6 or 4-6: the most likely text of "
            "that length. Default: any.",
        ),
    ] = None,
    regions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Predict the same boxes of each scan of a form. FILE is a CSV with the columns "
            "name, left, top, right and bottom, in pixels of the first image or as fractions of "
            "its size. Scans that are shifted or rotated are registered to the first image by "
            "their printed frames. One CSV row and one JSON object per scan.",
        ),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="PNG",
            callback=_png,
            help=f"Save a figure of the first {_MAX_DRAWN} images with their predictions.",
        ),
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(
            metavar="PNG",
            callback=_png,
            help=f"Save a figure that explains the first {_MAX_EXPLAINED} digits: foreground, "
            "28x28 digit, probabilities and occlusion map.",
        ),
    ] = None,
    review: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Copy the rejected images into DIR/0 to DIR/9 by their best guess. Corrected by "
            "moving files, they are a dataset for train --from.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the results to a file, complete or not at all: as CSV if its name ends in "
            ".csv, as JSON Lines if in .json or .jsonl. Default: stdout.",
        ),
    ] = None,
    as_csv: Annotated[
        bool,
        typer.Option(
            "--csv",
            help="Print CSV: path, text, confidence, reason; for the rows of one data file, "
            "ImageId,Label as Kaggle takes it.",
        ),
    ] = False,
    pixel_scale: PixelScaleOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Predict the digits in images of any size and format, dark on light or light on dark.

    Numbers are predicted from left to right, line by line, also if their digits touch. With --json,
    one JSON object per image.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy starts threads that are not used
    from mnistcli.model_lookup import find_model
    from mnistcli.worker_process import start_processes

    set_verbosity(quiet=quiet)
    lengths = None if digits is None else _parse_lengths(digits)
    form = load_regions(regions, images) if regions else ()
    model_ref = find_model(*model or ())
    figures = {name: path for name, path in (("--save", save), ("--explain", explain)) if path}
    outputs = figures | ({"--output": output} if output else {})
    as_csv, as_json = _format(output, as_csv=as_csv, as_json=as_json)
    # They start while the model is loaded.
    processes = [] if form else start_processes(images, single=single, lengths=lengths)
    with working("Loading the model"):
        from mnistcli.inference.ensemble import load_classifier
        from mnistcli.prediction import predict_images
        from mnistcli.rejection import choose_thresholds

        sources = _sources(images, outputs, regions, recursive=recursive)
        classifier = load_classifier(model_ref.files, pixel_scale=pixel_scale, on_note=print_note)
    copies = Review(review) if review else None
    thresholds = choose_thresholds(min_confidence, model_ref.min_confidence)
    predict_all = partial(
        predict_images,
        classifier,
        single=single,
        thresholds=thresholds,
        lengths=lengths,
        recursive=recursive,
        on_skip=print_note,
    )
    printer: RowPrinter | None = None
    if form:
        printer = FormPrinter(form, model_ref.name, as_csv=as_csv) if as_csv or as_json else None
        predictions = predict_regions(predict_all, sources, form, printer, recursive=recursive)
    else:
        printer = CsvPrinter(only_rows=_is_one_table(images)) if as_csv else None
        predictions = predict_all(sources, processes=processes)
    with output_to(output):
        printed = print_predictions(
            copies.watch(predictions) if copies else predictions,
            model_ref,
            top=top,
            as_json=as_json,
            printer=printer,
            keep=_MAX_DRAWN if figures else 0,
        )
    if copies:
        print_note(f"{copies.write()} images to review in {quote_name(copies.directory)}")
    if save and printed.kept:
        _save_predictions(printed, model_ref.name, save)
    if explain and printed.kept:
        _save_explanations(printed, classifier, model_ref.name, explain)
    if printed.failed:
        raise typer.Exit(1)


def _parse_lengths(digits: str) -> range:
    """Parse a number of digits, such as ``6``, or the least and the greatest, such as ``4-6``."""
    least, _, greatest = digits.partition("-")
    try:
        lengths = range(int(least), int(greatest or least) + 1)
    except ValueError:
        lengths = range(0)
    if not lengths or lengths.start < 1 or lengths.stop > _MAX_LENGTH + 1:
        raise ConfigError(
            f"--digits needs a number from 1 to {_MAX_LENGTH} or two, not {digits!r}",
            hint="--digits 4-6",
        )
    return lengths


def _format(output: Path | None, *, as_csv: bool, as_json: bool) -> tuple[bool, bool]:
    """Return whether the results are CSV or JSON, by the options or the name of the output."""
    if as_csv and as_json:
        raise ConfigError("--csv cannot be combined with --json", hint="--csv")
    if as_csv or as_json or output is None:
        return as_csv, as_json
    suffix = output.suffix.lower()
    return suffix == ".csv", suffix in {".json", ".jsonl"}


def _is_one_table(images: list[str]) -> bool:
    return len(images) == 1 and is_data_name(Path(images[0]).name)


def _sources(
    images: list[str], outputs: dict[str, Path], regions: Path | None, *, recursive: bool
) -> "Iterable[str | FoundImage]":
    """Return the sources, those on stdin included, if no output overwrites one of them."""
    from mnistcli.image_sources import require_no_overwrite
    from mnistcli.stdin import expand_stdin

    sources = expand_stdin(images, sys.stdin.buffer if sys.stdin else None)
    if not outputs:
        return sources
    names = list(sources)
    inputs = [*names, str(regions)] if regions else names
    require_no_overwrite(outputs, inputs, recursive=recursive)
    return names


def _save_predictions(printed: PrintedPredictions, model: str, path: Path) -> None:
    from mnistcli.plotting.quiet_import import import_matplotlib

    import_matplotlib()
    from mnistcli.plotting.predictions import plot_predictions
    from mnistcli.plotting.style import save_figure

    with working("Drawing"):
        save_figure(plot_predictions(printed.kept, model=model), path)
    if printed.images > _MAX_DRAWN:
        print_note(f"the first {_MAX_DRAWN} of {printed.images:,} images are drawn")
    print_note(f"figure: {quote_name(path)}")


def _save_explanations(
    printed: PrintedPredictions, classifier: "Predictor", model: str, path: Path
) -> None:
    from mnistcli import explanation
    from mnistcli.plotting.quiet_import import import_matplotlib

    import_matplotlib()
    from mnistcli.plotting.explanation import plot_explanations
    from mnistcli.plotting.style import save_figure

    with working("Drawing"):
        explanations = explanation.explain(classifier, printed.kept)
        save_figure(plot_explanations(explanations, model=model), path)
    if printed.digits > _MAX_EXPLAINED:
        print_note(f"the first {_MAX_EXPLAINED} of {printed.digits:,} digits are explained")
    print_note(f"figure: {quote_name(path)}")
