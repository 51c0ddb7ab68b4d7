"""Any picture of a digit ends as MNIST would have stored it."""

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw
from scipy import ndimage

from mnistcli.preprocessing import Digit, find_digits, find_foreground, open_image
from mnistcli.preprocessing.binarization import binarize
from mnistcli.preprocessing.cleaning import clean
from mnistcli.preprocessing.lines import find_lines
from mnistcli.preprocessing.normalization import stroke_width, to_mnist_format
from mnistcli.preprocessing.seams import find_seams

# Each digit as the way of a pen, in a box of 1 x 1.
WAYS = {
    2: [[(0.1, 0.2), (0.4, 0), (0.8, 0.15), (0.75, 0.45), (0.1, 1), (0.9, 1)]],
    4: [[(0.6, 0), (0.1, 0.6), (0.9, 0.6)], [(0.65, 0.3), (0.6, 1)]],
    5: [[(0.3, 0), (0.25, 0.45), (0.7, 0.45), (0.8, 0.8), (0.2, 1)], [(0.3, 0), (0.85, 0)]],
    7: [[(0.1, 0.05), (0.9, 0), (0.4, 1)]],
}


def drawn(
    digit: int = 4,
    *,
    size: tuple[int, int] = (200, 200),
    box: tuple[int, int, int, int] = (70, 50, 130, 150),
    pen: int = 9,
    ink: object = 0,
    paper: object = 255,
    mode: str = "L",
) -> Image.Image:
    image = Image.new(mode, size, paper)
    draw = ImageDraw.Draw(image)
    left, top, right, bottom = box
    for way in WAYS[digit]:
        points = [(left + x * (right - left), top + y * (bottom - top)) for x, y in way]
        draw.line(points, fill=ink, width=pen, joint="curve")
    return image


def only(picture: Image.Image) -> Digit:
    digits = find_digits(picture, single=True)
    assert len(digits) == 1
    return digits[0]


