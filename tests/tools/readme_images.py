"""Draw the images of the example in the README: a number on a form, and a doodle.

Usage: python -m tests.tools.readme_images DIRECTORY

It writes `note.jpg` and `doodle.png`. The digits are test images of MNIST, the first ordinary 5
and the first 9.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnistcli import datasets
from mnistcli.datasets import Dataset
from mnistcli.synthetic.doodles import draw_face

_SIZE = 560, 350  # of the form, in pixels
_BOX = 56, 56, 496, 290
_DIGITS = (15, 118), (7, 330)  # index of the image, and its left edge on the form
_SIDE, _TOP = 150, 100
_PAPER, _SHADED_PAPER = (226, 224, 208), (168, 164, 148)
_INK, _PRINT = (38, 34, 130), (70, 70, 70)


def draw_note(digits: Dataset) -> Image.Image:
    """Draw two digits in blue ink, in a printed box on unevenly lit paper.

    Args:
        digits: The MNIST test images.
    """
    width, height = _SIZE
    light = (np.linspace(0, 1, width)[None] + np.linspace(0, 0.6, height)[:, None]) / 1.6
    paper = _mix(np.broadcast_to(_PAPER, (height, width, 3)), _SHADED_PAPER, light)
    form = Image.fromarray(paper)
    ImageDraw.Draw(form).rectangle(_BOX, outline=_PRINT, width=3)
    for index, left in _DIGITS:
        digit = Image.fromarray(digits.images[index]).resize(
            (_SIDE, _SIDE), Image.Resampling.BICUBIC
        )
        # Steeper edges: an enlarged digit is blurred, a pen is not.
        ink = digit.point(lambda value: min(max(2 * value - 128, 0), 255))
        form.paste(_INK, (left, _TOP), ink)
    noise = np.random.default_rng(0).normal(0, 2, (height, width, 1))
    return Image.fromarray((np.array(form) + noise).clip(0, 255).astype(np.uint8))


def draw_doodle() -> Image.Image:
    """Draw a face with a thin pen."""
    face = Image.fromarray(255 - draw_face(np.random.default_rng(3)))
    return face.resize((280, 280), Image.Resampling.BICUBIC)


def _mix(
    color: NDArray[np.uint8], other: tuple[int, int, int], share: NDArray[np.float64]
) -> NDArray[np.uint8]:
    mixed = color * (1 - share[..., None]) + np.array(other) * share[..., None]
    return mixed.astype(np.uint8)


def main(directory: Path) -> None:
    """Write both images to a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    draw_note(datasets.load("mnist").test).save(directory / "note.jpg", quality=90)
    draw_doodle().save(directory / "doodle.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
