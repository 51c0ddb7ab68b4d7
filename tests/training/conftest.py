import pytest

from mnistcli.datasets import Splits
from mnistcli.inference import conversion
from tests.support.strokes import make_splits


@pytest.fixture(scope="session")
def splits() -> Splits:
    return make_splits()


@pytest.fixture
def _skip_litert(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the conversion to LiteRT, which would take most of the time of a small run."""
    monkeypatch.setattr(conversion, "to_litert", lambda network: None)
