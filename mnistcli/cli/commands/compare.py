"""The `compare` command: accuracy, curves and a paired significance test of several runs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from mnistcli.cli.dataset_loading import load_splits
from mnistcli.cli.escaping import quote_name
from mnistcli.cli.options import DataDirOption, DatasetOption, JsonOption, QuietOption
from mnistcli.cli.run_table import NamedSummary, print_runs
from mnistcli.cli.spinner import show_spinner
from mnistcli.cli.streams import (
    print_figure,
    print_json,
    print_line,
    print_note,
    print_table,
    set_verbosity,
)
from mnistcli.formatting import format_count

if TYPE_CHECKING:
    from mnistcli.evaluation.comparison import PairedTest


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN",
            help="Two or more run directories, names of runs under runs/, latest or pretrained.",
            autocompletion=lambda: ["latest", "pretrained"],
        ),
    ],
    dataset: DatasetOption = None,
    data_dir: DataDirOption = None,
    output_dir: Annotated[
        Path | None,
        typer.Option(
            "--output-dir",
            "-o",
            metavar="DIR",
            help="Directory for the figure, comparison.png. Default: one under comparison_plots/.",
        ),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compare runs on the same test images, with the curves of all in one figure.

    McNemar's exact test checks whether the difference between two models is significant; with more
    than two, all pairs are tested, with Holm's correction. The test is about these models:
    with another seed, a recipe gives a different model.
    """
    from mnistcli.cli.progress import CountBar
    from mnistcli.model_lookup import find_model
    from mnistcli.plotting.directories import comparison_dir
    from mnistcli.run_summaries import find_common_dataset, find_runs

    set_verbosity(quiet=quiet)
    found = find_runs(runs)
    name = dataset or find_common_dataset([run.model for run in found])
    together = find_model(*(run.model.name for run in found))
    splits = load_splits(name, data_dir)
    images = splits.images_not_trained_on(*together.datasets)
    total = len(images) * sum(len(run.model.files) for run in found)
    with CountBar("Evaluating", "images", total) as bar:
        from mnistcli.evaluation import evaluate
        from mnistcli.evaluation.comparison import compare_pairs
        from mnistcli.inference.loading import load_classifier

        results = [
            evaluate(load_classifier(run.model.files, on_batch=bar.advance), images)
            for run in found
        ]
        tests = compare_pairs(results)
    compared = [
        NamedSummary(
            run.model.name, replace(run.summary, accuracy=result.accuracy, loss=result.loss)
        )
        for run, result in zip(found, results, strict=True)
    ]
    if as_json:
        print_json(_as_dict(compared, tests, splits.name, len(images)))
    else:
        print_runs(compared, numbered=True)
        tested = format_count(len(images), "test image")
        correction = ", with Holm's correction" if len(tests) > 1 else ""
        print_line(f"\nMcNemar's exact test on {tested} of {quote_name(splits.name)}{correction}")
        _print_tests(tests)
    directory = output_dir or comparison_dir(together, splits.name)
    _draw(compared, splits.name, directory / "comparison.png", as_json=as_json)


def _as_dict(
    compared: Sequence[NamedSummary], tests: Sequence["PairedTest"], dataset_name: str, images: int
) -> dict[str, Any]:
    names = [run.name for run in compared]
    return {
        "dataset": dataset_name,
        "samples": images,
        "runs": [run.summary.as_dict() for run in compared],
        "pairs": [
            vars(test)
            | {"first": names[test.first], "second": names[test.second]}
            | {"better": None if test.better is None else names[test.better]}
            for test in tests
        ],
    }


def _print_tests(tests: Sequence["PairedTest"]) -> None:
    header = ("runs", "only first correct", "only second correct", "adjusted p", "difference")
    table = Table(*header, box=box.SIMPLE_HEAD)
    for test in tests:
        better = test.better
        table.add_row(
            f"{test.first + 1} and {test.second + 1}",
            f"{test.only_first_right:,}",
            f"{test.only_second_right:,}",
            _p_value(test.adjusted_p_value),
            "not significant" if better is None else f"{better + 1} is better",
        )
    print_table(table)


def _p_value(value: float) -> str:
    """Format a p-value; for a very small one, an upper bound."""
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"


def _draw(
    compared: Sequence[NamedSummary], dataset_name: str, path: Path, *, as_json: bool
) -> None:
    """Draw the curves of all runs; ensembles have none of their own."""
    from mnistcli.plotting.quiet_import import import_matplotlib

    import_matplotlib()
    from mnistcli.plotting.comparison import Curve, plot_comparison
    from mnistcli.plotting.style import save_figure

    curves = [
        Curve(
            name=Path(name).name,
            test_accuracy=summary.accuracy or 0,
            history=() if summary.config.ensemble > 1 else summary.history,
            smoothed=summary.config.label_smoothing > 0,
        )
        for name, summary in compared
    ]
    if not any(curve.history for curve in curves):
        print_note("no figure: none of the runs has a history of its own")
        return
    with show_spinner("Drawing"):
        save_figure(
            plot_comparison(curves, dataset_name=dataset_name), path, hint="--output-dir DIR"
        )
    print_figure(path, as_json=as_json)
