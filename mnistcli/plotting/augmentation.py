"""Plot of the augmentation: digits before and after random transformations, and synthetic ones."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistcli.config import TrainConfig
from mnistcli.datasets import Dataset
from mnistcli.formatting import bounded_percent, format_count, join_names
from mnistcli.mnist_format import to_model_input
from mnistcli.plotting.drawing import draw_array
from mnistcli.plotting.style import BLACK, GRAY, MARGIN, SMALL, TEXT, TOP, Footer, new_figure
from mnistcli.synthetic.digit_styles import generate_styled_digits
from mnistcli.synthetic.non_digits import generate_non_digits
from mnistcli.training.augmentation import augmentation_layers

_COLUMNS = 10
# Rows of augmented digits, of digits in rare styles and of non-digits.
VARIANTS, _STYLED_ROWS, NON_DIGIT_ROWS = 4, 2, 4
# Lengths are in inches: at `style.DPI`, four pixels of the file per pixel of a digit.
_CELL = 28 * 4 / 150
_STEP = _CELL + 0.09
_LABEL = 1.05
_HEADING, _SECTION_GAP = 0.32, 0.22
_WIDTH = 2 * MARGIN + _LABEL + _COLUMNS * _STEP


class Section(NamedTuple):
    """Images of one kind.

    Attributes:
        heading: The kind, with the fraction of the training images.
        rows: A label of each row and its images, uint8 (n, 28, 28).
    """

    heading: str
    rows: Sequence[tuple[str, NDArray[np.uint8]]]


def plot_augmentation(
    config: TrainConfig, train: Dataset, *, model_name: str, dataset_name: str
) -> Figure:
    """Plot training images as a run saw them: augmented, distorted and synthetic.

    Args:
        config: The config of the run.
        train: The images that it was trained on, without synthetic ones.
        model_name: Name of the model.
        dataset_name: Name of the dataset.
    """
    sections = make_sections(config, train)
    rows = sum(len(section.rows) for section in sections)
    height = rows * _STEP + len(sections) * (_HEADING + _SECTION_GAP) - _SECTION_GAP
    figure, axes = new_figure(
        _WIDTH,
        TOP + height + 0.1,
        "Training images as the model saw them",
        _subtitle(config),
        Footer(model_name, format_count(len(train), "training image"), dataset_name),
    )
    top = TOP
    for section in sections:
        axes.text(MARGIN, top, section.heading, size=TEXT, color=BLACK, weight="bold", va="top")
        top += _HEADING
        for label, images in section.rows:
            axes.text(MARGIN, top + _CELL / 2, label, size=SMALL, color=GRAY, va="center")
            for column, image in enumerate(images):
                draw_array(axes, image, (MARGIN + _LABEL + column * _STEP, top, _CELL, _CELL))
            top += _STEP
        top += _SECTION_GAP
    return figure


def make_sections(config: TrainConfig, train: Dataset) -> list[Section]:
    """Return some digits, digits in rare styles and non-digits as training with a config sees them.

    Args:
        config: The config of the run.
        train: The images that it was trained on, without synthetic ones.
    """
    some = train.subset(_COLUMNS)
    digits = some.images[np.argsort(some.labels, kind="stable")]
    is_changed = bool(augmentation_layers(config))
    styled = generate_styled_digits(
        train, _COLUMNS * _STYLED_ROWS if config.rare_styles else 0, seed=config.seed
    ).images
    outliers = generate_non_digits(
        train, _COLUMNS * NON_DIGIT_ROWS if config.non_digits else 0, seed=config.seed
    )
    variants = [digits] * (VARIANTS if is_changed else 0)
    # One batch, as in training: a distortion changes a fixed fraction of the images of a batch.
    batch = _augment(config, np.concatenate([*variants, styled, outliers]))
    count = len(digits) * len(variants)
    split = np.split(batch, [count, count + len(styled)])
    originals = [("original", digits)]
    augmented = [("in training", row) for row in _rows(split[0], len(digits))]
    sections = [
        Section(f"{format_count(len(train), 'digit')} of the dataset", originals + augmented)
    ]
    for name, fraction, images in (
        ("digits in rare styles", config.rare_styles, split[1]),
        ("non-digits", config.non_digits, split[2]),
    ):
        if fraction:
            count = round(fraction * len(train))
            heading = f"{count:,} {name}: {bounded_percent(fraction, 0)} of the digits"
            rows = [("in training", row) for row in _rows(images, _COLUMNS)]
            sections.append(Section(heading, rows))
    return sections


def _augment(config: TrainConfig, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Apply the augmentation of a config to images, uint8 (n, 28, 28)."""
    batch = to_model_input(images)
    for layer in augmentation_layers(config) if len(images) else ():
        batch = layer(batch, training=True)
    pixels: NDArray[np.uint8] = (
        np.rint(255 * np.asarray(batch)[..., 0]).clip(0, 255).astype(np.uint8)
    )
    return pixels


def _rows(images: NDArray[np.uint8], columns: int) -> list[NDArray[np.uint8]]:
    return [images[start : start + columns] for start in range(0, len(images), columns)]


def _names(config: TrainConfig) -> list[str]:
    """Return the names of the settings that change or add images and are in use."""
    used = {
        "augmentation": config.augment,
        "distortions": config.distort,
        "digits in rare styles": config.rare_styles,
        "non-digits": config.non_digits,
    }
    return [name for name, value in used.items() if value]


def _subtitle(config: TrainConfig) -> str:
    changes = "Random changes differ from epoch to epoch" if augmentation_layers(config) else ""
    return f"With {join_names(_names(config))}. {changes}".rstrip(". ")
