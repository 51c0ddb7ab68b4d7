"""Tasks: run a function on the workers of a cluster for many items."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from distributed import Client, Future, KilledWorker

from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.cluster.checks import TIMEOUT, no_workers

Item = TypeVar("Item")
Result = TypeVar("Result")

_PER_WORKER = 3  # items in flight: one that is worked on, and those that are sent or sent back
_POLL = 2.0  # seconds between two looks at the workers


class Tasks(Generic[Item, Result]):
    """A function that runs on the workers of a cluster.

    A bounded number of items is in flight, so their number does not matter for the memory. The item
    of a worker that was killed is given to another one, up to three times.

    Args:
        client: The connection.
        address: The address of the cluster, for messages.
        function: A function of a module that the workers have.
    """

    def __init__(
        self, client: Client, address: ClusterAddress, function: Callable[[Item], Result]
    ) -> None:
        self._client = client
        self._address = address
        self._function = function
        self._workers = 0
        self._seen = self._looked = 0.0  # the times of a look: with workers, and at all

    def run_in_order(self, items: Iterable[Item]) -> Iterator[tuple[Item, Result | None]]:
        """Run the function for each item.

        Args:
            items: The items, which are read as workers become free.

        Yields:
            Each item with its result, in order; None for an item that has killed its workers.

        Raises:
            ClusterError: There are no workers any more.
            Exception: The error of the function.
        """
        pending: deque[tuple[Item, Future[Result]]] = deque()
        for item in items:
            pending.append((item, self._client.submit(self._function, item, pure=False)))
            self._look()
            while len(pending) >= _PER_WORKER * max(self._workers, 1):
                yield self._finish(*pending.popleft())
        while pending:
            yield self._finish(*pending.popleft())

    def _finish(self, item: Item, future: Future[Result]) -> tuple[Item, Result | None]:
        """Wait for a result."""
        while True:
            try:
                result: Result = future.result(timeout=_POLL)
            except KilledWorker:
                return item, None
            except TimeoutError:
                if future.status == "error":  # raised by the function
                    raise
                self._look()
            else:
                return item, result

    def _look(self) -> None:
        """Count the workers from time to time.

        Raises:
            ClusterError: There have been none for some time.
        """
        now = time.monotonic()
        if self._looked and now - self._looked < _POLL:
            return
        self._looked = now
        if self._address.workers and self._client.cluster is not None:
            self._client.cluster.scale(self._address.workers)  # starts those that were lost
        self._workers = len(self._client.nthreads())
        if self._workers or not self._seen:
            self._seen = now
        if now - self._seen > TIMEOUT:
            raise no_workers(self._address)
