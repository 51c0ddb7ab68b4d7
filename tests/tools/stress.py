"""Stress test: concurrent training runs and predictions in one folder, to find race conditions.

Usage: python -m tests.tools.stress [--runs N] [--predictions N]

Each run must have a directory of its own, each prediction must find the digit, and all
files must be whole. The processes share an empty cache and an empty configuration directory.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from mnistcli.files.user_directories import CACHE_VARIABLE, CONFIG_VARIABLE
from mnistcli.model_check import check_model
from mnistcli.runs.directories import RUNS_DIR
from mnistcli.runs.run import Run
from tests.support.program import PROGRAM
from tests.support.strokes import draw_digit

# The same second, recipe and seed: the usual name of the run directory is the same.
_TRAIN = ("train", "--dataset", "digits", "--recipe", "fast")
_PREDICT = ("predict", "3.png", "--json")


def main() -> int:
    """Run all processes; return 1 if one failed or a file is not whole."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--predictions", type=int, default=50)
    options = parser.parse_args()
    root = Path(__file__).parents[2]
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        draw_digit(3).save("3.png")
        environment = {
            **os.environ,
            "PYTHONPATH": str(root),
            CACHE_VARIABLE: f"{name}/cache",
            CONFIG_VARIABLE: f"{name}/config",
        }
        runs = [_start(_TRAIN, environment) for _ in range(options.runs)]
        predictions = [_start(_PREDICT, environment) for _ in range(options.predictions)]
        failures = [_failure(process, has_answer=True) for process in predictions]
        failures += [_failure(process) for process in runs]
        # Now that all runs are finished, the newest one is used.
        failures.append(_failure(_start(_PREDICT, environment), has_answer=True))
        failures += _check_files(options.runs)
    failures = [failure for failure in failures if failure]
    sys.stdout.write(
        f"{options.runs} training runs and {options.predictions} predictions at once, "
        f"{len(failures)} failed\n"
    )
    sys.stdout.write("".join(f"  {failure}\n" for failure in failures))
    return int(bool(failures))


def _start(arguments: tuple[str, ...], environment: dict[str, str]) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [*PROGRAM, *arguments], env=environment, stdout=pipe, stderr=pipe, text=True
    )


def _failure(process: subprocess.Popen[str], *, has_answer: bool = False) -> str:
    """Wait for a process; return why it failed, empty if it did not."""
    output, errors = process.communicate()
    if process.returncode:
        return f"exit code {process.returncode}: {errors.strip()[-300:]}"
    return output if has_answer and len(json.loads(output)["digits"]) != 1 else ""


def _check_files(count: int) -> list[str]:
    """Return what is wrong with the files of all processes."""
    runs = [Run(path) for path in sorted(RUNS_DIR.iterdir())]
    failures = [f"{run.path} is not finished" for run in runs if not run.is_finished]
    if len(runs) != count:
        failures.append(f"{len(runs)} run directories")
    models = {check_model(run.model_file).weights for run in runs}
    if len(models) > 1:
        failures.append("the same run gave several models")
    hidden = [path for path in Path().rglob(".*") if path.name.startswith(".mnistcli-")]
    return failures + [f"{path} is left" for path in hidden]


if __name__ == "__main__":
    sys.exit(main())
