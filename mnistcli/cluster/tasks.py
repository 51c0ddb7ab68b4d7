"""Task runner: run a function on the workers of a cluster for many items."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

from distributed import Client, Future, KilledWorker, wait

from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.cluster.checks import WORKER_TIMEOUT, no_workers_error

Item = TypeVar("Item")
Result = TypeVar("Result")

_PER_WORKER = 3  # items in flight: one that is worked on, and those that are sent or sent back
_POLL = 2.0  # seconds between two counts of the workers


class TaskRunner(Generic[Item, Result]):
    """A function that runs on the workers of a cluster.

    A bounded number of items is in flight, so memory use does not depend on their number. For fault
    tolerance, the item of a crashed worker is given to another one, with up to three retries by
    default. Dask's setting `distributed.scheduler.allowed-failures` sets the number.

    Args:
        client: The connection.
        address: The address of the cluster, for messages.
        function: A function of a module that the workers have.
        on_poll: Called every two seconds while results are awaited. Defaults to nothing.
    """

    def __init__(
        self,
        client: Client,
        address: ClusterAddress,
        function: Callable[[Item], Result],
        on_poll: Callable[[], None] | None = None,
    ) -> None:
        self._client = client
        self._address = address
        self._function = function
        self._on_poll = on_poll or (lambda: None)
        self._workers = 0
        self._seen = self._polled = 0.0  # times of the last poll with workers, and of the last one

    def run_in_order(self, items: Iterable[Item]) -> Iterator[tuple[Item, Result | None]]:
        """Run the function for each item, with backpressure.

        Args:
            items: The items. They are read as workers become free, three per worker in advance.

        Yields:
            Each item with its result, in order; None for an item that has killed its workers.

        Raises:
            ClusterError: No workers are left.
            Exception: The error of the function.
        """
        pending: deque[tuple[Item, Future[Result]]] = deque()
        for item in items:
            pending.append((item, self._submit(item)))
            while len(pending) >= _PER_WORKER * max(self._workers, 1):
                yield self._wait_for_result(*pending.popleft())
        while pending:
            yield self._wait_for_result(*pending.popleft())

    def run_unordered(self, items: Iterable[Item]) -> Iterator[tuple[Item, Result | None]]:
        """Run the function for each item, one at a time on each worker.

        Args:
            items: The items; one is read when a worker is free.

        Yields:
            Each item with its result as soon as it arrives; None as in `run_in_order`.

        Raises:
            ClusterError: No workers are left.
            Exception: The error of the function.
        """
        pending: dict[Future[Result], Item] = {}
        for item in items:
            pending[self._submit(item)] = item
            while len(pending) >= max(self._workers, 1):
                yield from self._wait_for_some(pending)
        while pending:
            yield from self._wait_for_some(pending)

    def _submit(self, item: Item) -> Future[Result]:
        future: Future[Result] = self._client.submit(self._function, item, pure=False)
        self._poll()
        return future

    def _wait_for_some(
        self, pending: dict[Future[Result], Item]
    ) -> Iterator[tuple[Item, Result | None]]:
        """Wait for results, two seconds at most; those that have one are no longer pending."""
        with self._client.as_current(), suppress(TimeoutError):
            wait(list(pending), timeout=_POLL, return_when="FIRST_COMPLETED")
        for future in [submitted for submitted in pending if submitted.done()]:
            yield self._wait_for_result(pending.pop(future), future)
        self._poll()

    def _wait_for_result(self, item: Item, future: Future[Result]) -> tuple[Item, Result | None]:
        """Wait for a result."""
        while True:
            try:
                result: Result = future.result(timeout=_POLL)
            except KilledWorker:
                return item, None
            except TimeoutError:
                if future.status == "error":  # raised by the function
                    raise
                self._poll()
            else:
                return item, result

    def _poll(self) -> None:
        """Count the workers from time to time.

        Raises:
            ClusterError: The cluster has had no worker for some time.
        """
        now = time.monotonic()
        if self._polled and now - self._polled < _POLL:
            return
        self._polled = now
        if self._address.workers and self._client.cluster is not None:
            self._client.cluster.scale(self._address.workers)  # replaces lost workers
        self._workers = len(self._client.nthreads())
        if self._workers or not self._seen:
            self._seen = now
        if now - self._seen > WORKER_TIMEOUT:
            raise no_workers_error(self._address)
        self._on_poll()
