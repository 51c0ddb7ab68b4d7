"""Execution of `predict`: load the model, run batch inference, print results, save figures."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mnistcli.cli.escaping import quote_name
from mnistcli.cli.prediction.forms import predict_regions
from mnistcli.cli.prediction.output_file import output_to
from mnistcli.cli.prediction.output_format import OutputFormat
from mnistcli.cli.prediction.prediction_csv import CsvPrinter
from mnistcli.cli.prediction.prediction_figures import (
    MAX_DRAWN,
    save_explanations,
    save_predictions,
)
from mnistcli.cli.prediction.prediction_sources import check_sources, image_counter
from mnistcli.cli.prediction.prediction_table import (
    PrintedPredictions,
    RowPrinter,
    print_predictions,
)
from mnistcli.cli.prediction.review import Review
from mnistcli.cli.spinner import show_spinner
from mnistcli.cli.streams import print_note

if TYPE_CHECKING:  # loads NumPy and Pillow; help and usage errors must not
    from mnistcli.cluster.addresses import ClusterAddress
    from mnistcli.files.object_stores import FileName
    from mnistcli.inference.digit_classifier import DigitClassifier
    from mnistcli.model_lookup import ModelRef
    from mnistcli.prediction.form_regions import FormRegion
    from mnistcli.prediction.image_listing import InputImage
    from mnistcli.prediction.results import Prediction
    from mnistcli.prediction.worker_process import WorkerProcess


@dataclass(frozen=True, kw_only=True)
class PredictOptions:
    """The options of `predict`, parsed and checked.

    Attributes:
        images: The names of images, folders and patterns.
        recursive: Whether to include the subfolders of folders.
        select: Returns whether to predict a file; None for all files.
        single: Whether each image is a single digit.
        digit_counts: The number of digits that a line may have; None for any.
        pixel_scale: The pixel scale of the model; None to detect it.
        min_confidence: The minimum text confidence; None for the default thresholds.
        cluster: The cluster; None for this process.
        regions_file: The file of the regions; None if there are none.
        regions: The regions of a form; empty for whole images.
        output_format: The format of the results.
        output: The file of the results; None for stdout.
        continue_output: Whether to keep the results that are in the file.
        top: The number of candidates to show.
        save: The figure of the predictions; None for no figure.
        explain: The figure that explains the digits; None for no figure.
        review: The directory for rejected images; None for no copies.
    """

    images: list[str]
    recursive: bool
    select: "Callable[[FileName], bool] | None"
    single: bool
    digit_counts: range | None
    pixel_scale: str | None
    min_confidence: float | None
    cluster: "ClusterAddress | None"
    regions_file: Path | None
    regions: "tuple[FormRegion, ...]"
    output_format: OutputFormat
    output: Path | None
    continue_output: bool
    top: int
    save: Path | None
    explain: Path | None
    review: Path | None

    @property
    def outputs(self) -> dict[str, Path]:
        """The files to write, keyed by option."""
        files = {"--save": self.save, "--explain": self.explain, "--output": self.output}
        return {option: path for option, path in files.items() if path is not None}


def run_prediction(options: PredictOptions, model: "ModelRef") -> bool:
    """Predict and print images, save the figures and copy the rejected images.

    Args:
        options: The options.
        model: The model.

    Returns:
        Whether all images could be read.
    """
    from mnistcli.prediction.worker_process import start_processes

    # They start while the model is loaded.
    processes = (
        []
        if options.regions or options.cluster
        else start_processes(
            options.images, single=options.single, digit_counts=options.digit_counts
        )
    )
    with show_spinner("Loading the model"):
        from mnistcli.inference.loading import load_classifier

        sources = check_sources(
            options.images, options.outputs, options.regions_file, recursive=options.recursive
        )
        classifier = load_classifier(
            model.files, pixel_scale=options.pixel_scale, on_note=print_note
        )
    predict = _choose_predictor(options, model, classifier, processes)
    review = Review(options.review) if options.review else None
    printed = _predict_and_print(options, model, predict, sources, review)
    if review:
        print_note(f"{review.write()} images to review in {quote_name(review.directory)}")
    if options.save and printed.kept:
        save_predictions(printed, model.name, options.save)
    if options.explain and printed.kept:
        save_explanations(printed, classifier, model.name, options.explain)
    return not printed.has_failures


def _choose_predictor(
    options: PredictOptions,
    model: "ModelRef",
    classifier: "DigitClassifier",
    processes: "list[WorkerProcess]",
) -> "Callable[[Iterable[InputImage]], Iterator[Prediction]]":
    """Return the function that predicts images: in this process, or on a cluster."""
    from mnistcli.prediction.rejection import choose_thresholds

    thresholds = choose_thresholds(options.min_confidence, model.digit_thresholds)
    if options.cluster is None:
        from mnistcli.prediction.predict import predict_images

        return partial(
            predict_images,
            classifier,
            single=options.single,
            thresholds=thresholds,
            digit_counts=options.digit_counts,
            processes=processes,
        )
    from mnistcli.cluster.shared_files import describe_models
    from mnistcli.prediction.cluster_prediction import PredictionJob, predict_on_cluster

    job = PredictionJob(
        describe_models(model.files),
        options.pixel_scale,
        options.single,
        options.digit_counts,
        thresholds,
    )
    return partial(predict_on_cluster, options.cluster, job)


def _predict_and_print(
    options: PredictOptions,
    model: "ModelRef",
    predict: "Callable[[Iterable[InputImage]], Iterator[Prediction]]",
    sources: "Iterable[str | InputImage]",
    review: Review | None,
) -> PrintedPredictions:
    from mnistcli.prediction.image_sources import find_images

    output_format = options.output_format
    found = find_images(
        sources, recursive=options.recursive, on_note=print_note, select=options.select
    )
    with output_to(
        options.output, output_format, model.name, continue_output=options.continue_output
    ) as written:
        printer: RowPrinter | None = None
        if options.regions:
            predictions, printer = predict_regions(
                predict, found, options.regions, model.name, output_format
            )
        else:
            predictions = predict(written.skip(found, output_format.name_of))
            if output_format.as_csv:
                printer = CsvPrinter(
                    only_rows=output_format.only_rows, has_header=written.total > 0
                )
        return print_predictions(
            review.collect(predictions) if review else predictions,
            model,
            top=options.top,
            as_json=output_format.as_json,
            printer=printer,
            keep=MAX_DRAWN if options.save or options.explain else 0,
            count=image_counter(
                options.images,
                written.total,
                recursive=options.recursive,
                select=options.select,
            ),
        )
