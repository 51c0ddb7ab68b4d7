"""Measure the overhead of the checks of untrusted files in `predict`, in processor time.

Usage: python -m tests.tools.check_cost [--images N]

Without the checks, images are decoded without limits, and the model file is not looked at before
its LiteRT file is run.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from unittest.mock import patch

from PIL import Image

from mnistcli.image_io import image_input, open_image
from mnistcli.image_io.image_memory import BUDGET
from mnistcli.inference import classifier, litert
from mnistcli.inference.classifier import Classifier
from mnistcli.model_lookup import PRETRAINED, find_model
from mnistcli.preprocessing import detect_content
from tests.support.strokes import draw_digit, make_digits

_ROUNDS = 9


def main() -> int:
    """Measure the images of each kind and the start; print the shares of the checks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200)
    count = parser.parse_args().images
    model = find_model(PRETRAINED).files[0]
    loaded = Classifier.load(model)

    def predict(path: Path) -> None:
        for digit in detect_content(open_image(path), classify=loaded.predict).digits:
            loaded.predict(digit.image)

    with tempfile.TemporaryDirectory() as name:
        for kind, path in _images(Path(name)):
            repetitions = count if path.stat().st_size < 100_000 else 10
            _compare(kind, lambda: predict(path), repetitions, _without_image_checks)  # noqa: B023
    _compare("start of the model", lambda: Classifier.load(model), 1, _without_model_checks)
    return 0


def _images(folder: Path) -> Iterator[tuple[str, Path]]:
    digit = make_digits(1, seed=0).images[0]
    Image.fromarray(digit).save(folder / "mnist.png")
    yield "28x28 PNG", folder / "mnist.png"
    draw_digit(3, size=84).save(folder / "drawing.png")
    yield "84x84 PNG", folder / "drawing.png"
    photo = Image.new("RGB", (4000, 3000), (220, 210, 200))
    photo.paste(draw_digit(3, size=1500), (1200, 700))
    photo.save(folder / "photo.jpg", quality=90)
    yield "photo of 12 megapixels", folder / "photo.jpg"


@contextmanager
def _without_image_checks() -> Iterator[None]:
    with ExitStack() as patches:
        for target, attribute, replacement in (
            (image_input, "TimedFile", lambda file, name: file),
            (image_input, "limit_decoding", lambda image, file, name: None),
            (image_input, "QUIET", nullcontext()),
            (image_input, "FORMATS", None),
            (BUDGET, "reserve", lambda amount: nullcontext()),
        ):
            patches.enter_context(patch.object(target, attribute, replacement))
        yield


@contextmanager
def _without_model_checks() -> Iterator[None]:
    converted = find_model(PRETRAINED).files[0].with_suffix(".tflite")

    def start(path: Path, digest: str) -> litert.Runner:
        return litert.Runner(converted.read_bytes())

    with (
        patch.object(classifier, "read_model_file", lambda path: b""),
        patch.object(classifier, "_load_converted", start),
    ):
        yield


def _compare(
    name: str,
    work: Callable[[], object],
    repetitions: int,
    without_checks: Callable[[], AbstractContextManager[None]],
) -> None:
    """Measure some work with and without checks in turn, and print the medians."""
    work()
    times: tuple[list[float], list[float]] = [], []
    for _ in range(_ROUNDS):
        times[0].append(_time(work, repetitions))
        with without_checks():
            times[1].append(_time(work, repetitions))
    checked, bare = map(statistics.median, times)
    sys.stdout.write(
        f"{name:24} {1000 * checked:8.2f} ms  without checks {1000 * bare:8.2f} ms  "
        f"{100 * (checked / bare - 1):+5.1f} %\n"
    )
    sys.stdout.flush()


def _time(work: Callable[[], object], repetitions: int) -> float:
    begin = time.process_time()
    for _ in range(repetitions):
        work()
    return (time.process_time() - begin) / repetitions


if __name__ == "__main__":
    sys.exit(main())
