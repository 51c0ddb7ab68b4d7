"""Diagnosis of a cluster: its scheduler, its workers, and their shared file system."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from distributed import Client

from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.cluster.checks import find_faults, wait_for_workers
from mnistcli.cluster.connection import open_client
from mnistcli.cluster.shared_files import describe_models, find_models, require_directory
from mnistcli.diagnosis.checks import FAILED, OK, Check
from mnistcli.diagnosis.report import Diagnosis, collect_environment
from mnistcli.errors import MnistCliError
from mnistcli.files.user_directories import DATA_DIR_VARIABLE
from mnistcli.formatting import format_count
from mnistcli.model_lookup import find_model


def diagnose_cluster(address: ClusterAddress) -> Diagnosis:
    """Check a cluster; each fault of a worker is a failed check.

    Args:
        address: The cluster.
    """
    checks: list[Check] = []
    try:
        with open_client(address) as client:
            checks += _check_all(client, address)
    except MnistCliError as error:
        checks.append(Check("scheduler", FAILED, error.message, error.hint))
    return Diagnosis(tuple(checks), collect_environment())


def _check_all(client: Client, address: ClusterAddress) -> Iterator[Check]:
    scheduler = client.scheduler_info()["address"]
    yield Check("scheduler", OK, f"answers at {scheduler}")
    try:
        wait_for_workers(client, address)
    except MnistCliError as error:
        yield Check("workers", FAILED, error.message, error.hint)
        return
    faults = [
        Check("workers", FAILED, fault, address.worker_command) for fault in find_faults(client)
    ]
    workers = format_count(len(client.nthreads()), "worker")
    yield from faults or [Check("workers", OK, f"{workers} with the versions of this machine")]
    models = describe_models(find_model().files)
    yield from _check_visible(client, "model", find_model().name, lambda: find_models(models))
    yield from _folder(client, "working directory", Path.cwd())
    if folder := os.environ.get(DATA_DIR_VARIABLE):
        yield from _folder(client, "MNIST files", Path(folder).absolute())


def _folder(client: Client, name: str, path: Path) -> Iterator[Check]:
    return _check_visible(client, name, str(path), lambda: require_directory(path))


def _check_visible(
    client: Client, name: str, path_or_model: str, require: Callable[[], object]
) -> Iterator[Check]:
    """Check that each worker sees a path or model; `require` raises an error on one without it."""
    answers = client.run(require, on_error="return")
    faults = [
        (worker, answer) for worker, answer in answers.items() if isinstance(answer, Exception)
    ]
    for worker, fault in faults:
        yield Check(name, FAILED, f"{fault} ({worker})")
    if not faults:
        yield Check(name, OK, f"all workers see {path_or_model!r}")
