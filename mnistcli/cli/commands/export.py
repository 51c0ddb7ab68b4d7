"""The `export` command: convert a model to LiteRT (TFLite), SavedModel or ONNX."""

from pathlib import Path
from typing import Annotated

import typer

from mnistcli.cli.dataset_loading import load_splits
from mnistcli.cli.interface_notes import store_interface
from mnistcli.cli.options import (
    DataDirOption,
    DatasetOption,
    JsonOption,
    ModelArgument,
    PixelScaleOption,
    QuietOption,
)
from mnistcli.cli.spinner import show_spinner
from mnistcli.cli.streams import print_json, print_line, print_model, set_verbosity
from mnistcli.config_validation import require_choice
from mnistcli.errors import ModelError
from mnistcli.file_formats import EXPORT_FORMATS
from mnistcli.formatting import percent

_IMAGES = 1000
_TRAINING_IMAGES = 500


def export(
    model: ModelArgument = None,
    file_format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="NAME",
            help="litert (float32), int8 (LiteRT, quantized weights and activations), saved_model "
            "(TensorFlow) or onnx.",
            autocompletion=lambda: list(EXPORT_FORMATS),
        ),
    ] = EXPORT_FORMATS[0],
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="The file or, for saved_model, the directory. It must not exist. Default: the "
            "name of the model, in the working directory.",
        ),
    ] = None,
    dataset: DatasetOption = None,
    data_dir: DataDirOption = None,
    pixel_scale: PixelScaleOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Convert a model for other runtimes: LiteRT, TensorFlow or ONNX.

    The file takes float32 (n, 28, 28, 1) in 0..1 and returns probabilities (n, 10). It is loaded
    again in its own runtime and compared with the model on up to 1,000 test images of the dataset.
    If they disagree, no file is written.
    """
    from mnistcli.model_lookup import find_model

    set_verbosity(quiet=quiet)
    file_format = require_choice("format", file_format, EXPORT_FORMATS)
    model_ref = find_model(*model or ())
    if len(model_ref.files) > 1:
        raise ModelError(
            "cannot export an ensemble: export its models one by one", hint="mnistcli export --help"
        )
    print_model(model_ref.description)
    store_interface(model_ref, pixel_scale)
    splits = load_splits(dataset or model_ref.datasets[0], data_dir)
    images = splits.images_not_trained_on(*model_ref.datasets).images[:_IMAGES]
    with show_spinner("Exporting"):
        from mnistcli.system.keras_startup import start_quietly

        start_quietly()
        from mnistcli.inference import export as exporting
        from mnistcli.inference.interface_detection import load_model

        path = output or exporting.default_output(model_ref.name, file_format)
        result = exporting.export(
            load_model(model_ref),
            file_format,
            path,
            images,
            splits.train.images[:_TRAINING_IMAGES],
        )
    if as_json:
        print_json(vars(result) | {"path": str(result.path)})
        return
    print_line(f"file       {result.path}")
    print_line(f"size       {result.size / 1000:,.1f} kB")
    print_line(
        f"agreement  {percent(result.agreement)} of {result.images:,} predictions; probabilities "
        f"differ by up to {result.largest_difference:.1g}"
    )
    print_line(f"speed      {result.milliseconds:.2f} ms per image")
