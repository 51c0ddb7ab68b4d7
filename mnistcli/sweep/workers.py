"""Local worker processes of a sweep: each runs trials until none is left."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
from multiprocessing.process import BaseProcess
from pathlib import Path

from mnistcli import datasets
from mnistcli.device import count_usable_processors, limit_threads, start_quietly
from mnistcli.errors import MnistCliError
from mnistcli.sweep.study import SweepPlan, SweepStudy, worker_name


class WorkerProcesses:
    """The local worker processes of a sweep.

    Args:
        plan: The sweep.
        count: Number of processes.
        dataset: Name of the dataset.
        data_dir: Directory of the MNIST files; None for the default.
    """

    def __init__(self, plan: SweepPlan, count: int, dataset: str, data_dir: Path | None) -> None:
        self._arguments = (plan, dataset, data_dir, max(1, count_usable_processors() // count))
        self._count = count
        self._processes: list[BaseProcess] = []

    def start(self) -> None:
        """Start the processes that do not run."""
        context = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork
        self._processes = [one for one in self._processes if one.is_alive()]
        while len(self._processes) < self._count:
            process = context.Process(target=_work, args=self._arguments, daemon=True)
            process.start()
            self._processes.append(process)

    def wait(self, seconds: float) -> bool:
        """Wait until a process ends, or for a time; return whether any process runs."""
        sentinels = [one.sentinel for one in self._processes if one.is_alive()]
        if sentinels:
            multiprocessing.connection.wait(sentinels, timeout=seconds)
        return any(one.is_alive() for one in self._processes)

    @property
    def failed(self) -> bool:
        """Whether a process has ended with an error of its own, not by a signal."""
        return any((one.exitcode or 0) > 0 for one in self._processes)

    def is_dead(self, worker: str) -> bool:
        """Return whether a worker was one of these processes and has ended."""
        return any(worker == worker_name(one.pid) and not one.is_alive() for one in self._processes)

    def kill(self) -> None:
        """End all processes at once; what they have reported is whole."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join()


def _work(plan: SweepPlan, dataset: str, data_dir: Path | None, threads: int) -> None:
    """Run trials in this process until none is left."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller ends the workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limit_threads(threads)
    start_quietly()
    from mnistcli.sweep.trial import run_trial  # noqa: PLC0415 - loads Keras

    try:
        splits = datasets.load(dataset, data_dir=data_dir)
        study = SweepStudy.open(plan)
        while run_trial(study, splits):
            pass
        study.close()
    except MnistCliError as error:
        sys.stderr.write(f"worker {os.getpid()}: {error.message}\n")
        sys.exit(1)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
