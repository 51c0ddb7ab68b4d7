"""The `predict` command: predict the digits in images, as a table or as JSON Lines."""

import os
from pathlib import Path
from typing import Annotated

import typer

from mnistcli.cli.cluster import parse_cluster
from mnistcli.cli.options import JsonOption, PixelScaleOption, QuietOption, cluster_option
from mnistcli.cli.prediction.forms import load_regions
from mnistcli.cli.prediction.predict_arguments import (
    choose_format,
    parse_digit_counts,
    parse_shard,
    require_continuable,
    require_png,
)
from mnistcli.cli.prediction.prediction_figures import MAX_DRAWN
from mnistcli.cli.streams import set_verbosity
from mnistcli.plotting.limits import MAX_EXPLAINED


def predict(
    images: Annotated[
        list[str],
        typer.Argument(
            metavar="IMAGE",
            help="Image files, folders of images, patterns such as 'a/*.png', PDF and TIFF files "
            "or a page such as scan.pdf#2, data files such as test.csv, objects and folders in "
            "stores such as s3://bucket/scans/ or gs://bucket/a.png, or - for an image or a list "
            "of names on stdin.",
        ),
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL",
            help="A run directory, the name of a run under runs/, a .keras or .h5 file, latest or "
            "pretrained. Repeat it to average the probabilities of several models. Default: "
            "$MNISTCLI_MODEL, else the newest finished run under runs/, else pretrained.",
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
            help="Reject images with a lower probability (0-1) that all digits are correct. "
            "Default: for one digit the thresholds of the model, which reject 0.4 % of held-out "
            "digits; 0.8 for two digits, and 0.6 for more.",
        ),
    ] = None,
    top: Annotated[
        int,
        typer.Option(
            metavar="K",
            min=1,
            max=10,
            help="Number of candidates to show, including the prediction: classes of a single "
            "digit, or alternatives for a number.",
        ),
    ] = 3,  # the k of top-k
    digits: Annotated[
        str | None,
        typer.Option(
            metavar="N|MIN-MAX",
            help="Read exactly this many digits from each line, such as 6 or 4-6. Default: any "
            "number.",
        ),
    ] = None,
    regions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Predict the same boxes in each scan of a form. FILE is a CSV with the columns "
            "name, left, top, right and bottom, in pixels of the first image or as fractions of "
            "its size. Scans that are shifted or rotated are registered to the first image by "
            "their printed frames. Prints one CSV row or JSON object per scan.",
        ),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="PNG",
            callback=require_png,
            help=f"Save a figure of the first {MAX_DRAWN} images with their predictions.",
        ),
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(
            metavar="PNG",
            callback=require_png,
            help=f"Save a figure that explains the first {MAX_EXPLAINED} digits: the stages of "
            "preprocessing, 28x28 digit, probabilities and occlusion map.",
        ),
    ] = None,
    review: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Copy the rejected images into folders named after their best guess, such as "
            "DIR/7; images without a digit go to DIR/unknown. Move each single digit to its "
            "correct folder, DIR/0 to DIR/9, then fine-tune: train --dataset DIR --from MODEL.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the results to a file: CSV if it ends in .csv, JSON Lines if in .json or "
            ".jsonl, the table otherwise. It is named FILE.partial until it is complete. Default: "
            "stdout.",
        ),
    ] = None,
    continue_output: Annotated[
        bool,
        typer.Option(
            "--continue",
            help="Continue an interrupted prediction: keep the results in FILE or FILE.partial and "
            "predict only the missing images. Requires --output.",
        ),
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N",
            help="Predict only shard I of N, for job arrays. Files are assigned to shards by a "
            "hash of their names. Default: all files.",
        ),
    ] = None,
    cluster: Annotated[str | None, cluster_option("Predict on a Dask cluster")] = None,
    as_csv: Annotated[
        bool,
        typer.Option(
            "--csv",
            help="Print CSV: path, text, confidence (that all digits are correct), reason; for the "
            "rows of one data file, ImageId,Label, as Kaggle expects.",
        ),
    ] = False,
    pixel_scale: PixelScaleOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Predict the digits in images: photos, scans and drawings, dark on light or light on dark.

    The model predicts single digits. The packaged line recognizer predicts numbers, from left to
    right, line by line, even if their digits touch. --json prints one JSON object per image.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy starts threads that are not used
    from mnistcli.cli.prediction.prediction_run import PredictOptions, run_prediction
    from mnistcli.model_lookup import find_model

    set_verbosity(quiet=quiet)
    digit_counts = None if digits is None else parse_digit_counts(digits)
    output_format = choose_format(output, images, regions, as_csv=as_csv, as_json=as_json)
    if continue_output:
        others = {"--regions": regions, "--review": review, "--save": save, "--explain": explain}
        require_continuable(output_format, output, others)
    options = PredictOptions(
        images=images,
        recursive=recursive,
        select=parse_shard(shard, regions),
        single=single,
        digit_counts=digit_counts,
        pixel_scale=pixel_scale,
        min_confidence=min_confidence,
        cluster=parse_cluster(cluster, {"--regions": regions}),
        regions_file=regions,
        regions=load_regions(regions, images) if regions else (),
        output_format=output_format,
        output=output,
        continue_output=continue_output,
        top=top,
        save=save,
        explain=explain,
        review=review,
    )
    if not run_prediction(options, find_model(*model or ())):
        raise typer.Exit(1)
