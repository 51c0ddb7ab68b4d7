"""Kill the workers of a sweep in PostgreSQL, and measure the overhead of a trial.

    python -m tests.tools.sweep kills overhead

`kills` starts two callers with two workers each on one study and ends workers with SIGKILL at random
times; `overhead` runs trials whose training takes no time, and measures the pause between the trials
of a worker.
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

import pytest

from mnistcli import datasets
from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.sweep.search_space import SearchSpace
from mnistcli.sweep.storage import Storage
from mnistcli.sweep.study import SweepPlan, SweepStudy
from mnistcli.sweep.sweep import run_sweep
from tests.support.postgresql import postgresql
from tests.support.sweep import simulate_training
from tests.tools.cluster import PROGRAM, workers

TRIALS = 24
KILLS = 5
SIMULATED = 50
VARY = ["dropout=0..0.5", "learning_rate=1e-4..1e-1:log"]
SETTINGS = {"dataset": "digits", "epochs": 8}


def plan(directory: Path, url: str | None, name: str, trials: int) -> SweepPlan:
    return SweepPlan(Storage(directory, url), name, SearchSpace.parse(None, SETTINGS, VARY), trials)


def kills(folder: Path, url: str) -> None:
    """Two callers on one study, whose workers are killed."""
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
    study = SweepStudy.open(plan(folder, url, "kills", TRIALS))
    done = 0
    while any(caller.poll() is None for caller in callers) and done < KILLS:
        time.sleep(random.uniform(4, 12))
        found = [worker for caller in callers for worker in workers(caller)]
        if found and any(trial.state == "running" for trial in study.summaries()):
            random.choice(found).kill()
            done += 1
    codes = [caller.wait() for caller in callers]
    trials = study.summaries()
    states = Counter(trial.state for trial in trials)
    ended = [trial for trial in trials if trial.state in {"complete", "pruned"}]
    distinct = len({tuple(trial.params.items()) for trial in ended})
    print(
        f"kills: {done} workers killed, exit codes {codes}, {len(ended)} of {TRIALS} trials ended, "
        f"{distinct} distinct settings, states {dict(states)}"
    )
    study.close()


def overhead(folder: Path, url: str) -> None:
    """Trials that train in no time in this process, and the pauses of a worker of a cluster."""
    splits = datasets.load("digits")
    for kind, address in (("journal", None), ("PostgreSQL", url)):
        with pytest.MonkeyPatch.context() as patch:
            simulate_training(patch, lambda config, epoch: 0.9 - config.dropout / 10)
            (folder / kind).mkdir()
            start = time.monotonic()
            run_sweep(plan(folder / kind, address, "here", SIMULATED), splits)
            seconds = (time.monotonic() - start) / SIMULATED
        print(f"overhead: {kind}, one process: {1000 * seconds:.0f} ms per trial")
        directory = folder / f"{kind}-cluster"
        directory.mkdir()
        there = plan(directory, address, "there", 12)
        run_sweep(there, splits, address=ClusterAddress.parse("local:1"))
        study = SweepStudy.open(there)
        trials = sorted(study.study.get_trials(), key=lambda trial: trial.number)
        pauses = [
            (after.datetime_start - before.datetime_complete).total_seconds()
            for before, after in pairwise(trials)
            if after.datetime_start and before.datetime_complete
        ]
        study.close()
        print(
            f"overhead: {kind}, a worker: {1000 * median(pauses):.0f} ms between two trials, at "
            f"most {1000 * max(pauses):.0f} ms"
        )


PARTS: dict[str, Callable[[Path, str], None]] = {"kills": kills, "overhead": overhead}


def main() -> None:
    random.seed(0)
    with tempfile.TemporaryDirectory() as name, postgresql() as url, chdir(name):
        for part in sys.argv[1:] or PARTS:
            PARTS[part](Path(name), url)


if __name__ == "__main__":
    main()
