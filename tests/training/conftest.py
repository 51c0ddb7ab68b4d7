"""Fixtures of the tests of training."""

import pytest

from mnistcli.datasets import Splits
from tests.support.strokes import make_splits


@pytest.fixture(scope="session")
def splits() -> Splits:
    return make_splits()
