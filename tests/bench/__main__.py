"""``make bench``: every row a ratio of two things measured in the same run, taking turns.

Needs the MNIST files (``MNISTCLI_DATA_DIR``). ``--quick`` takes about two minutes.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
MNISTCLI = Path(sys.executable).with_name("mnistcli")
BARE_TYPER = """
import typer
app = typer.Typer()
@app.command()
def hello(name: str = "you") -> None:
    "Say hello."
    print(name)
app()
"""


def run(*command: object) -> str:
    """Run a command to its end and return what it printed."""
    done = subprocess.run(
        [str(part) for part in command], check=True, capture_output=True, text=True
    )
    return done.stdout


def wall(*command: object) -> float:
    """Return the seconds a command takes."""
    start = time.perf_counter()
    run(*command)
    return time.perf_counter() - start


def our_epoch(data: Path, limit: int) -> float:
    """Return the seconds of an epoch of `deep` behind the first, which pays for the tracing."""
    with tempfile.TemporaryDirectory() as folder:
        run(
            *(MNISTCLI, "train", "--recipe", "deep", "--epochs", 3, "--limit", limit),
            *("--data-dir", data, "--run-dir", f"{folder}/run", "--json"),
        )
        with Path(folder, "run", "history.csv").open() as stream:
            seconds = [float(row["seconds"]) for row in csv.DictReader(stream)]
    return statistics.median(seconds[1:])


def plain_epoch(data: Path, limit: int) -> float:
    """Return the same of the plain Keras script."""
    printed = run(sys.executable, HERE / "plain_deep.py", data, 3, limit)
    return statistics.median(json.loads(printed.splitlines()[-1])[1:])


def side_by_side(
    ours: Callable[[], float], theirs: Callable[[], float], repeats: int
) -> tuple[float, float, list[float]]:
    """Measure two things in turn; return both medians and the ratio of each pair."""
    pairs = [(ours(), theirs()) for _ in range(repeats)]
    mine, other = zip(*pairs, strict=True)
    return statistics.median(mine), statistics.median(other), [a / b for a, b in pairs]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer images and repeats")
    quick = parser.parse_args().quick
    if "MNISTCLI_DATA_DIR" not in os.environ:
        sys.exit("make bench needs the MNIST files: MNISTCLI_DATA_DIR=DIR make bench")
    data = Path(os.environ["MNISTCLI_DATA_DIR"])
    limit = 12_000 if quick else 60_000
    table = Table("what", "mnistcli", "beside it", "ratio", "from", "to")
    for column in table.columns[1:]:
        column.justify = "right"
    rows = {
        f"epoch of deep, {limit:,} images / plain Keras script": side_by_side(
            lambda: our_epoch(data, limit), lambda: plain_epoch(data, limit), 2 if quick else 5
        ),
        "--help / bare Typer program": side_by_side(
            lambda: wall(MNISTCLI, "--help"),
            lambda: wall(sys.executable, "-c", BARE_TYPER, "--help"),
            5 if quick else 21,
        ),
    }
    for name, (ours, theirs, ratios) in rows.items():
        table.add_row(
            name,
            f"{ours:.2f} s",
            f"{theirs:.2f} s",
            *(f"{value:.2f}" for value in (statistics.median(ratios), min(ratios), max(ratios))),
        )
    Console().print(table)


if __name__ == "__main__":
    main()
