"""The `runs` command: list the runs (experiments) in a directory."""

from pathlib import Path
from typing import Annotated

import typer

from mnistcli.cli.options import JsonOption
from mnistcli.cli.run_table import NamedSummary, print_runs
from mnistcli.cli.streams import print_json, print_note
from mnistcli.errors import RunError
from mnistcli.runs.directories import RUNS_DIR


def runs(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help=f"Directory of the runs. Default: {RUNS_DIR}."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the runs with accuracy, loss, training time and changed settings, the newest last.

    Accuracy and loss are those on the test images, and the settings are those that differ from the
    recipe. Damaged runs are reported and skipped.
    """
    from mnistcli.run_summaries import list_runs

    if directory is not None and not directory.is_dir():
        raise RunError(f"no such directory: {str(directory)!r}", hint="mnistcli runs")
    root = directory or RUNS_DIR
    found = list_runs(root)
    for path, error in found.damaged.items():
        print_note(f"skipped {path}: {error.message}")
    if as_json:
        skipped = [{"run": str(path), "reason": e.message} for path, e in found.damaged.items()]
        print_json({"runs": [summary.as_dict() for summary in found.summaries], "skipped": skipped})
    elif found.summaries:
        print_runs(
            [
                NamedSummary(str(summary.path.relative_to(root)), summary)
                for summary in found.summaries
            ]
        )
    else:
        print_note(f"no runs in {str(root)!r}; mnistcli train creates one")
