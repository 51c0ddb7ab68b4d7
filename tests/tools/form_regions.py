"""The share of fields of rendered forms that are read correctly, with and without registration.

Usage: python -m tests.tools.form_regions [SEED]
"""

import sys
import tempfile
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
from PIL import Image

from mnistcli.inference.loading import load_classifier
from mnistcli.model_lookup import find_model
from mnistcli.prediction.form_regions import read_regions
from mnistcli.prediction.forms import predict_forms
from mnistcli.prediction.predict import predict_images
from mnistcli.prediction.rejection import choose_thresholds
from mnistcli.preprocessing.registration import register
from tests.support.forms import displace, draw_scan, write_regions

_FORMS = 40
_ZOOM = 2.0
_LENGTHS = {"date": 6, "amount": 5, "year": 4, "account": 8}


def measure(rng: np.random.Generator, *, framed: bool, boxed: bool, scaled: bool) -> None:
    """Print the numbers of correct and of wrong fields of displaced forms."""
    draw = partial(draw_scan, zoom=_ZOOM, framed=framed, boxed=boxed)
    scans: list[Image.Image] = [draw({})]
    truth: list[dict[str, str]] = []
    for number in range(_FORMS):
        texts = {
            name: "".join(map(str, rng.integers(0, 10, length)))
            for name, length in _LENGTHS.items()
        }
        texts["count"] = str(rng.integers(0, 10)) if rng.random() < 0.7 else ""
        image = draw(texts, seed=number)
        x, y = rng.uniform(-0.03, 0.03, 2) * image.width
        scale = rng.uniform(0.9, 1.1) if scaled else 1.0
        scans.append(displace(image, shift=(x, y), angle=rng.uniform(-4, 4), scale=scale))
        truth.append(texts)
    model = find_model("pretrained")
    predict = partial(
        predict_images,
        load_classifier(model.files),
        thresholds=choose_thresholds(None, model.digit_thresholds),
    )
    with tempfile.TemporaryDirectory() as folder:
        regions = read_regions(write_regions(Path(folder) / "boxes.csv", zoom=_ZOOM))
    for function in (lambda *_: None, register):
        with mock.patch("mnistcli.prediction.forms.register", function):
            _, *forms = predict_forms(predict, scans, regions)
        fields = [
            (form.regions[name].text, text)
            for form, texts in zip(forms, truth, strict=True)
            for name, text in texts.items()
        ]
        right = sum(found == text for found, text in fields)
        wrong = sum(bool(found) and found != text for found, text in fields)
        registered = sum(form.is_registered for form in forms)
        print(
            f"framed={framed} boxed={boxed} scaled={scaled}: {registered} of {_FORMS} registered, "
            f"{right} of {len(fields)} fields correct, {wrong} wrong"
        )


def main() -> None:
    """Measure all kinds of forms."""
    rng = np.random.default_rng(int(sys.argv[1]) if len(sys.argv) > 1 else 99)
    for framed, boxed, scaled in (
        (True, True, False),
        (True, True, True),
        (False, True, False),
        (True, False, False),
        (False, False, False),
    ):
        measure(rng, framed=framed, boxed=boxed, scaled=scaled)


if __name__ == "__main__":
    main()
