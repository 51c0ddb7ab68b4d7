"""Form elements: small images have none."""

from PIL import Image, ImageDraw

from mnistcli.preprocessing import find_digits


def test_an_image_smaller_than_20_pixels_has_no_form_elements() -> None:
    image = Image.new("L", (19, 19), 255)
    ImageDraw.Draw(image).rectangle((1, 1, 17, 17), outline=0)
    image.putpixel((9, 9), 0)

    (digit,) = find_digits(image)

    assert digit.box == (1, 1, 18, 18)
