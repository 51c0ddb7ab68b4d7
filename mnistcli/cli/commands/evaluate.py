"""The `evaluate` command: measure a model on the test images of a dataset."""

from typing import Annotated

import typer

from mnistcli.cli.dataset_loading import load_splits
from mnistcli.cli.metrics_table import print_evaluation
from mnistcli.cli.option_conflicts import forbid_together
from mnistcli.cli.options import (
    DataDirOption,
    DatasetOption,
    JsonOption,
    ModelArgument,
    OutputDirOption,
    PixelScaleOption,
    QuietOption,
    cluster_option,
)
from mnistcli.cli.spinner import show_spinner
from mnistcli.cli.streams import print_figure, print_note, set_verbosity
from mnistcli.errors import ConfigError


def evaluate(
    model: ModelArgument = None,
    dataset: DatasetOption = None,
    data_dir: DataDirOption = None,
    report: Annotated[
        bool,
        typer.Option(
            "--report",
            help="Add the scores of each digit, the confusion matrix and its figure.",
        ),
    ] = False,
    fit_min_confidence: Annotated[
        float | None,
        typer.Option(
            metavar="ACCURACY",
            min=0,
            max=1,
            help="Find the lowest rejection threshold at which at least this fraction of the "
            "accepted predictions is correct. Default: off.",
        ),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            metavar="SEEDS",
            help="Evaluate the models of these seeds, such as all, 0..9 or 1,2,5, and print their "
            "mean and spread; MODEL is the directory of 'train --seeds'. Default: one model.",
        ),
    ] = None,
    cluster: Annotated[
        str | None, cluster_option("With --seeds, evaluate on a Dask cluster")
    ] = None,
    output_dir: OutputDirOption = None,
    pixel_scale: PixelScaleOption = None,
    as_json: JsonOption = False,
    batch_size: Annotated[
        int, typer.Option(metavar="N", min=1, help="Images per prediction step.")
    ] = 256,
    quiet: QuietOption = False,
) -> None:
    """Measure accuracy, loss and calibration of a model on images it was not trained on."""
    from mnistcli.cli.cluster import parse_cluster
    from mnistcli.model_lookup import find_model

    set_verbosity(quiet=quiet)
    address = parse_cluster(cluster, {})
    if seeds is not None:
        from mnistcli.cli.seeds.seed_evaluation import evaluate_with_seeds

        others = {
            "--report": report,
            "--fit-min-confidence": fit_min_confidence,
            "--output-dir": output_dir,
        }
        forbid_together("--seeds", others)
        evaluate_with_seeds(
            model or [],
            seeds,
            address,
            dataset_name=dataset,
            data_dir=data_dir,
            pixel_scale=pixel_scale,
            as_json=as_json,
        )
        return
    if address is not None:
        raise ConfigError(
            "--cluster requires --seeds: one process evaluates one model", hint="--seeds all"
        )
    model_ref = find_model(*model or ())
    with show_spinner("Starting"):
        from mnistcli import evaluation
        from mnistcli.inference.loading import load_classifier
    splits = load_splits(dataset or model_ref.datasets[0], data_dir)
    images = splits.images_not_trained_on(*model_ref.datasets)
    from mnistcli.cli.progress import CountBar

    with CountBar("Evaluating", "images", len(images) * len(model_ref.files)) as bar:
        classifier = load_classifier(
            model_ref.files,
            batch_size=batch_size,
            pixel_scale=pixel_scale,
            on_note=print_note,
            on_batch=bar.advance,
        )
        result = evaluation.evaluate(classifier, images)
    print_evaluation(
        result,
        model_ref,
        splits.name,
        report=report,
        as_json=as_json,
        fit_accuracy=fit_min_confidence,
    )
    if report:
        from mnistcli.plotting.directories import plots_dir
        from mnistcli.plotting.registry import save_plots

        directory = output_dir or plots_dir(model_ref, splits.name)
        (figure,) = save_plots(
            model_ref, splits.name, images, directory, kinds=["confusion"], evaluation=result
        )
        print_figure(figure, as_json=as_json)
