"""Local worker processes of a sweep: each runs trials until none is left."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import sys
import threading
from multiprocessing.process import BaseProcess
from pathlib import Path

from mnistcli.sweep.study import SweepPlan


class WorkerProcesses:
    """The local worker processes of a sweep.

    Args:
        plan: The sweep.
        count: Number of processes.
        dataset: Name of the dataset.
        data_dir: Directory of the MNIST files; None for the default.
    """

    def __init__(self, plan: SweepPlan, count: int, dataset: str, data_dir: Path | None) -> None:
        self._arguments = (plan, dataset, data_dir, max(1, (os.cpu_count() or 1) // count))
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
        """Return whether a worker was one of these processes, or of this one, and has ended."""
        host, _, pid = worker.rpartition(":")
        if host != socket.gethostname() or not pid.isdecimal():
            return False
        return any(str(one.pid) == pid and not one.is_alive() for one in self._processes)

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
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(threads)
    from mnistcli.device import start_quietly  # noqa: PLC0415 - after the number of threads

    start_quietly()
    from mnistcli import datasets  # noqa: PLC0415 - after the quiet start
    from mnistcli.errors import MnistCliError  # noqa: PLC0415 - as above
    from mnistcli.sweep.study import SweepStudy  # noqa: PLC0415 - as above
    from mnistcli.sweep.trial import run_trial  # noqa: PLC0415 - as above

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
