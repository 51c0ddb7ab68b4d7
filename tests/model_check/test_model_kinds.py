"""Models of all kinds that Keras users have pass the check and compute the same when loaded."""

import logging
from pathlib import Path

import keras
import numpy as np
import pytest

from mnistcli import checkpoints
from mnistcli.model_check import check_model
from tests.support.external_model_kinds import MODEL_KINDS, scale_pixels


@pytest.mark.parametrize("name", MODEL_KINDS)
def test_a_kind_of_model_passes_and_computes_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`tests.tools.external_models` trains them all and compares what is found about pixels."""
    monkeypatch.setattr(logging.root, "disabled", True)  # Keras warns of .h5 files
    kind = MODEL_KINDS[name]
    model = kind.make()
    path = Path(f"m{kind.suffix}")
    model.save(path)
    digits = np.random.default_rng(0).integers(0, 256, (1, 28, 28), np.uint8)
    inputs = scale_pixels(kind, model, digits)

    loaded = checkpoints.load_checked(check_model(path))

    expected, computed = (
        keras.ops.convert_to_numpy(one(inputs, training=False)) for one in (model, loaded)
    )
    np.testing.assert_allclose(computed, expected, atol=1e-5)


def test_there_are_as_many_kinds_as_were_reviewed() -> None:
    assert len(MODEL_KINDS) >= 39
