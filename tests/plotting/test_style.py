"""Style: text that fits, titles and footers, and PNG files."""

from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from PIL import Image

from mnistcli.errors import OutputError
from mnistcli.plotting.style import (
    DPI,
    Footer,
    fit_text,
    new_figure,
    save_figure,
    text_width,
    to_printable,
)
from tests.plotting.builders import ODD_NAMES, footer, subtitle, title

Check = Callable[[Figure], None]


@pytest.mark.parametrize(
    ("text", "printable"),
    [
        ("digit_é.png", "digit_é.png"),
        ("$x$.png", "$x$.png"),
        ("日本\n\t\u202e\udcff.png", "\N{REPLACEMENT CHARACTER}" * 6 + ".png"),
    ],
)
def test_characters_that_the_font_lacks_are_replaced(text: str, printable: str) -> None:
    assert to_printable(text) == printable


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("text", ["a" * 60, "W" * 300, "i.png", "", *ODD_NAMES])
def test_text_is_shortened_to_a_width(text: str, bold: bool) -> None:
    fitting = fit_text(text, 2, 11, bold=bold)

    assert text_width(fitting, 11, bold=bold) <= 2
    if text_width(to_printable(text), 11, bold=bold) <= 2:
        assert fitting == to_printable(text)
    else:
        assert text_width(fitting, 11, bold=bold) > 1.7


def test_text_is_shortened_in_the_middle() -> None:
    fitting = fit_text("/home/user/" + 50 * "x" + "/model.keras", 3, 11)

    assert fitting.startswith("/home/user/")
    assert fitting.endswith("/model.keras")
    assert "x…x" in fitting


@pytest.mark.parametrize("text", ["runs/20261126_classic_seed0", "J" * 30, "99.9 %"])
@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("size", [9, 11, 15])
def test_no_text_is_wider_than_measured(size: float, bold: bool, text: str) -> None:
    figure = Figure(dpi=DPI)
    drawn = figure.text(0, 0, text, size=size, weight="bold" if bold else "normal")
    figure.draw_without_rendering()

    width = drawn.get_window_extent().width / DPI
    assert width <= text_width(text, size, bold=bold) < 1.12 * width


@pytest.mark.parametrize("width", [4.0, 12.0])
@pytest.mark.parametrize("name", [*ODD_NAMES, "/a/long/path" * 40, "runs/a + runs/b"])
def test_title_and_footer_fit_any_figure(name: str, width: float, assert_legible: Check) -> None:
    source = Footer(name, "24 of 10,000 images", name)
    figure, _ = new_figure(width, 2, name, f"subtitle {name}", source)

    assert_legible(figure)
    assert not any(text.get_parse_math() for text in figure.texts)


def test_a_footer_names_model_dataset_and_number_of_images() -> None:
    figure, _ = new_figure(8, 2, "title", "subtitle", Footer("runs/a", "7 images", "mnist"))

    assert (title(figure), subtitle(figure)) == ("title", "subtitle")
    assert footer(figure) == "model: runs/a, dataset: mnist, 7 images"
    figure, _ = new_figure(8, 2, "title", "subtitle", Footer("runs/a", "", "mnist"))
    assert footer(figure) == "model: runs/a, dataset: mnist"
    figure, _ = new_figure(8, 2, "title", "subtitle", Footer("runs/a", "7 images"))
    assert footer(figure) == "model: runs/a, 7 images"


def test_long_paths_in_a_footer_keep_both_ends() -> None:
    path = "/home/user/" + "x" * 300 + "/end"
    figure, _ = new_figure(8, 2, "title", "subtitle", Footer(path, "7 images", path))

    model, dataset, images = footer(figure).split(", ")
    assert model.startswith("model: /home/user/")
    assert model.endswith("/end")
    assert dataset.startswith("dataset: /home/user/")
    assert dataset.endswith("/end")
    assert images == "7 images"


def test_the_settings_of_matplotlib_do_not_change() -> None:
    before = dict(mpl.rcParams)

    new_figure(4, 2, "title", "subtitle", Footer("model", "1 image"))

    assert dict(mpl.rcParams) == before


def test_a_saved_figure_replaces_the_file() -> None:
    path = Path("figures/figure.png")
    path.parent.mkdir()
    path.write_text("old")

    assert save_figure(Figure(figsize=(2, 1)), path) == path

    with Image.open(path) as image:
        assert (image.format, image.size) == ("PNG", (2 * DPI, DPI))
        assert "Software" not in image.info
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(("suffix", "start"), [("svg", b"<?xml"), ("pdf", b"%PDF-")])
def test_the_suffix_is_the_format_and_gives_the_same_bytes(suffix: str, start: bytes) -> None:
    before = dict(mpl.rcParams)

    def draw(name: str) -> bytes:
        figure, axes = new_figure(4, 2, "title", "subtitle", Footer("model", "1 image"))
        axes.imshow([[0, 1]], clip_path=axes.patch)
        axes.plot([0, 4], [0, 2], marker="o")
        return save_figure(figure, Path(f"{name}.{suffix}")).read_bytes()

    content = draw("a")
    assert content == draw("b")
    assert content.startswith(start)
    assert b"2026" not in content
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a folder", "is a directory"),
        ("file/figure.png", "file exists"),
        ("file/sub dir/figure.png", "not a directory"),
    ],
)
def test_a_figure_that_cannot_be_written(name: str, reason: str) -> None:
    Path("a folder").mkdir()
    Path("file").write_text("mine")

    with pytest.raises(OutputError) as caught:
        save_figure(Figure(figsize=(1, 1)), Path(name), hint="--output-dir DIR")

    assert caught.value.message == f"cannot write {name!r}: {reason}"
    assert caught.value.hint == "--output-dir DIR"
    assert sorted(path.name for path in Path().iterdir()) == ["a folder", "file"]
    assert Path("file").read_text() == "mine"
