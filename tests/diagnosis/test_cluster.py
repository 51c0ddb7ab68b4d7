"""Diagnosis of a cluster: each fault of a worker is a check that failed."""

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed", reason="needs the extra cluster")

from mnistcli.cluster import connection, worker
from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.cluster.shared_files import describe_models, find_models
from mnistcli.diagnosis import FAILED, OK
from mnistcli.diagnosis import cluster as diagnosis
from mnistcli.diagnosis.cluster import diagnose_cluster
from mnistcli.errors import ClusterError
from mnistcli.model_lookup import find_model
from tests.support.command_line import invoke, succeed


def test_all_checks_of_a_working_cluster_pass(cluster: ClusterAddress) -> None:
    lines = succeed("doctor", "--cluster", cluster.text).stdout.splitlines()
    assert [line.split()[:2] for line in lines[:4]] == [
        ["ok", "scheduler"],
        ["ok", "workers"],
        ["ok", "model"],
        ["ok", "working"],
    ]


def test_faults_of_workers_are_failed_checks(
    cluster: ClusterAddress, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(worker, "installed_version", lambda name: "0.0")
    model = tmp_path / "model.keras"
    model.write_bytes(find_model("pretrained").files[0].read_bytes())
    monkeypatch.setattr(diagnosis, "find_model", lambda: find_model(model))
    monkeypatch.setenv("MNISTCLI_DATA_DIR", "/nowhere")
    found = diagnose_cluster(cluster)
    assert not found.works
    failed = {check.name: check.detail for check in found.checks if check.status == FAILED}
    assert list(failed) == ["workers", "MNIST files"]
    assert "has different versions: mnistcli" in failed["workers"]
    missing = "a worker does not have '/nowhere': the file system must be shared"
    assert failed["MNIST files"].startswith(missing)
    assert [check.name for check in found.checks if check.status == OK] == [
        "scheduler",
        "model",
        "working directory",
    ]


def test_an_address_without_a_scheduler_is_a_failed_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_TIMEOUT", 0.5)
    result = invoke("doctor", "--cluster", "tcp://127.0.0.1:9")
    assert result.exit_code == 1
    assert "no scheduler answers at 'tcp://127.0.0.1:9'" in result.stdout


def test_a_model_that_has_changed(tmp_path: Path) -> None:
    model: Any = tmp_path / "model.keras"
    model.write_bytes(find_model("pretrained").files[0].read_bytes())
    described = describe_models([model])
    assert find_models(described) == [model]
    model.write_bytes(model.read_bytes() + b" ")
    with pytest.raises(ClusterError, match="a worker does not have"):
        find_models(described)
