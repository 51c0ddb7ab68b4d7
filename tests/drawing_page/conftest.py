"""Fixtures of the drawing page: a predictor with the packaged model, and the application."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mnistcli.inference.loading import load_classifier
from mnistcli.model_lookup import find_model
from mnistcli.prediction.rejection import choose_thresholds

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from mnistcli.drawing_page.drawing_predictor import DrawingPredictor

COMMAND = "mnistcli train --dataset corrections --from pretrained"


@pytest.fixture(scope="package")
def predictor() -> "DrawingPredictor":
    from mnistcli.drawing_page.drawing_predictor import DrawingPredictor

    model = find_model("pretrained")
    thresholds = choose_thresholds(None, model.digit_thresholds)
    return DrawingPredictor(load_classifier(model.files), model.name, thresholds)


@pytest.fixture(scope="package")
def corrections_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("drawings") / "corrections"


@pytest.fixture(scope="package")
def app(predictor: "DrawingPredictor", corrections_dir: Path) -> "Starlette":
    pytest.importorskip("starlette", reason="needs the extra draw")
    from mnistcli.drawing_page.app import build_app
    from mnistcli.drawing_page.corrections import Corrections

    return build_app(predictor, Corrections(corrections_dir), COMMAND)
