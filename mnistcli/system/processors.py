"""Processors that this process may use, thread limits, and the memory of worker processes."""

import os

WORKER_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(128 * 2**20)}
"""Environment of worker processes: the C library (glibc) reuses the memory of a photo for the next.

Otherwise the kernel clears the pages of each array (page faults), a third of the time for a photo.
"""

# The sizes of TensorFlow's thread pools.
_TENSORFLOW_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def count_usable_processors() -> int:
    """Return the number of processors (logical CPU cores) that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limit_threads(count: int) -> None:
    """Limit the threads of models in this process, before any is loaded.

    A process that shares its machine with others of its kind would otherwise start as many threads
    as there are processors (oversubscription).
    """
    _Threads.limit = count
    for variable in _TENSORFLOW_THREADS:
        os.environ[variable] = str(count)


def thread_limit() -> int | None:
    """Return the largest number of threads of a model; None for one per processor."""
    return _Threads.limit


class _Threads:
    limit: int | None = None
