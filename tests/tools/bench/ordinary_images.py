"""Images as people have them, made from MNIST digits: drawings, scans and photos; and CPU times.

Usage: python -m tests.tools.bench.ordinary_images DIR
Prints the CPU time per stage of preprocessing and image for the images in a directory.
"""

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.datasets import Dataset
from mnistcli.image_io import open_image
from mnistcli.inference.loading import load_classifier
from mnistcli.model_lookup import PRETRAINED, find_model
from mnistcli.preprocessing.binarization import binarize
from mnistcli.preprocessing.form_elements import find_form_elements
from mnistcli.preprocessing.pipeline import run_pipeline

Result = TypeVar("Result")

KINDS = {"84x84 drawings": 500, "400x400 scans": 500, "12-megapixel photos": 50}
"""The number of images of each kind."""


def make_images(dataset: Dataset, folder: Path, kind: str, count: int) -> None:
    """Write images of one kind.

    Args:
        dataset: Digits in MNIST format.
        folder: The directory; it is created.
        kind: A key of `KINDS`.
        count: The number of images.
    """
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(count):
        digit = 255 - dataset.images[number]
        if kind.startswith("84"):
            _enlarge(digit, 84).save(folder / f"{number}.png")
        elif kind.startswith("400"):
            paper = np.asarray(_enlarge(digit, 400), np.float64) * 0.8 + rng.normal(
                30, 4, (400, 400)
            )
            Image.fromarray(paper.clip(0, 255).astype(np.uint8)).save(folder / f"{number}.png")
        else:
            light = np.linspace(150, 235, 4000)[None, :] - np.linspace(0, 40, 3000)[:, None]
            photo = Image.fromarray(light.astype(np.uint8))
            photo.paste(40, (1500, 1000), Image.fromarray(255 - np.asarray(_enlarge(digit, 1000))))
            photo.convert("RGB").save(folder / f"{number}.jpg")


def _enlarge(digit: NDArray[np.uint8], side: int) -> Image.Image:
    return Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)


def stage_times(folder: Path) -> dict[str, float]:
    """Measure the CPU time of each stage in ms per image: the median over the images."""
    classifier = load_classifier(find_model(PRETRAINED).files)
    times: dict[str, list[float]] = {}

    def measure(stage: str, step: Callable[[], Result]) -> Result:
        start = time.process_time()
        result = step()
        times.setdefault(stage, []).append(1000 * (time.process_time() - start))
        return result

    for path in sorted(folder.iterdir())[:50]:
        image = measure("decoding", partial(open_image, path))
        foreground = measure("binarization", partial(binarize, image))
        measure("form elements", partial(find_form_elements, foreground))
        whole = partial(run_pipeline, image, single=False, classify=classifier.predict)
        measure("all stages and classification", whole)
    return {stage: statistics.median(values) for stage, values in times.items()}


if __name__ == "__main__":
    for stage, milliseconds in stage_times(Path(sys.argv[1])).items():
        print(f"{stage:<32}{milliseconds:8.1f} ms")
