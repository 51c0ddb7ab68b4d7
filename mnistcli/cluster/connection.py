"""Connections to clusters, and clusters of worker processes on this machine."""

import logging
import warnings
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress

import dask
from distributed import Client, LocalCluster, Security
from distributed.comm.core import CommClosedError

from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.cluster.checks import require_workers
from mnistcli.errors import ClusterError
from mnistcli.formatting import format_count
from mnistcli.system.processors import WORKER_MEMORY

CONNECT_TIMEOUT = 10.0
"""Seconds to wait for a scheduler."""

_CONFIG = {
    # A machine that vanishes without closing its connections is noticed after this time.
    "distributed.comm.timeouts.tcp": "20s",
    "distributed.comm.timeouts.connect": f"{CONNECT_TIMEOUT:g}s",
    "distributed.worker.profile.enabled": False,
    # A local worker that was killed while it started is not restarted by Dask itself.
    "distributed.deploy.lost-worker-timeout": "5s",
    **{
        f"distributed.nanny.pre-spawn-environ.{name}": value
        for name, value in WORKER_MEMORY.items()
    },
}
_START_ATTEMPTS = 5  # of the workers on this machine
_LOGGERS = ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio")


@contextmanager
def connect(address: ClusterAddress) -> Iterator[Client]:
    """Open a cluster, and check that its workers can do the work.

    Yields:
        The connection, to a cluster with at least one worker.

    Raises:
        ClusterError: The errors of `open_client`; or there are no workers, or unsuitable ones.
    """
    with open_client(address) as client:
        require_workers(client, address)
        yield client


@contextmanager
def open_client(address: ClusterAddress) -> Iterator[Client]:
    """Open a cluster, with or without workers.

    Workers that are started here exit with this process, however it ends.

    Yields:
        The connection.

    Raises:
        ClusterError: No scheduler answers; or, at any time until the context ends, the connection
            is lost.
    """
    with _quiet(), dask.config.set(_CONFIG), _scheduler(address) as scheduler:
        _require_certificates(address)
        try:
            client = Client(**scheduler, timeout=CONNECT_TIMEOUT, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:  # Dask raises all of them
            raise ClusterError(
                f"no scheduler answers at {address}", hint="dask scheduler"
            ) from error
        try:
            yield client
        except (CancelledError, CommClosedError) as error:
            raise ClusterError(f"lost the connection to the scheduler {address}") from error
        finally:
            client.close(timeout=1)


def _require_certificates(address: ClusterAddress) -> None:
    """Check that Dask's configuration names the certificates of a TLS connection.

    Raises:
        ClusterError: The connection is encrypted, and Dask's configuration names no certificates.
    """
    encrypted = address.text.startswith("tls:")
    if encrypted and Security().get_connection_args("client")["ssl_context"] is None:
        raise ClusterError(
            f"no certificates for {address} in the configuration of Dask",
            hint="export DASK_DISTRIBUTED__COMM__TLS__CA_FILE=FILE",
        )


@contextmanager
def _scheduler(address: ClusterAddress) -> Iterator[dict[str, object]]:
    """Start a cluster on this machine, if the address is a local one.

    Yields:
        The arguments of `Client` that name the scheduler.
    """
    if address.file is not None:
        yield {"scheduler_file": str(address.file)}
    elif not address.workers:
        yield {"address": address.text}
    else:
        with _start_workers(address.workers) as cluster:
            yield {"address": cluster}


def _start_workers(count: int) -> LocalCluster:
    """Start a cluster on this machine; retry if a worker is killed before it is ready.

    Raises:
        ClusterError: The workers do not start.
    """
    for _ in range(_START_ATTEMPTS):
        with suppress(RuntimeError, OSError):
            return LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                memory_limit=0,  # no memory limit: a worker is not restarted because of its memory
                dashboard_address=None,
                # Its server for health checks would take the port of the user's dashboard.
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
                silence_logs=logging.CRITICAL,
            )
    raise ClusterError(f"cannot start {format_count(count, 'worker')}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back the log messages and warnings of the libraries: a failure is one line of ours."""
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="distributed|tornado")
        for name in _LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