def alike(one: Digit, other: Digit) -> float:
    """How alike two digits look: 1 for the same picture (the cosine of their pixels)."""
    a, b = (digit.image.astype(float).ravel() for digit in (one, other))
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def shaded(image: Image.Image, shade: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(np.clip(np.asarray(image) * shade, 0, 255).astype(np.uint8))


def test_the_form_is_mnists() -> None:
    digit = only(drawn()).image
    assert digit.shape == (28, 28)
    assert digit.dtype == np.uint8
    assert digit.max() == 255
    rows, columns = np.nonzero(digit > 20)
    assert max(np.ptp(rows), np.ptp(columns)) + 1 in {19, 20}
    assert all(13.4 <= middle <= 14.6 for middle in ndimage.center_of_mass(digit))


def test_the_box_is_in_the_pictures_own_pixels() -> None:
    small = only(drawn(7)).box
    assert np.abs(np.subtract(small, (76, 45, 130, 150))).max() <= 6
    large = drawn(7, size=(2400, 2000), box=(700, 500, 1300, 1500), pen=90)
    assert np.abs(np.subtract(only(large).box, (756, 460, 1290, 1510))).max() <= 40


@pytest.mark.parametrize("single", [True, False])
def test_the_ink_is_the_digits_own_in_its_box(single: bool) -> None:
    picture = drawn(7, size=(2400, 2000), box=(700, 500, 1300, 1500), pen=90)
    picture.paste(0, (0, 1900, 2400, 1920))  # a ruled line
    (digit,) = find_digits(picture, single=single)
    page, factor = find_foreground(picture)
    assert (page.shape, factor) == ((667, 800), 3)
    left, top, right, bottom = (edge // factor for edge in digit.box)
    assert np.array_equal(digit.ink, page[top:bottom, left:right])
    assert digit.ink.any(axis=0).all()
    assert digit.ink.any(axis=1).all()
    assert page[635].all()
    assert digit.ink.base is None  # the whole page is not held


def test_the_ink_of_a_digit_of_mnists_form() -> None:
    image = only(drawn()).image
    digit, (page, factor) = only(Image.fromarray(image)), find_foreground(Image.fromarray(image))
    left, top, right, bottom = digit.box
    assert factor == 1
    assert np.array_equal(page, image > 0)
    assert np.array_equal(page[top:bottom, left:right], digit.ink)
    assert digit.ink.sum() == page.sum()


def test_mnists_digits_come_through_untouched(mnist_dir: Path) -> None:
    content = gzip.decompress((mnist_dir / "t10k-images-idx3-ubyte.gz").read_bytes())
    images = np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28)
    assert len(images) == 10_000
    for image in images:
        assert (only(Image.fromarray(image)).image == image).all()


def test_a_digit_of_mnists_form_comes_through_untouched_in_any_lossless_file() -> None:
    first = only(drawn())
    image = Image.fromarray(first.image)
    for mode, kind in [("L", "PNG"), ("RGB", "BMP"), ("L", "TIFF"), ("P", "GIF"), ("RGBA", "PNG")]:
        file = io.BytesIO()
        image.convert(mode).save(file, kind)
        file.seek(0)
        again = only(open_image(file))
        assert (again.image == first.image).all()
    deep = io.BytesIO()
    Image.fromarray(first.image.astype(np.uint16) * 257).save(deep, "PNG")
    deep.seek(0)
    assert (only(open_image(deep)).image == first.image).all()


def test_a_small_picture_in_another_form_is_brought_to_it() -> None:
    first = only(drawn())
    moved = Image.fromarray(np.roll(first.image, (3, -2), (0, 1)))
    coloured = Image.merge("RGB", [Image.fromarray(first.image)] * 2 + [Image.new("L", (28, 28))])
    faint = Image.fromarray(first.image // 4)
    for image in (moved, coloured, faint):
        again = only(image)
        assert alike(first, again) > 0.95
        assert again.image.max() == 255


@pytest.mark.parametrize("inverted", [False, True])
def test_a_picture_of_the_networks_own_size_may_be_best_as_it_is(inverted: bool) -> None:
    striped = only(drawn()).image.copy()
    striped[:, :7] = 255 - striped[:, :7]
    picture = Image.fromarray(255 - striped if inverted else striped)

    def known(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Sure of the striped picture only."""
        alike = (images == striped).mean(axis=(1, 2))
        return np.pad(alike[:, None], ((0, 0), (0, 9)))

    for single in (True, False):
        (digit,) = find_digits(picture, single=single, score=known)
        assert (digit.image == striped).all()
    assert not (only(picture).image == striped).all()


@pytest.mark.parametrize("digit", WAYS)
def test_light_on_dark_reads_like_dark_on_light(digit: int) -> None:
    dark, light = drawn(digit), drawn(digit, ink=255, paper=0)
    assert (only(dark).image == only(light).image).all()


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((20, 20, 160), (250, 250, 250)),
        ((250, 230, 60), (250, 250, 250)),
        ((220, 30, 30), (120, 160, 120)),
        ((255, 255, 255), (30, 90, 60)),
        ((0, 160, 0), (200, 80, 200)),
    ],
)
def test_colours(ink: tuple[int, int, int], paper: tuple[int, int, int]) -> None:
    picture = drawn(5, ink=ink, paper=paper, mode="RGB")
    assert alike(only(picture), only(drawn(5))) > 0.97


@pytest.mark.parametrize("times", [0.15, 0.5, 2, 6, 20])
def test_size(times: float) -> None:
    picture = drawn(2).resize((round(200 * times), round(200 * times)))
    assert alike(only(picture), only(drawn(2))) > (0.8 if times < 0.4 else 0.97)


@pytest.mark.parametrize("digit", WAYS)
def test_eight_pixels_are_enough(digit: int) -> None:
    tight = drawn(digit).crop((45, 45, 155, 155))
    assert alike(only(tight.resize((8, 8), Image.Resampling.BOX)), only(tight)) > 0.75


@pytest.mark.parametrize("margin", [(0, 0), (20, 150), (300, 40)])
def test_margins(margin: tuple[int, int]) -> None:
    left, top, right, bottom = only(drawn(2)).box
    tight = drawn(2).crop((left, top, right, bottom))
    wide = Image.new("L", (tight.width + 2 * margin[0], tight.height + 2 * margin[1]), 255)
    wide.paste(tight, margin)
    assert alike(only(wide), only(drawn(2))) > 0.97


def test_a_shadow_over_half_the_picture() -> None:
    across = np.linspace(0.4, 1, 200)
    soft = np.tile(across, (200, 1))
    hard = np.where(np.arange(200) < 95, 0.45, 1.0)[:, None] * np.ones(200)
    for shade, likeness in ((soft, 0.95), (hard, 0.85)):
        assert alike(only(shaded(drawn(paper=230), shade)), only(drawn())) > likeness


def test_noise_and_specks() -> None:
    chance = np.random.default_rng(0)
    noisy = np.asarray(drawn(ink=60, paper=200)) + chance.normal(0, 12, (200, 200))
    picture = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for x, y in chance.integers(5, 195, (12, 2)).tolist():
        draw.ellipse((x - 1, y - 1, x + 1, y + 1), fill=60)
    assert alike(only(picture), only(drawn())) > 0.9


@pytest.mark.parametrize("squared", [False, True])
def test_lines_on_the_paper(squared: bool) -> None:
    picture = drawn(ink=30)
    lines = drawn(ink=30)
    draw = ImageDraw.Draw(lines)
    for at in range(10, 200, 45):
        draw.line((0, at, 200, at), fill=120, width=2)
        if squared:
            draw.line((at, 0, at, 200), fill=120, width=2)
    assert alike(only(lines), only(picture)) > 0.9


def test_a_frame_round_the_digit() -> None:
    picture = drawn()
    for inset, width in ((0, 3), (12, 3), (25, 6)):
        framed = picture.copy()
        ImageDraw.Draw(framed).rectangle(
            (inset, inset, 199 - inset, 199 - inset), outline=0, width=width
        )
        assert alike(only(framed), only(picture)) > 0.97


def test_a_frame_round_a_number_leaves_no_sides_behind() -> None:
    framed = Image.new("L", (480, 140), 255)
    framed.paste(row(2, 5, 7, 4), (20, 10))
    plain = framed.copy()
    ImageDraw.Draw(framed).rectangle((8, 8, 471, 131), outline=0, width=3)
    boxes = [digit.box for digit in find_digits(plain)]
    assert len(boxes) == 4
    assert [digit.box for digit in find_digits(framed)] == boxes


def test_a_nought_with_specks_in_it_is_no_frame() -> None:
    nought = Image.new("L", (100, 100), 255)
    draw = ImageDraw.Draw(nought)
    draw.ellipse((25, 10, 75, 90), outline=0, width=8)
    for row_of_speck in (30, 65):
        draw.ellipse((48, row_of_speck, 51, row_of_speck + 3), fill=0)
    assert np.abs(np.subtract(only(nought).box, (25, 10, 76, 91))).max() <= 1


def test_a_square_digit_is_no_frame() -> None:
    picture = Image.new("L", (100, 100), 255)
    ImageDraw.Draw(picture).rectangle((20, 10, 80, 90), outline=0, width=6)
    left, top, right, bottom = only(picture).box
    assert (left, top, right, bottom) == (20, 10, 81, 91)


def test_ink_all_round_and_nothing_inside_is_no_frame() -> None:
    picture = Image.new("L", (120, 120), 255)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((10, 10, 110, 110), outline=0, width=3)
    draw.line((40, 60, 80, 60), fill=0, width=3)
    assert np.abs(np.subtract(only(picture).box, (10, 10, 111, 111))).max() <= 1


def test_a_bar_across_a_tight_picture_stays() -> None:
    picture = Image.new("L", (60, 20), 255)
    ImageDraw.Draw(picture).line((0, 10, 60, 10), fill=0, width=3)
    assert clean(binarize(picture), single=True).any()


def test_a_thumb_and_a_dark_corner_are_left_out() -> None:
    picture = drawn(ink=90, paper=220)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((150, 150, 250, 250), fill=60)
    draw.polygon([(0, 0), (70, 0), (0, 70)], fill=20)
    for single in (True, False):
        digits = find_digits(picture, single=single)
        assert len(digits) == 1
        assert alike(digits[0], only(drawn())) > 0.97


def test_the_edge_of_the_table_is_left_out() -> None:
    picture = drawn()
    ImageDraw.Draw(picture).rectangle((0, 0, 9, 200), fill=20)
    ImageDraw.Draw(picture).rectangle((186, 120, 200, 200), fill=20)
    assert alike(only(picture), only(drawn())) > 0.97


def test_ink_on_the_edge_alone_is_kept() -> None:
    picture = Image.new("L", (100, 100), 255)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 8, 12), fill=0)
    draw.rectangle((90, 85, 99, 99), fill=0)
    assert clean(binarize(picture), single=True).any()


def test_a_hairline_does_not_vanish() -> None:
    thin = drawn(size=(900, 900), box=(250, 200, 650, 800), pen=2)
    image = only(thin).image
    assert image.mean() > 14
    assert alike(only(thin), only(drawn())) > 0.8


def test_a_loose_bar_stays_with_its_five() -> None:
    picture = drawn(5)
    ImageDraw.Draw(picture).rectangle((60, 56, 140, 62), fill=255)
    for single in (True, False):
        digits = find_digits(picture, single=single)
        assert len(digits) == 1
        assert digits[0].box[1] < 56


def test_blank_paper_holds_no_digit() -> None:
    chance = np.random.default_rng(1)
    grain = chance.normal(180, 6, (200, 300))
    for values in (np.full((50, 40), 255.0), np.zeros((28, 28)), grain):
        assert find_digits(Image.fromarray(values.astype(np.uint8)), single=True) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (2, 2), (3, 700)])
def test_pictures_too_small_to_hold_anything(size: tuple[int, int]) -> None:
    assert find_digits(Image.new("L", size, 255)) == []


def test_digits_in_reading_order() -> None:
    picture = Image.new("L", (360, 300), 255)
    places = {(20, 30): 2, (120, 40): 4, (220, 25): 7, (30, 170): 5, (140, 180): 4}
    for (x, y), digit in places.items():
        picture.paste(drawn(digit).crop((60, 40, 140, 160)), (x, y))
    digits = find_digits(picture)
    expected = [only(drawn(digit)) for digit in (2, 4, 7, 5, 4)]
    assert len(digits) == 5
    assert all(alike(one, other) > 0.85 for one, other in zip(digits, expected, strict=True))
    assert [digit.box[0] // 100 for digit in digits] == [0, 1, 2, 0, 1]


def row(*digits: int, gap: int = 30, height: int = 120) -> Image.Image:
    picture = Image.new("L", (40 + len(digits) * (70 + gap), height), 255)
    for place, digit in enumerate(digits):
        left = 20 + place * (70 + gap)
        part = drawn(digit, size=picture.size, box=(left, 20, left + 70, 100), ink=0)
        picture = ImageChops.darker(picture, part)
    return picture


def lookalikes(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """A classifier that knows the digits drawn here: their likeness, sharply judged."""
    known = {digit: only(drawn(digit, box=(20, 20, 90, 100))) for digit in WAYS}
    sure = np.zeros((len(images), 10))
    for place, image in enumerate(images):
        for digit, example in known.items():
            sure[place, digit] = (
                max(0.01, alike(Digit(image, (0, 0, 1, 1), image > 0), example)) ** 20
            )
    return sure


def read(picture: Image.Image) -> str:
    digits = find_digits(picture, score=lookalikes)
    sure = lookalikes(np.array([digit.image for digit in digits]))
    return "".join(str(digit) for digit in sure.argmax(axis=1))


def test_a_number_is_read_from_left_to_right() -> None:
    assert read(row(2, 5, 7, 4)) == "2574"


@pytest.mark.parametrize("gap", [-3, -8, -14])
def test_touching_digits_are_cut_where_the_parts_look_like_digits(gap: int) -> None:
    assert read(row(7, 2, 4, gap=gap)) == "724"


def test_without_a_classifier_digits_are_cut_by_their_shapes() -> None:
    assert len(find_digits(row(2, 5, 7, 4))) == 4
    assert len(find_digits(row(2, 2, gap=-3))) == 2


def test_digits_that_lean_over_each_other_are_told_apart() -> None:
    slanted = row(7, 2, 7, gap=12, height=160)
    slanted = slanted.transform(
        (slanted.width + 40, 160), Image.Transform.AFFINE, (1, 0.25, -30, 0, 1, 0), fillcolor=255
    )
    assert len(find_digits(slanted)) == 3


def test_dots_commas_and_dashes_are_left_out() -> None:
    picture = Image.new("L", (470, 120), 255)
    picture.paste(row(2, 5, 4), (0, 0))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((104, 94, 114, 104), fill=0)
    draw.line((204, 95, 198, 112), fill=0, width=7)
    draw.line((370, 62, 440, 60), fill=0, width=8)
    assert read(picture) == "254"


def test_a_line_under_the_number_is_left_out() -> None:
    picture = row(2, 5, 7, 4)
    ImageDraw.Draw(picture).line((0, 112, picture.width, 116), fill=60, width=3)
    assert read(picture) == "2574"


def test_lines_that_run_uphill_are_read_one_after_the_other() -> None:
    picture = Image.new("L", (500, 330), 255)
    picture.paste(row(2, 5, 7, 4), (30, 40))
    picture.paste(row(4, 2, 2, 7), (30, 190))
    ImageDraw.Draw(picture).ellipse((455, 130, 463, 138), fill=0)
    turned = picture.rotate(4, fillcolor=255, resample=Image.Resampling.BICUBIC)
    assert read(turned) == "25744227"


def test_a_piece_within_the_width_of_another_does_not_end_its_line() -> None:
    mask = np.zeros((60, 200), bool)
    mask[10:12, 10:90] = mask[10:50, 10:13] = True  # a long stroke ...
    mask[16:50, 40:50] = True  # ... a piece below it ...
    mask[12:50, 100:110] = True  # ... and one beside both
    assert [line.mask.sum() for line in find_lines(mask)] == [mask.sum()]


def test_a_line_without_ink_has_no_digits() -> None:
    assert find_lines(np.zeros((20, 30), bool)) == []


def test_ways_go_through_gaps_and_between_loops() -> None:
    noughts = Image.new("1", (90, 50))
    draw = ImageDraw.Draw(noughts)
    for left in (4, 31, 60):
        draw.ellipse((left, 8, left + 26, 42), outline=1, width=4)
    ways, crossed = find_seams(np.array(noughts), 20, 4)
    middles = ways[:, 25].tolist()
    touching = min(range(len(middles)), key=lambda place: abs(middles[place] - 30))
    apart = min(range(len(middles)), key=lambda place: abs(middles[place] - 58))
    assert abs(middles[touching] - 30) <= 3
    assert crossed[touching] > 0
    assert abs(middles[apart] - 58) <= 2
    assert crossed[apart] == 0
    assert not any(8 < middle < 24 or 37 < middle < 52 for middle in middles)


def test_stroke_width() -> None:
    mask = np.zeros((100, 100), bool)
    assert stroke_width(mask) == 0
    mask[45:55, 5:95] = True
    assert stroke_width(mask) == pytest.approx(10, abs=1)


def test_a_single_pixel_has_a_form() -> None:
    dot = np.zeros((5, 5), np.float32)
    dot[2, 2] = 1
    assert to_mnist_format(dot).max() == 255
