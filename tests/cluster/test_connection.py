"""Connections to clusters: a failure is one line."""

import logging
import os

import pytest

pytest.importorskip("distributed", reason="needs the extra cluster")

from distributed import LocalCluster
from distributed.comm.core import CommClosedError

from mnistcli.cluster import checks, connection, worker
from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.cluster.connection import connect
from mnistcli.errors import ClusterError


def test_an_address_without_a_scheduler_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(connection, "CONNECT_TIMEOUT", 0.5)
    with (
        pytest.raises(ClusterError, match=r"no scheduler answers at 'tcp://127\.0\.0\.1:9'"),
        connect(ClusterAddress("tcp://127.0.0.1:9")),
    ):
        pytest.fail("connected")
    assert capfd.readouterr() == ("", "")


def test_a_tls_address_without_certificates_is_refused() -> None:
    with (
        pytest.raises(ClusterError, match=r"no certificates for 'tls://127\.0\.0\.1:9'"),
        connect(ClusterAddress("tls://127.0.0.1:9")),
    ):
        pytest.fail("connected")


def test_workers_that_do_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = []

    def start(**options: object) -> None:
        starts.append(options["n_workers"])
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr(connection, "LocalCluster", start)
    with (
        pytest.raises(ClusterError, match="cannot start 2 workers"),
        connect(ClusterAddress("local:2", workers=2)),
    ):
        pytest.fail("connected")
    assert starts == [2] * 5


def test_a_scheduler_without_workers_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "WORKER_TIMEOUT", 0.1)
    with (
        LocalCluster(n_workers=0, dashboard_address=None) as scheduler,
        pytest.raises(ClusterError, match="has no workers") as caught,
        connect(ClusterAddress(scheduler.scheduler_address)),
    ):
        pytest.fail("connected")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("dask worker tcp://127.0.0.1:")


def test_other_versions_are_refused(
    cluster: ClusterAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "installed_version", lambda name: "0.0")
    with pytest.raises(ClusterError, match=r"has different versions: mnistcli .* \(here 0.0\)"):
        connect(cluster).__enter__()


def test_a_lost_connection_is_an_error(cluster: ClusterAddress) -> None:
    with (
        pytest.raises(ClusterError, match=r"lost the connection to the scheduler"),
        connect(cluster),
    ):
        raise CommClosedError("closed by the other side")


def test_the_log_level_is_restored(cluster: ClusterAddress) -> None:
    log = logging.getLogger("distributed.client")
    level = log.level
    with connect(cluster):
        assert log.level == logging.CRITICAL
    assert log.level == level


def test_local_workers_reuse_the_memory_of_photos(cluster: ClusterAddress) -> None:
    """With Dask's environment, photos were predicted at two thirds of the speed."""
    with connect(cluster) as client:
        assert client.submit(os.getenv, "MALLOC_MMAP_MAX_").result() == "0"
