"""Fixtures for tests of datasets."""

from collections.abc import Iterator

import pytest

from mnistcli.datasets import mnist
from mnistcli.files.hashing import sha256
from tests.datasets import mirror


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Host and port of a mirror; its small files take the place of MNIST's."""
    monkeypatch.setenv("NO_PROXY", "*")
    hashes = {name: sha256(content) for name, content in mirror.FILES.items()}
    monkeypatch.setattr(mnist, "HASHES", hashes)
    with mirror.serve() as address:
        yield address
