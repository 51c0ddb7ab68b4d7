"""Plot of the augmentation: sections, their images, and the settings of the run."""

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from mnistcli.config import TrainConfig
from mnistcli.plotting.augmentation import (
    NON_DIGIT_ROWS,
    VARIANTS,
    make_sections,
    plot_augmentation,
)
from mnistcli.synthetic.digit_styles import generate_styled_digits
from tests.plotting.builders import axes_of, footer, random_dataset, subtitle, texts

Check = Callable[[Figure], None]
TRAIN = random_dataset(np.arange(40)[::-1] % 10)
ALL = TrainConfig(augment=True, distort=True, rare_styles=0.05, non_digits=0.3, seed=3)


def test_digits_are_changed_and_their_originals_are_above() -> None:
    (section,) = make_sections(TrainConfig(augment=True), TRAIN)

    assert section.heading == "40 digits of the dataset"
    assert [label for label, _ in section.rows] == ["original", *["in training"] * VARIANTS]
    original, *changed = [images for _, images in section.rows]
    digits = TRAIN.images.tolist()
    assert [TRAIN.labels[digits.index(image)] for image in original.tolist()] == list(range(10))
    rows = [original, *changed]
    assert len({row.tobytes() for row in rows}) == 1 + VARIANTS


def test_synthetic_images_of_a_run_without_augmentation_are_unchanged() -> None:
    digits, styled = make_sections(TrainConfig(rare_styles=0.5, seed=3), TRAIN)

    assert [label for label, _ in digits.rows] == ["original"]
    assert styled.heading == "20 digits in rare styles: 50 % of the digits"
    drawn = np.concatenate([images for _, images in styled.rows])
    assert np.array_equal(drawn, generate_styled_digits(TRAIN, 20, seed=3).images)


def test_all_kinds_of_training_images_are_drawn(assert_legible: Check) -> None:
    figure = plot_augmentation(ALL, TRAIN, model_name="runs/a", dataset_name="mnist")

    assert subtitle(figure) == (
        "With augmentation, distortions, digits in rare styles and non-digits. "
        "Random changes differ from epoch to epoch"
    )
    assert footer(figure) == "model: runs/a, dataset: mnist, 40 training images"
    assert {
        "2 digits in rare styles: 5 % of the digits",
        "12 non-digits: 30 % of the digits",
    } < set(texts(figure))
    assert len(axes_of(figure).images) == 10 * (1 + VARIANTS + 2 + NON_DIGIT_ROWS)
    assert_legible(figure)


def test_the_images_of_a_seed_are_always_the_same() -> None:
    first, second = (make_sections(ALL, TRAIN) for _ in range(2))

    assert [[images.tobytes() for _, images in section.rows] for section in first] == [
        [images.tobytes() for _, images in section.rows] for section in second
    ]
