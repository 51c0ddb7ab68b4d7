"""The exported page: the same pixels and probabilities as in Python, offline, in one small file."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcli.digit_thresholds import NO_DIGIT_THRESHOLDS
from mnistcli.drawing_page.network import Layer, compute
from mnistcli.drawing_page.page_export import MAX_SIZE, export_page
from mnistcli.errors import ModelError, OutputError
from mnistcli.inference.digit_score import digit_scores
from mnistcli.inference.loading import load_classifier
from mnistcli.model_lookup import find_model
from mnistcli.preprocessing.components import bounding_region, connected_components
from mnistcli.preprocessing.normalization import normalize_digit
from mnistcli.preprocessing.shapes import expand_region
from mnistcli.preprocessing.specks import remove_specks
from tests.support.browser import browser, draw_on
from tests.support.strokes import STROKES

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from mnistcli.inference.digit_classifier import DigitClassifier

DRAWINGS = 100
# Draws each drawing on a canvas, and returns its gray levels and what the page makes of them.
RECOGNIZE = """drawings => drawings.map(({side, width, strokes}) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = side;
    const context = canvas.getContext("2d", {willReadFrequently: true});
    context.fillStyle = "#fff";
    context.fillRect(0, 0, side, side);
    context.lineWidth = width;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of strokes) {
        context.beginPath();
        stroke.forEach(([x, y]) => context.lineTo(x, y));
        context.stroke();
    }
    const data = context.getImageData(0, 0, side, side).data;
    const gray = new Uint8Array(side * side);
    for (let i = 0; i < gray.length; i++) gray[i] = data[4 * i];
    const pixels = normalization.normalize({gray, width: side, height: side});
    const parts = [];
    for (let i = 0; i < side; i++) {
        parts.push(String.fromCharCode(...gray.subarray(i * side, (i + 1) * side)));
    }
    return {gray: btoa(parts.join("")), pixels: [...pixels], probabilities: backend.network.predict(pixels)};
})"""


@pytest.fixture(scope="module")
def classifier() -> "DigitClassifier":
    return load_classifier(find_model("pretrained").files)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, classifier: "DigitClassifier") -> Path:
    model = find_model("pretrained")
    path = tmp_path_factory.mktemp("page") / "page.html"
    size = export_page(
        model.files[0], classifier, path, name="pretrained", thresholds=model.digit_thresholds
    )
    assert size == path.stat().st_size <= MAX_SIZE
    return path


@pytest.fixture(scope="module")
def page(exported: Path) -> Iterator["Page"]:
    with browser() as chromium:
        context = chromium.new_context(viewport={"width": 390, "height": 844}, offline=True)
        opened = context.new_page()
        problems: list[str] = []
        opened.on("console", lambda message: problems.append(message.text))
        opened.on("pageerror", lambda error: problems.append(str(error)))
        opened.goto(exported.as_uri())
        yield opened
        assert problems == []


def drawings(count: int) -> list[dict[str, Any]]:
    """Return digits of many sizes, stroke widths and slants, with trembling strokes and specks."""
    rng = np.random.default_rng(0)
    result = []
    for number in range(count):
        side = int(rng.integers(30, 260))
        scale, turn = side * rng.uniform(0.4, 0.75), rng.uniform(-0.3, 0.3)
        stretch = rng.uniform(0.5, 1.2)
        rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        strokes = []
        for stroke in STROKES[number % 10]:
            points = (np.array(stroke) - 0.5) * [stretch, 1] @ rotation * scale + side / 2
            strokes.append((points + rng.normal(0, 0.01 * scale, points.shape)).tolist())
        if number % 5 == 0:
            strokes.append([[3, 3], [3.2, 3]])
        result.append({"side": side, "width": scale * rng.uniform(0.02, 0.2), "strokes": strokes})
    return result


def normalize(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Normalize a clean drawing, whose ink needs no binarization, as the pipeline does."""
    coverage = (255 - gray.astype(np.float32)) / np.float32(255)
    mask = remove_specks(connected_components(coverage > 0.5)).mask
    around = expand_region(bounding_region(mask), 2)
    return normalize_digit(coverage[around], mask[around])


