"""Tests of the results of `predict` as CSV, in a file, and as copies to review."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistcli.image_io import open_image
from tests.datasets.helpers import TEST
from tests.support.command_line import invoke
from tests.support.page_files import save_pages


def write_rows(path: Path) -> None:
    header = ",".join(f"pixel{number}" for number in range(784))
    np.savetxt(path, TEST.images.reshape(-1, 784), "%d", ",", header=header, comments="")


def test_the_rows_of_a_table_are_predicted_as_kaggle_takes_them(tmp_path: Path) -> None:
    write_rows(tmp_path / "test.csv")

    result = invoke("predict", "test.csv", "--csv", "--model", "pretrained")

    lines = result.stdout.splitlines()
    assert lines[0] == "ImageId,Label"
    assert [line.split(",")[0] for line in lines[1:]] == [str(n) for n in range(1, 11)]
    right = [
        line.split(",")[1] == str(label) for line, label in zip(lines[1:], TEST.labels, strict=True)
    ]
    assert sum(right) >= 8


def test_a_csv_of_images_has_a_row_for_each_image(digit_pngs: Path, tmp_path: Path) -> None:
    names = [str(digit_pngs / "3.png"), "missing,.png"]

    result = invoke("predict", *names, "--model", "pretrained", "--output", "o.csv")

    with (tmp_path / "o.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert [row["path"] for row in rows] == names
    assert list(rows[0]) == ["path", "text", "confidence", "reason"]
    assert rows[0]["text"] == "3"
    assert rows[1]["reason"] == "no such file: 'missing,.png'"


def test_a_failed_output_leaves_the_old_file(digit_pngs: Path, tmp_path: Path) -> None:
    result = invoke(
        "predict", str(digit_pngs / "3.png"), "--model", "pretrained", "--output", "no/o.csv"
    )

    assert result.exit_code == 1
    assert "cannot write 'no/o.csv': no such file or directory" in result.stderr


@pytest.mark.parametrize("times", [1, 2])
def test_rejected_images_are_copied_for_review(
    digit_pngs: Path, tmp_path: Path, times: int
) -> None:
    Image.new("L", (60, 60), 255).save(tmp_path / "blank.png")
    write_rows(tmp_path / "rows.csv")
    for _ in range(times):
        invoke(
            "predict", str(digit_pngs / "3.png"), "blank.png", "rows.csv", "--model", "pretrained",
            "--min-confidence", "1", "--review", "review",
        )  # fmt: skip

    copied = sorted(str(path.relative_to("review")) for path in Path("review").glob("*/*"))
    assert "3/3.png" in copied
    assert "unknown/blank.png" in copied
    assert len(copied) == 12


def test_csv_and_json_exclude_each_other(digit_pngs: Path) -> None:
    assert invoke("predict", str(digit_pngs), "--csv", "--json").exit_code == 2


def test_the_pages_of_a_scan_are_predicted_drawn_explained_and_copied() -> None:
    """Pages go wherever images go: tables, CSV, figures and copies to review."""
    save_pages(Path("scan.tif"), (1, 7))
    options = ("--csv", "--save", "s.png", "--explain", "e.png", "--review", "r")

    result = invoke(
        "predict", "scan.tif", "--min-confidence", "1", "--model", "pretrained", *options
    )

    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert [row["path"] for row in rows] == ["scan.tif#1", "scan.tif#2"]
    copies = sorted(Path("r").rglob("*.png"))
    assert [copy.name for copy in copies] == ["scan_tif_1.png", "scan_tif_2.png"]
    assert open_image(copies[0]).size == (200, 200)
    assert Path("s.png").stat().st_size > 1000
    assert Path("e.png").stat().st_size > 1000


def test_a_pdf_on_stdin_is_predicted_page_by_page() -> None:
    pytest.importorskip("pypdfium2", reason="needs pypdfium2: pip install 'mnistcli[photos]'")
    content = save_pages(Path("scan.pdf"), (1, 7)).read_bytes()

    result = invoke("predict", "-", "--json", "--model", "pretrained", stdin=content)

    pages = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(page["path"], page["text"]) for page in pages] == [("-#1", "1"), ("-#2", "7")]
    assert all(box <= 834 for page in pages for box in page["digits"][0]["box"])
