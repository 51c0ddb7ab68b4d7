"""Kill the workers of a sweep in PostgreSQL (chaos test), and measure the overhead of a trial.

Usage: python -m tests.tools.sweep [PART ...]

Parts (default: all of them):
    kills     Two callers with two workers each on one study; SIGKILL of workers at random times.
    overhead  Time of a trial without its training in one process, and the pause between two trials
              of a worker of a cluster.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import chdir
from itertools import pairwise
from pathlib import Path
from statistics import median

from mnistcli import datasets
from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.datasets import Splits
from mnistcli.sweep.search_space import SearchSpace
from mnistcli.sweep.storage import Storage
from mnistcli.sweep.study import SweepPlan, SweepStudy
from mnistcli.sweep.sweep import run_sweep
from tests.support.postgresql import postgresql
from tests.support.program import PROGRAM
from tests.support.sweep import load_study, simulated_training
from tests.tools.cluster import kill_workers

TRIALS = 24
KILLS = 5
SIMULATED = 50
VARY = ["dropout=0..0.5", "learning_rate=1e-4..1e-1:log"]
SETTINGS = {"dataset": "digits", "epochs": 8}


def make_plan(directory: Path, url: str | None, name: str, trials: int) -> SweepPlan:
    """Return the plan of a sweep; its directory is created."""
    directory.mkdir(exist_ok=True)
    return SweepPlan(Storage(directory, url), name, SearchSpace.parse(None, SETTINGS, VARY), trials)


def kill_sweep_workers(folder: Path, url: str) -> None:
    """Kill workers of two callers while a trial runs, and count the trials that have ended."""
    vary = [option for text in VARY for option in ("--vary", text)]
    settings = [part for name, value in SETTINGS.items() for part in (f"--{name}", str(value))]
    shared = ("--trials", str(TRIALS), "--storage", url, "--study", "kills", "--quiet")
    command = (*PROGRAM, "sweep", *settings, *vary, *shared, "--cluster", "local:2")
    callers = [
        subprocess.Popen(
            (*command, "--run-dir", str(folder / f"caller{number}")), stdout=subprocess.DEVNULL
        )
        for number in range(2)
    ]
    study = SweepStudy.open(make_plan(folder, url, "kills", TRIALS))
    done = kill_workers(
        callers,
        KILLS,
        (4.0, 12.0),
        lambda: any(trial.state == "running" for trial in study.summaries()),
    )
    trials = study.summaries()
    study.close()
    ended = [trial for trial in trials if trial.has_ended]
    distinct = len({tuple(trial.params.items()) for trial in ended})
    states = Counter(trial.state for trial in trials)
    print(
        f"kills: {done} workers killed, {len(ended)} of {TRIALS} trials ended, {distinct} distinct "
        f"settings, states {dict(states)}"
    )


def measure_overhead(folder: Path, url: str) -> None:
    """Measure the time around the training of a trial, with both kinds of storage."""
    splits = datasets.load("digits")
    for kind, address in (("journal", None), ("PostgreSQL", url)):
        measure_trials(kind, make_plan(folder / kind, address, "here", SIMULATED), splits)
        measure_pauses(kind, make_plan(folder / f"{kind}-cluster", address, "there", 12), splits)


def measure_trials(kind: str, plan: SweepPlan, splits: Splits) -> None:
    """Measure the time of trials in this process whose training takes no time."""
    start = time.monotonic()
    with simulated_training(lambda config, epoch: 0.9 - config.dropout / 10):
        run_sweep(plan, splits)
    seconds = (time.monotonic() - start) / plan.trials
    print(f"overhead: {kind}, one process: {1000 * seconds:.0f} ms per trial")


def measure_pauses(kind: str, plan: SweepPlan, splits: Splits) -> None:
    """Measure the time between two trials of a worker of a cluster."""
    run_sweep(plan, splits, address=ClusterAddress.parse("local:1"))
    trials = sorted(load_study(plan).get_trials(), key=lambda trial: trial.number)
    pauses = [
        (after.datetime_start - before.datetime_complete).total_seconds()
        for before, after in pairwise(trials)
        if after.datetime_start and before.datetime_complete
    ]
    print(
        f"overhead: {kind}, a worker: {1000 * median(pauses):.0f} ms between two trials, at most "
        f"{1000 * max(pauses):.0f} ms"
    )


PARTS: dict[str, Callable[[Path, str], None]] = {
    "kills": kill_sweep_workers,
    "overhead": measure_overhead,
}


def main() -> None:
    """Run the parts that the command line names."""
    random.seed(0)
    with tempfile.TemporaryDirectory() as name, postgresql() as url, chdir(name):
        for part in sys.argv[1:] or PARTS:
            PARTS[part](Path(name), url)


if __name__ == "__main__":
    main()