def test_pixels_and_probabilities_equal_those_of_python(
    page: "Page", classifier: "DigitClassifier"
) -> None:
    drawn = drawings(DRAWINGS)
    recognized = page.evaluate(RECOGNIZE, drawn)

    grays = [
        np.frombuffer(base64.b64decode(one["gray"]), np.uint8).reshape(drawing["side"], -1)
        for one, drawing in zip(recognized, drawn, strict=True)
    ]
    expected = np.stack([normalize(gray) for gray in grays])
    pixels = np.reshape([one["pixels"] for one in recognized], (-1, 28, 28))
    different = np.flatnonzero((pixels != expected).any(axis=(1, 2)))
    assert different.tolist() == []
    probabilities = np.array([one["probabilities"] for one in recognized])
    assert np.abs(probabilities - classifier.predict(expected)).max() < 1e-4
    scores = page.evaluate(
        "all => all.map((one) => backend.digitScore(one))", probabilities.tolist()
    )
    assert scores == pytest.approx(digit_scores(probabilities).tolist())
    labels = np.arange(DRAWINGS) % 10
    assert (probabilities.argmax(axis=1) == labels).mean() > 0.9


def test_the_page_computes_every_kind_of_layer_as_python_does(page: "Page") -> None:
    rng = np.random.default_rng(0)

    def weights(*shape: int) -> NDArray[np.float32]:
        exact = rng.normal(0, 0.3, shape).astype(np.float32)
        # Kernels are float16 in the page, as those of the packaged model.
        return exact.astype(np.float16).astype(np.float32) if len(shape) > 1 else exact

    convolution = {"size": [6, 5], "strides": [2, 3], "filters": 4}
    layers = [
        Layer("convolution", {**convolution, "same": True}, (weights(6, 5, 1, 4), weights(4))),
        Layer("scaling", {}, (weights(4), weights(4))),
        Layer("relu"),
        Layer("pooling", {"size": [2, 3], "strides": [2, 2]}),
        Layer("convolution", {**convolution, "same": True}, (weights(6, 5, 4, 4),)),
        Layer("dense", {"units": 10}, (weights(4 * 2 * 4, 10), weights(10))),
        Layer("softmax"),
    ]
    image = rng.integers(0, 256, (28, 28), np.uint8)

    computed = page.evaluate(
        "([layers, bytes, pixels]) => new Network(layers, Uint8Array.from(bytes).buffer).predict(pixels)",
        [
            [layer.as_dict() for layer in layers],
            list(b"".join(layer.to_bytes() for layer in layers)),
            image.ravel().tolist(),
        ],
    )

    assert computed == pytest.approx(compute(layers, image).tolist(), abs=1e-5)


def test_a_digit_is_recognized_without_a_server(page: "Page") -> None:
    draw_on(page, 7)

    assert page.locator("#text").inner_text() == "7"
    assert not page.locator("#correction").is_visible()
    assert not page.locator("#open").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.wait_for_selector("#map[aria-busy=false]")
    orange = "(_, i, d) => i % 4 === 0 && d[i] > d[i + 2] + 40"
    source = f"c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].some({orange})"
    assert page.locator("#map").evaluate(source)


def test_a_drawing_with_a_low_digit_score_is_rejected(page: "Page") -> None:
    minimum = page.evaluate("settings.minDigitScore")
    page.evaluate("settings.minDigitScore = 1")
    try:
        draw_on(page, 7)
        assert page.locator("#note").inner_text() == "Uncertain: unlike a digit"
    finally:
        page.evaluate("value => { settings.minDigitScore = value; }", minimum)


def test_an_existing_file_is_kept(exported: Path, classifier: "DigitClassifier") -> None:
    model = find_model("pretrained").files[0]

    with pytest.raises(OutputError, match="already exists"):
        export_page(model, classifier, exported, name="pretrained", thresholds=NO_DIGIT_THRESHOLDS)


def test_a_model_of_another_function_is_refused(classifier: "DigitClassifier") -> None:
    class Other:
        def predict(self, images: NDArray[np.uint8], /) -> NDArray[np.float32]:
            return classifier.predict(255 - images)

    with pytest.raises(ModelError, match="different probabilities"):
        export_page(
            find_model("pretrained").files[0],
            Other(),
            Path("p.html"),
            name="",
            thresholds=NO_DIGIT_THRESHOLDS,
        )

    assert not Path("p.html").exists()
