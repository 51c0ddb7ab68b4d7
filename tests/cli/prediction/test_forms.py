"""Tests of `predict --regions`: a table, CSV and JSON of the fields of forms."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import Result

from tests.support.command_line import fail, invoke
from tests.support.forms import REGIONS, displace, draw_scan, write_regions

FILLED = {"date": "261126", "amount": "4718", "year": "2026", "account": "90817263", "count": "7"}
NOTHING = dict.fromkeys(REGIONS, "")


@pytest.fixture(autouse=True)
def _scans() -> None:
    write_regions(Path("boxes.csv"))
    draw_scan({}).save("form.png")
    Path("scans").mkdir()
    displace(draw_scan(FILLED), shift=(10, 5), angle=2).save("scans/1.png")
    Path("scans/2.png").write_bytes(b"no image")


def predict(*arguments: object) -> Result:
    options = ("--model", "pretrained", "--regions", "boxes.csv")
    return invoke("predict", *arguments, *options)


def test_csv_has_a_row_for_each_scan_and_a_column_for_each_region() -> None:
    result = predict("form.png", "scans", "--csv")

    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert result.exit_code == 1
    assert "not an image: 'scans/2.png'" in result.stderr
    assert rows == [
        {"path": "form.png"} | NOTHING,
        {"path": "scans/1.png"} | FILLED,
        {"path": "scans/2.png"} | NOTHING,
    ]


def test_json_has_the_object_of_an_image_for_each_region() -> None:
    result = predict("form.png", "scans", "--output", "results.jsonl")

    lines = Path("results.jsonl").read_text(encoding="utf-8").splitlines()
    empty, filled, damaged = map(json.loads, lines)
    assert result.stdout == ""
    assert list(filled["regions"]) == list(REGIONS)
    assert {name: one["text"] for name, one in filled["regions"].items()} == FILLED
    assert filled["path"] == "scans/1.png"
    assert filled["model"] == "pretrained"
    assert filled["registered"] is True
    assert empty["regions"]["date"]["reason"] == "no digit found"
    assert damaged["error"] == "not an image: 'scans/2.png'"
    assert damaged["regions"] == {}


def test_a_table_has_a_row_for_each_region_and_options_of_images_apply() -> None:
    options = ("--digits", "4", "--save", "s.png", "--review", "review")
    result = predict("form.png", "scans/1.png", *options)

    rows = [line.split() for line in result.stdout.splitlines()]
    assert result.exit_code == 0, result.stderr
    assert len(rows) == 1 + 2 * len(REGIONS)
    assert rows[1] == ["-", "no", "digit", "found", "form.png", "(date)"]
    assert next(row for row in rows if row[-1] == "(amount)" and row[0] != "-")[0] == "4718"
    assert Path("s.png").stat().st_size > 1000
    assert Path("review/unknown/form_png (date).png").exists()


def test_pages_on_stdin_are_scans() -> None:
    draw_scan({}).save("scan.tif", save_all=True, append_images=[draw_scan(FILLED)])
    content = Path("scan.tif").read_bytes()
    options = ("--model", "pretrained", "--regions", "boxes.csv", "--csv", "--quiet")

    result = invoke("predict", "-", *options, stdin=content)

    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert rows == [{"path": "-#1"} | NOTHING, {"path": "-#2"} | FILLED]


def test_data_files_are_refused() -> None:
    code, lines = fail("predict", "test.csv", "--regions", "boxes.csv")

    assert code == 2
    assert lines == [
        "error: --regions requires scans, not the data file 'test.csv'",
        "hint: mnistcli predict test.csv",
    ]


def test_a_damaged_file_of_regions_is_refused() -> None:
    Path("bad.csv").write_text("name,left\na,1\n", encoding="utf-8")

    code, lines = fail("predict", "form.png", "--regions", "bad.csv")

    assert code == 1
    assert lines[0] == "error: no column 'top' in 'bad.csv'"
    assert lines[1].startswith("hint: the first line is name,left,top,right,bottom")


def test_a_missing_file_of_regions_is_named_in_a_command() -> None:
    code, lines = fail("predict", "form.png", "--regions", "none.csv")

    assert code == 1
    assert lines == [
        "error: no such file or directory: 'none.csv'",
        "hint: mnistcli predict form.png --regions FILE",
    ]


def test_the_file_of_regions_is_not_overwritten() -> None:
    before = Path("boxes.csv").read_bytes()

    result = predict("form.png", "--output", "boxes.csv")

    assert result.exit_code == 1
    assert "--output would overwrite the input 'boxes.csv'" in result.stderr
    assert Path("boxes.csv").read_bytes() == before
