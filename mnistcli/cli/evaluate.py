"""``mnistcli evaluate``."""

from typing import Annotated

import typer

from mnistcli.cli.options import DataDirOption, DatasetOption, JsonOption, ModelArgument
from mnistcli.cli.progress import DownloadProgress, working
from mnistcli.cli.streams import print_picture
from mnistcli.cli.tables import print_evaluation
from mnistcli.model_store import find_model


def evaluate(
    model: ModelArgument = None,
    dataset: DatasetOption = None,
    data_dir: DataDirOption = None,
    report: Annotated[
        bool,
        typer.Option(
            "--report",
            help="Add scores for each digit, the confusion matrix and its picture.",
        ),
    ] = False,
    as_json: JsonOption = False,
    batch_size: Annotated[
        int, typer.Option(metavar="N", min=1, help="Images computed at a time.")
    ] = 256,
) -> None:
    """Measure a model on test images it has not been trained on.

    Left out, the data set is the one the model was trained on.
    """
    found = find_model(*model or ())
    with working("Starting"):
        from mnistcli import datasets, evaluation
        from mnistcli.inference.ensemble import load_classifier
    data = datasets.load(
        dataset or found.datasets[0], data_dir=data_dir, listener=DownloadProgress()
    )
    with working("Evaluating"):
        classifier = load_classifier(found.files, batch_size=batch_size)
        result = evaluation.evaluate(classifier, data.images_not_trained_on(*found.datasets))
    print_evaluation(result, found.name, data.name, report=report, as_json=as_json)
    if report:
        from mnistcli.plotting import plot_confusion, save_figure

        figure = plot_confusion(result.confusion_matrix)
        picture = save_figure(figure, found.plots_dir(data.name) / "confusion.png")
        print_picture(picture, as_json=as_json)
