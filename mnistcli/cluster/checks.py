"""Checks of the workers of a cluster: version mismatches and threads; each fault is one line."""

from collections.abc import Iterator, Mapping

from distributed import Client

from mnistcli.cluster import worker
from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.errors import ClusterError

WORKER_TIMEOUT = 20.0
"""Seconds to wait for a worker."""


def require_workers(client: Client, address: ClusterAddress) -> None:
    """Wait until a cluster has a worker, and check all that it has.

    Args:
        client: The connection.
        address: The address, for messages.

    Raises:
        ClusterError: The cluster has no worker, or one of its workers cannot do the work.
    """
    wait_for_workers(client, address)
    for fault in find_faults(client):
        raise ClusterError(fault, hint=address.worker_command)


def wait_for_workers(client: Client, address: ClusterAddress) -> None:
    """Wait until a cluster has a worker.

    Raises:
        ClusterError: The cluster has had no worker for some time.
    """
    try:
        client.wait_for_workers(1, timeout=WORKER_TIMEOUT)
    except TimeoutError:
        raise no_workers_error(address) from None


def no_workers_error(address: ClusterAddress) -> ClusterError:
    """Return the error of a cluster without workers."""
    return ClusterError(f"the cluster {address} has no workers", hint=address.worker_command)


def find_faults(client: Client) -> Iterator[str]:
    """Yield the faults of the workers, a line for each worker and fault."""
    ours = worker.package_versions()
    threads = client.nthreads()
    for name, theirs in client.run(worker.package_versions, on_error="return").items():
        if isinstance(theirs, ModuleNotFoundError):
            yield f"worker {name} does not have the package {theirs.name}"
        elif isinstance(theirs, BaseException):
            yield f"worker {name} does not answer: {theirs}"
        elif differing := _differences(ours, theirs):
            yield f"worker {name} has different versions: {differing}"
        elif threads.get(name, 1) != 1:
            yield f"worker {name} has {threads[name]} threads instead of one"


def _differences(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """Describe the versions that differ; empty if none do."""
    return ", ".join(
        f"{name} {theirs.get(name) or 'missing'} (here {version or 'missing'})"
        for name, version in ours.items()
        if version != theirs.get(name)
    )
