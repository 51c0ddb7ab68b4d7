"""Image files of ten test digits.

Usage: python -m tests.support.digit_images FOLDER
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from mnistcli import datasets


def save_digit_images(folder: Path) -> None:
    """Write ``0.png`` to ``9.png``: dark on light, 280 pixels wide, of the dataset ``digits``."""
    folder.mkdir(parents=True, exist_ok=True)
    test = datasets.load("digits").test
    for digit in range(10):
        image = test.images[np.flatnonzero(test.labels == digit)[0]]
        Image.fromarray(255 - image).resize((280, 280)).save(folder / f"{digit}.png")


if __name__ == "__main__":
    save_digit_images(Path(sys.argv[1]))
