"""Stages: the sheet, the foreground, the form elements and the text lines of an image."""

import numpy as np
from PIL import Image, ImageDraw

from mnistcli.preprocessing.stages import compute_stages


def test_a_photo_of_a_sheet_has_all_stages() -> None:
    photo = Image.new("L", (1600, 1200), 40)
    pen = ImageDraw.Draw(photo)
    pen.rectangle((300, 300, 1300, 900), fill=230)
    pen.line((400, 450, 1200, 450), fill=60, width=8)  # an underline
    for left in (500, 700):
        pen.ellipse((left, 500, left + 80, 620), outline=60, width=16)
        pen.ellipse((left, 700, left + 80, 820), outline=60, width=16)

    stages = compute_stages(photo)

    assert (stages.image.size, stages.scale) == ((800, 600), 2)
    assert stages.sheet is not None
    assert np.asarray(stages.sheet).min() > 50  # the table is gone
    assert [int(line.any(axis=1).argmax()) for line in stages.lines] == [250, 350]
    assert stages.form_mask[225, 400]
    assert (stages.form_mask <= stages.foreground).all()


def test_a_blank_image_has_no_sheet_and_no_lines() -> None:
    stages = compute_stages(Image.new("L", (100, 100), 255))

    assert stages.sheet is None
    assert stages.lines == ()
    assert not stages.foreground.any()
