"""Fixtures of all tests: an empty working directory for each, one small trained run, MNIST."""

import gc
import os
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from xdist.remote import Producer

    from mnistcli.cluster.addresses import ClusterAddress

# No deadline: the machine may be busy. Derandomized: every run tries the same examples.
settings.register_profile("tests", deadline=None, derandomize=True, database=None)
settings.load_profile("tests")

_GIVEN = os.environ.get("MNISTCLI_DATA_DIR")
# Absolute before any test changes the working directory.
REAL_MNIST = Path(_GIVEN).resolve() if _GIVEN else None

# Workers of pytest-xdist have them, and a console of Rich keeps the size that it finds at first.
for _size in ("COLUMNS", "LINES"):
    os.environ.pop(_size, None)


# Parts of the names of test files that use the fixture `cluster` or a fork server.
_WITH_PROCESSES = (
    "cluster", "object_stores", "replicas", "terminal", "signals", "kills", "test_download",
    "test_storage",
)  # fmt: skip

if find_spec("xdist"):
    from xdist.scheduler import LoadFileScheduling

    class _Scheduling(LoadFileScheduling):
        """One worker runs all tests with a cluster or a fork server, which take seconds to start."""

        def _split_scope(self, nodeid: str) -> str:
            scope = super()._split_scope(nodeid)
            return "processes" if any(name in scope for name in _WITH_PROCESSES) else scope


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the slowest folder, so that the workers end at about the same time."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/training/"))


def pytest_collection_finish() -> None:
    """Let garbage collection skip the modules and tests: each conversion to LiteRT starts one."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> "LoadFileScheduling":
    """Distribute files, regardless of the option ``--dist``."""
    return _Scheduling(config, log)


@pytest.fixture(scope="session")
def shared_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that all workers of pytest-xdist share."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture(scope="session", autouse=True)
def _own_config(shared_dir: Path) -> Iterator[None]:
    """Keep all tests away from the user's configuration; they share one signing key."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNISTCLI_CONFIG_DIR", str(shared_dir / "config"))
        yield


@pytest.fixture(autouse=True)
def _isolate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Isolate a test from the user's cache, models, data and working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MNISTCLI_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    for variable in ("MNISTCLI_DATA_DIR", "MNISTCLI_MODEL"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    """The directory of the MNIST files; skips the test unless ``$MNISTCLI_DATA_DIR`` is set."""
    if REAL_MNIST is None:
        pytest.skip("needs the MNIST files: set MNISTCLI_DATA_DIR")
    return REAL_MNIST


@pytest.fixture
def quick_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip most of the time of training `simple`."""
    from tests.support.training import make_training_quick

    make_training_quick(monkeypatch)


@pytest.fixture(scope="session")
def trained_run(shared_dir: Path) -> Path:
    """A finished run of four epochs on the bundled digits, which one worker trains."""
    from mnistcli import datasets
    from mnistcli.files.locks import try_lock
    from mnistcli.recipes import resolve
    from mnistcli.runs.run import Run
    from mnistcli.training import train

    run = Run(shared_dir / "trained")
    while not run.is_finished:
        with try_lock(shared_dir) as locked:
            if locked and not run.is_finished:
                config = resolve("classic", dataset="digits", epochs=4, batch_size=32)
                train(config, datasets.load("digits"), Run.create(config, run.path))
        time.sleep(0.1)
    return run.path


@pytest.fixture(scope="session")
def cluster() -> "Iterator[ClusterAddress]":
    """The address of a scheduler with two worker processes; skips without `distributed`."""
    pytest.importorskip("distributed", reason="needs the extra cluster")
    import dask

    from mnistcli.cluster.addresses import ClusterAddress
    from mnistcli.cluster.connection import connect
    from tests.support.program import FORK_SERVER

    settings = {
        # A function that kills its worker is given to one other worker only.
        "distributed.scheduler.allowed-failures": 1,
        # Each worker process would import the libraries again.
        "distributed.worker.multiprocessing-method": FORK_SERVER.get_start_method(),
    }
    with pytest.MonkeyPatch.context() as patch, dask.config.set(settings):
        # Otherwise Dask replaces the libraries that the fork server imports with its own.
        patch.setattr("distributed.utils._forkserver_preload_set", True)
        with connect(ClusterAddress("local:2", workers=2)) as client:
            yield ClusterAddress(client.scheduler_info()["address"])


@pytest.fixture(scope="session")
def digit_pngs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of ten held-out digits as dark-on-light images, ``0.png`` to ``9.png``."""
    from tests.support.digit_images import save_digit_images

    folder = tmp_path_factory.mktemp("images")
    save_digit_images(folder)
    return folder
