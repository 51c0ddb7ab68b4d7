"""Text lines: grouping of components and reading order."""

import numpy as np
from PIL import Image, ImageDraw

from mnistcli.preprocessing import find_digits
from mnistcli.preprocessing.components import connected_components
from mnistcli.preprocessing.text_lines import find_text_lines
from tests.support.polylines import detect_single, draw, draw_number, predict_text, similarity


def test_digits_are_in_reading_order() -> None:
    image = Image.new("L", (360, 300), 255)
    positions = {(20, 30): 2, (120, 40): 4, (220, 25): 7, (30, 170): 5, (140, 180): 4}
    for position, digit in positions.items():
        image.paste(draw(digit).crop((60, 40, 140, 160)), position)

    digits = find_digits(image)

    expected = [detect_single(draw(digit)).image for digit in positions.values()]
    assert len(digits) == 5
    assert all(
        similarity(digit.image, image) > 0.85 for digit, image in zip(digits, expected, strict=True)
    )
    assert [digit.box[0] // 100 for digit in digits] == [0, 1, 2, 0, 1]


def test_slanted_lines_are_read_one_after_the_other() -> None:
    image = Image.new("L", (500, 330), 255)
    image.paste(draw_number(2, 5, 7, 4), (30, 40))
    image.paste(draw_number(4, 2, 2, 7), (30, 190))
    ImageDraw.Draw(image).ellipse((455, 130, 463, 138), fill=0)

    rotated = image.rotate(4, fillcolor=255, resample=Image.Resampling.BICUBIC)

    assert predict_text(rotated) == "25744227"


def test_two_lines_have_their_own_masks_and_heights() -> None:
    mask = np.zeros((200, 100), bool)
    mask[120:170, 10:20] = mask[118:170, 40:50] = True
    mask[10:40, 10:20] = mask[12:42, 40:50] = True

    upper, lower = find_text_lines(connected_components(mask))

    assert (upper.height, lower.height) == (30, 51)
    assert (upper.mask | lower.mask == mask).all()
    assert not upper.mask[100:].any()
    assert not lower.mask[:100].any()


def test_a_dot_joins_the_nearest_line() -> None:
    mask = np.zeros((200, 100), bool)
    mask[10:60, 10:20] = mask[110:160, 10:20] = True
    mask[65:69, 40:44] = True

    upper, lower = find_text_lines(connected_components(mask))

    assert upper.mask[67, 42]
    assert not lower.mask[67, 42]


def test_a_component_within_the_width_of_another_does_not_end_the_line() -> None:
    mask = np.zeros((60, 200), bool)
    mask[10:12, 10:90] = mask[10:50, 10:13] = True  # a long stroke ...
    mask[16:50, 40:50] = True  # ... a component below it ...
    mask[12:50, 100:110] = True  # ... and one beside both

    assert [line.mask.sum() for line in find_text_lines(connected_components(mask))] == [mask.sum()]


def test_an_empty_mask_has_no_lines() -> None:
    assert find_text_lines(connected_components(np.zeros((20, 30), bool))) == []


def test_brackets_are_left_out() -> None:
    mask = np.zeros((200, 300), bool)
    for left in (80, 130, 180):
        mask[60:140, left : left + 30] = True
    mask[20:180, 30:60] = mask[20:180, 240:270] = True
    mask[25:175, 38:60] = mask[25:175, 240:262] = False

    (line,) = find_text_lines(connected_components(mask))

    assert not line.mask[:, :70].any()
    assert not line.mask[:, 235:].any()
    assert line.height == 80


def test_small_digits_beside_a_large_one_are_a_line_of_their_own() -> None:
    mask = np.zeros((200, 200), bool)
    mask[10:190, 10:14] = mask[10:14, 10:80] = True
    for left in (100, 130):
        mask[150:190, left : left + 20] = True
        mask[153:187, left + 3 : left + 17] = False

    large, small = find_text_lines(connected_components(mask))

    assert (large.height, small.height) == (180, 40)
    assert large.mask[:, 90:].sum() == 0
    assert small.mask[:, :90].sum() == 0
