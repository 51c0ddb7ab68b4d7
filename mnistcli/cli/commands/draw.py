"""The `draw` command: a page to draw digits on, in a web browser."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnistcli.cli.escaping import quote_name
from mnistcli.cli.hints import quote_argument
from mnistcli.cli.options import ModelArgument, PixelScaleOption, QuietOption
from mnistcli.cli.spinner import show_spinner
from mnistcli.cli.streams import print_line, print_model, print_note, set_verbosity
from mnistcli.errors import OTHER_MODEL, ConfigError, ModelError
from mnistcli.extras import require_packages

if TYPE_CHECKING:
    from mnistcli.model_lookup import ModelRef

_DEFAULT_PORT = 8028


def draw(
    model: ModelArgument = None,
    port: Annotated[
        int,
        typer.Option(metavar="N", min=0, max=65535, help="Port of the page; 0 for any free port."),
    ] = _DEFAULT_PORT,
    no_open: Annotated[
        bool,
        typer.Option(
            "--no-open",
            help="Do not open the browser. Default: open it from a terminal on a desktop.",
        ),
    ] = False,
    corrections: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Directory for the drawings that you correct. It is a dataset: train --dataset "
            "DIR --from MODEL.",
        ),
    ] = Path("corrections"),
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the page and its model to one HTML file, for any browser or "
            "phone, even offline. It predicts one digit at a time. Default: serve the page.",
        ),
    ] = None,
    pixel_scale: PixelScaleOption = None,
    quiet: QuietOption = False,
) -> None:
    """Draw digits in a browser and see the predictions while you draw.

    The page is served on this computer only, at http://127.0.0.1. It shows the probabilities, the
    28x28 digit and its occlusion map; several digits are predicted as a number. An image can be
    dropped, pasted or taken with a camera. Requires the draw extra, except for --export. Ctrl-C
    ends it.
    """
    from mnistcli.model_lookup import find_model

    set_verbosity(quiet=quiet)
    if export is None:
        require_packages("starlette", "uvicorn", extra="draw", needed_by="the drawing page")
    model_ref = find_model(*model or ())
    if export is not None:
        _export(model_ref, export, pixel_scale)
        return
    with show_spinner("Loading the model"):
        from mnistcli.drawing_page.app import build_app
        from mnistcli.drawing_page.corrections import Corrections
        from mnistcli.drawing_page.drawing_predictor import DrawingPredictor
        from mnistcli.drawing_page.server import listen, serve, url_of
        from mnistcli.inference.loading import load_classifier
        from mnistcli.prediction.rejection import choose_thresholds

        folder = Corrections(corrections)
        listener = listen(port)
        classifier = load_classifier(model_ref.files, pixel_scale=pixel_scale, on_note=print_note)
        thresholds = choose_thresholds(None, model_ref.digit_thresholds)
        predictor = DrawingPredictor(classifier, model_ref.name, thresholds)
    start = model_ref.members[0] if model_ref.members else model_ref
    app = build_app(predictor, folder, _training_command(corrections, start.name))
    print_model(model_ref.description)
    url = url_of(listener)
    with serve(app, listener) as server:
        print_line(url)
        sys.stdout.flush()
        print_note("press Ctrl-C to stop")
        if not no_open and _has_display():
            import webbrowser

            webbrowser.open(url)
        while server.is_alive():
            server.join(1)  # without a limit, Ctrl-C would not arrive on Windows


def _export(model_ref: "ModelRef", path: Path, pixel_scale: str | None) -> None:
    if path.suffix.lower() not in {".html", ".htm"}:
        raise ConfigError(
            f"--export must be a file name that ends in .html, not {str(path)!r}",
            hint="--export page.html",
        )
    if len(model_ref.files) > 1:
        raise ModelError("cannot export an ensemble", hint=OTHER_MODEL)
    with show_spinner("Exporting"):
        from mnistcli.drawing_page.page_export import export_page
        from mnistcli.inference.loading import load_classifier

        classifier = load_classifier(model_ref.files, pixel_scale=pixel_scale, on_note=print_note)
        size = export_page(
            model_ref.files[0],
            classifier,
            path,
            name=Path(model_ref.name).name,
            thresholds=model_ref.digit_thresholds,
        )
    print_model(model_ref.description)
    print_line(f"file       {quote_name(path)}")
    print_line(f"size       {size / 1000:,.1f} kB")


def _training_command(folder: Path, model_name: str) -> str:
    dataset, start = quote_argument(str(folder)), quote_argument(model_name)
    return f"mnistcli train --dataset {dataset} --from {start}"


def _has_display() -> bool:
    """Return whether a browser would appear: at a terminal on a desktop, not headless."""
    if not (sys.stdout.isatty() or sys.stderr.isatty()):
        return False
    if sys.platform in {"darwin", "win32"}:
        return "SSH_CONNECTION" not in os.environ
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
