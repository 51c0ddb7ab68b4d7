"""Tests of the CSV files with the regions of a form."""

from pathlib import Path

import pytest

from mnistcli.errors import DataError
from mnistcli.prediction.form_regions import MAX_REGIONS, FormRegion, read_regions

HEADER = "name,left,top,right,bottom\n"


def write(text: str | bytes) -> Path:
    path = Path("boxes.csv")
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_regions_in_pixels_are_read() -> None:
    regions = read_regions(write(HEADER + "date,10,20,110.5,60\n\ncount,0,0,1,1\n"))

    assert regions == (
        FormRegion("date", (10, 20, 110.5, 60), is_relative=False),
        FormRegion("count", (0, 0, 1, 1), is_relative=False),
    )
    assert regions[0].to_fractions((200, 100), "a.png") == (0.05, 0.2, 0.5525, 0.6)


def test_regions_as_fractions_fit_images_of_any_size() -> None:
    (region,) = read_regions(write(HEADER + "date,0.1,0.2,0.5,1\n"))

    assert region.to_fractions((7, 3), "a.png") == (0.1, 0.2, 0.5, 1)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_regions_are_read_with_any_delimiter_and_order_of_columns(delimiter: str) -> None:
    text = "\ufeffTop, bottom, Name, left, right, page\r\n20, 60, date, 10, 110, 3\r\n"

    regions = read_regions(write(text.replace(", ", delimiter)))

    assert regions == (FormRegion("date", (10, 20, 110, 60), is_relative=False),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column 'name' in 'boxes.csv'"),
        ("name,left,top,right\n", "no column 'bottom' in 'boxes.csv'"),
        (HEADER, "no regions in 'boxes.csv'"),
        (HEADER + "a,1,2,3,4\n,1,2,3,4\n", "a region without a name in line 3 of 'boxes.csv'"),
        (HEADER + "a,1,2,3,4\na,1,2,3,4\n", "a second region 'a' in line 3 of 'boxes.csv'"),
        (HEADER + "path,1,2,3,4\n", "'path' cannot name a region in line 2 of 'boxes.csv'"),
        (HEADER + "a,1,2,x,4\n", "expected four numbers in line 2 of 'boxes.csv'"),
        (HEADER + "a,1,2,3\n", "expected four numbers in line 2 of 'boxes.csv'"),
        (HEADER + "a,3,2,1,4\n", "not a box in line 2 of 'boxes.csv'"),
        (HEADER + "a,-1,2,3,4\n", "not a box in line 2 of 'boxes.csv'"),
        (HEADER + "a,1,nan,3,4\n", "not a box in line 2 of 'boxes.csv'"),
        (HEADER + "a,1,2,inf,4\n", "not a box in line 2 of 'boxes.csv'"),
        (HEADER + 'a,1,2,3,"4\n', "damaged line 2 of 'boxes.csv': unexpected end of data"),
        (b"\x89PNG\r\n\x1a\n", "not a CSV file in UTF-8: 'boxes.csv'"),
        (" " * (1 << 20) + "\n", "larger than 1 MiB: 'boxes.csv'"),
        (
            HEADER + "".join(f"a{number},1,2,3,4\n" for number in range(MAX_REGIONS + 1)),
            f"more than {MAX_REGIONS} regions in line {MAX_REGIONS + 2} of 'boxes.csv'",
        ),
    ],
)
def test_damaged_files_are_refused_with_the_line(text: str | bytes, message: str) -> None:
    with pytest.raises(DataError) as caught:
        read_regions(write(text))

    assert caught.value.message == message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "message"), [("none.csv", "no such file"), (".", "is a directory")]
)
def test_files_that_cannot_be_read(name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_regions(Path(name))


def test_a_region_beyond_the_image_is_refused() -> None:
    (region,) = read_regions(write(HEADER + "date,10,20,110,60\n"))

    with pytest.raises(DataError, match=r"'date' reaches beyond the 100 x 80 pixels of 'a\.png'"):
        region.to_fractions((100, 80), "a.png")
