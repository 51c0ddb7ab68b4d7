"""Export of the drawing page: a self-contained file that predicts digits offline."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistcli.digit_thresholds import DigitThresholds
from mnistcli.drawing_page.network import Layer, compute, read_network
from mnistcli.drawing_page.page import build_page
from mnistcli.errors import OTHER_MODEL, ModelError, OutputError, os_reason
from mnistcli.files.atomic import write_atomically
from mnistcli.inference.digit_classifier import DigitClassifier

MAX_SIZE = 3_000_000
"""Maximum number of bytes of a page: it must start fast on a phone."""

_SCRIPTS = ("image_ops.js", "normalization.js", "network.js", "embedded.js")
_TOLERANCE = 1e-4
_OPTION = "--export FILE.html"


def export_page(
    model: Path, classifier: DigitClassifier, path: Path, *, name: str, thresholds: DigitThresholds
) -> int:
    """Write the page with the network of a model in it.

    The network is computed from the exported weights and compared with the classifier. The page
    repeats this self-test with one of the images.

    Args:
        model: The `.keras` file.
        classifier: Its classifier.
        path: The file to write; it must not exist.
        name: The name of the model on the page.
        thresholds: The rejection thresholds of the model.

    Returns:
        The size of the page in bytes.

    Raises:
        ModelError: The model cannot be exported, disagrees or is too large.
        OutputError: The file exists or cannot be written.
    """
    if path.exists():
        raise OutputError(f"already exists: {str(path)!r}", hint=_OPTION)
    layers = read_network(model)
    images = np.random.default_rng(0).integers(0, 256, (4, 28, 28), np.uint8)
    expected = classifier.predict(images)
    if not _agree(layers, images, expected):
        raise ModelError(
            f"the page would compute different probabilities from {str(model)!r}, which may take "
            "pixels other than 0..1",
            hint=OTHER_MODEL,
        )
    settings = {
        "model": name,
        "minConfidence": thresholds.min_confidence,
        "minDigitScore": thresholds.min_digit_score,
        "layers": [layer.as_dict() for layer in layers],
        "check": _check(images[0], expected[0]),
    }
    weights = b"".join(layer.to_bytes() for layer in layers)
    content = build_page(_SCRIPTS, settings, weights=weights).text.encode("utf-8")
    if len(content) > MAX_SIZE:
        raise ModelError(
            f"the page would have {len(content) / 1e6:.1f} MB, more than {MAX_SIZE / 1e6:.0f} MB: "
            f"{str(model)!r} has too many parameters",
            hint=OTHER_MODEL,
        )
    try:
        write_atomically(path, content)
    except OSError as error:
        message = f"cannot write {str(path)!r}: {os_reason(error)}"
        raise OutputError(message, hint=_OPTION) from error
    return len(content)


def _agree(layers: list[Layer], images: NDArray[np.uint8], expected: NDArray[np.float32]) -> bool:
    try:
        computed = np.stack([compute(layers, image) for image in images])
    except ValueError:  # without the layers that were left out, shapes are incompatible
        return False
    return bool(np.allclose(computed, expected, rtol=0, atol=_TOLERANCE))


def _check(image: NDArray[np.uint8], probabilities: NDArray[np.float32]) -> dict[str, Any]:
    encoded = base64.b64encode(image.tobytes()).decode("ascii")
    return {"image": encoded, "probabilities": probabilities.tolist()}
