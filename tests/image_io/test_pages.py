"""Pages of PDF and TIFF files are images of their own, named like scan.pdf#2."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from mnistcli.errors import ImageError
from mnistcli.image_io import open_image, pages
from mnistcli.image_io.pages import ImagePage, find_page, find_pages
from tests.support.page_files import save_pages
from tests.support.strokes import draw_digit


def is_same(image: Image.Image, other: Image.Image) -> bool:
    return np.array_equal(np.asarray(image), np.asarray(other))


def test_the_pages_of_a_tiff_are_found_by_its_content() -> None:
    path = save_pages(Path("scan.tif"), (3, 7, 1)).rename("scan.png")

    found = find_pages(path)

    assert found == [ImagePage(path, number, number - 1) for number in (1, 2, 3)]
    assert find_pages(path.read_bytes())[2].number == 3
    for page, digit in zip(found, (3, 7, 1), strict=True):
        assert is_same(open_image(page), draw_digit(digit))


def test_a_name_stands_for_a_page_unless_there_is_such_a_file() -> None:
    path = save_pages(Path("scan.tif"), (3, 7))

    assert is_same(open_image("scan.tif#2"), draw_digit(7))
    assert is_same(open_image("scan.tif"), draw_digit(3))
    draw_digit(5).save("scan.tif#2", "PNG")
    assert is_same(open_image("scan.tif#2"), draw_digit(5))
    assert find_page(Path("scan.tif#2")) == ImagePage(path, 2, 1)


@pytest.mark.parametrize("name", ["scan.tif#0", "scan.tif#3", "scan.tif#", "gone.tif#1", "a\0#1"])
def test_other_names_stand_for_no_page(name: str) -> None:
    save_pages(Path("scan.tif"), (3, 7))

    assert find_page(Path(name)) is None
    with pytest.raises(ImageError, match="no such file"):
        open_image(name)


def test_a_file_with_one_page_has_no_numbers_but_takes_the_first() -> None:
    path = save_pages(Path("one.tif"), (4,))

    assert find_pages(path) == []
    assert find_page(Path("one.tif#1")) == ImagePage(path, 1, 0)


def test_thumbnails_in_a_tiff_are_no_pages() -> None:
    page, small = draw_digit(2), draw_digit(2, size=40)
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[254] = 1
    small.encoderinfo = {"tiffinfo": tags}
    page.save("a.tif", save_all=True, append_images=[small, draw_digit(6)])

    assert [one.frame for one in find_pages(Path("a.tif"))] == [0, 2]


def test_more_pages_than_the_limit_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_PAGES", 2)

    assert len(find_pages(save_pages(Path("a.tif"), (1, 2, 3, 4, 5, 6)))) <= 4
    assert find_page(Path("a.tif#3")) is None


def test_a_damaged_file_is_one_image() -> None:
    path = save_pages(Path("a.tif"), (1, 2))
    path.write_bytes(path.read_bytes()[:2000])

    assert find_pages(path) == []
    with pytest.raises(ImageError, match="damaged or truncated"):
        open_image(path)


def test_a_named_pipe_is_not_opened_for_its_pages() -> None:
    """A writer would lose its reader."""
    os.mkfifo("pipe")
    writer = os.open("pipe", os.O_RDWR | os.O_NONBLOCK)
    os.write(writer, b"II*\0")

    assert find_pages(Path("pipe")) == []
    assert os.read(writer, 4) == b"II*\0"
    os.close(writer)


def test_a_page_whose_file_is_gone_is_an_error() -> None:
    page = find_pages(save_pages(Path("a.tif"), (1, 2)))[1]
    Path("a.tif").unlink()

    with pytest.raises(ImageError, match=r"no such file or directory: 'a\.tif#2'"):
        open_image(page)


def test_an_image_of_another_format_has_no_pages() -> None:
    Image.new("L", (9, 9)).save("a.gif", save_all=True, append_images=[Image.new("L", (9, 9), 9)])

    assert find_pages(Path("a.gif")) == []
    assert find_pages(Path("gone")) == []
