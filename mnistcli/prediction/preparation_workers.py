"""Worker processes that prepare images: threads share Python's global interpreter lock (GIL).

The process pools of `multiprocessing` and `concurrent.futures` are not used. They re-import the
calling program's main module, and their processes outlive a parent process that was killed.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from mnistcli.errors import ImageError
from mnistcli.image_io.image_memory import BUDGET
from mnistcli.image_io.pages import ImagePage
from mnistcli.prediction.image_listing import InputImage
from mnistcli.prediction.preparation import Preparation, Prepared
from mnistcli.prediction.results import Prediction
from mnistcli.prediction.worker_process import WorkerEndedError, WorkerProcess, count_processes
from mnistcli.preprocessing.shapes import Classify

_READY_TIMEOUT = 2.0  # seconds to wait for a process that was started before
_PROCESS_SPECIFIC = {("dev",), ("proc",)}


class PreparationWorkers:
    """Worker processes; this process prepares the images that they cannot take.

    Args:
        preparation: Prepares the images.
        processes: Processes that have already been started, with the same settings.

    Attributes:
        count: The number of processes.
        is_started: Whether they were started.
    """

    def __init__(self, preparation: Preparation, processes: Sequence[WorkerProcess] = ()) -> None:
        self.count = len(processes) or count_processes()
        self.is_started = bool(processes)
        self._preparation = preparation
        self._ready: queue.SimpleQueue[WorkerProcess] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._processes = list(processes)
        self._is_stopped = False
        self._is_mnist_format = False
        self._timeout = _READY_TIMEOUT if processes else 0.0
        for process in processes:
            self._in_background(partial(self._wait_for, process))

    def start(self) -> None:
        """Start the processes; until they are ready, images are prepared in this process."""
        if not self.is_started:
            self.is_started = True
            for _ in range(self.count):
                self._in_background(self._add)

    def stop(self) -> None:
        """Terminate all processes immediately."""
        with self._lock:
            self._is_stopped = True
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.close()

    def accepts(self, images: Sequence[InputImage]) -> bool:
        """Return whether images are files, which other processes can open."""
        return self.count > 0 and all(map(_is_file, images))

    def prepare(self, images: Sequence[InputImage], classify: Classify) -> list[Prepared]:
        """Prepare images, in a worker if one is ready.

        After images in MNIST format, the next ones are prepared in this process: there is too
        little to do.

        Args:
            images: Files or arrays, in any number.
            classify: The classifier, which the workers call through this process.
        """
        if not self._is_mnist_format and self.accepts(images):
            try:
                process = self._ready.get(timeout=self._timeout)
            except queue.Empty:
                self._timeout = 0.0
            else:
                return self._record_format(self._prepare_in(process, images, classify))
        return self._record_format([self._preparation.prepare(found, classify) for found in images])

    def _record_format(self, prepared: list[Prepared]) -> list[Prepared]:
        """Record whether images are in MNIST format, and return them."""
        self._is_mnist_format = all(item.prediction.is_mnist_format for item in prepared)
        return prepared

    def _prepare_in(
        self, process: WorkerProcess, images: Sequence[InputImage], classify: Classify
    ) -> list[Prepared]:
        """Prepare images in a worker; if it crashes (segfaults), find the image that killed it."""
        try:
            prepared = process.prepare(images, BUDGET.reserve, classify)
        except WorkerEndedError:
            self._in_background(self._add)
            return [self._prepare_alone(found, classify) for found in images]
        self._ready.put(process)
        return prepared

    def _prepare_alone(self, image: InputImage, classify: Classify) -> Prepared:
        """Prepare an image in a process of its own."""
        with suppress(WorkerEndedError, OSError):
            process = self._start_process()
            try:
                process.wait_until_ready()
                prepared: list[Prepared] = process.prepare([image], BUDGET.reserve, classify)
                return prepared[0]
            finally:
                process.kill()
        return Prepared(lost_prediction(image))

    @staticmethod
    def _in_background(task: Callable[[], None]) -> None:
        threading.Thread(target=task, name="worker", daemon=True).start()

    def _add(self) -> None:
        with suppress(WorkerEndedError, OSError):
            self._wait_for(self._start_process())

    def _wait_for(self, process: WorkerProcess) -> None:
        """Wait until a worker can take images."""
        with suppress(WorkerEndedError):
            process.wait_until_ready()
            self._ready.put(process)

    def _start_process(self) -> WorkerProcess:
        with self._lock:
            if self._is_stopped:
                raise WorkerEndedError
            process = WorkerProcess(
                single=self._preparation.single, digit_counts=self._preparation.digit_counts
            )
            self._processes.append(process)
        return process


def lost_prediction(image: InputImage) -> Prediction:
    """Return the prediction of an image whose worker process died, with the error."""
    error = ImageError(f"the worker process died while reading {str(image.path)!r}")
    return Prediction(image.path, error=error)


def file_of(image: InputImage) -> Path | None:
    """Return the file of an image; None for an image in memory."""
    source = image.source.file if isinstance(image.source, ImagePage) else image.source
    return source if isinstance(source, Path) else None


def is_process_specific(path: Path) -> bool:
    """Return whether a path, such as `/dev/stdin`, refers to another file in another process."""
    return path.parts[1:2] in _PROCESS_SPECIFIC


def _is_file(image: InputImage) -> bool:
    """Return whether an image is a file that another process can open."""
    file = file_of(image)
    return file is not None and not is_process_specific(file)
