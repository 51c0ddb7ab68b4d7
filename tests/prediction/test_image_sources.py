"""Sources of images: files, folders, patterns and images in memory."""

import io
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.image_io import ImageSource, image_formats
from mnistcli.prediction import image_listing, image_sources
from mnistcli.prediction.image_listing import InputImage
from mnistcli.prediction.image_sources import Sources, find_images, require_no_overwrite
from tests.support.page_files import save_pages


def create(*names: str) -> list[str]:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    return list(names)


def found(sources: Sources, **options: Any) -> list[str]:
    images = list(find_images(sources, **options))
    assert [image.error for image in images] == [None] * len(images)
    return [str(image.path) for image in images]


def error(source: str, **options: Any) -> ImageError:
    (image,) = find_images(source, **options)
    assert image.error is not None
    assert str(image.path) == str(Path(source))
    return image.error


def test_a_folder_stands_for_its_images_in_order() -> None:
    create("d/b.png", "d/a.PNG", "d/c.jpg", "d/.hidden.png", "d/._b.png")

    assert found(["d"]) == ["d/a.PNG", "d/b.png", "d/c.jpg"]


def test_one_source_need_not_be_in_a_list() -> None:
    """A string on its own was read letter by letter."""
    create("d/a.png")

    assert found("d/a.png") == found(Path("d/a.png")) == found(Path("d")) == ["d/a.png"]


def test_images_in_memory_have_names() -> None:
    array, image = np.zeros((5, 5), np.uint8), Image.new("L", (5, 5))
    sources: list[ImageSource] = [array, image, io.BytesIO(b"x"), array]

    images = list(find_images(sources))

    assert [str(image.path) for image in images] == ["image 1", "image 2", "image 3", "image 4"]
    assert [image.source for image in images] == sources
    assert found(array) == ["image 1"]
    assert found(io.BytesIO(b"x")) == ["image 1"]


def test_an_open_file_keeps_its_name() -> None:
    create("a.png")
    with Path("a.png").open("rb") as file:
        assert found([file, file]) == ["a.png", "a.png"]


@pytest.mark.parametrize("sources", [None, 7, b"a.png"])
def test_other_objects_are_a_type_error(sources: Any) -> None:
    with pytest.raises(TypeError, match=f"^expected a path, .* not {type(sources).__name__}$"):
        list(find_images(sources))


def test_skipped_files_are_counted() -> None:
    create("x/a.png", "x/a.txt", "x/b.TXT", "x/c.svg", "x/README", "x/.DS_Store")
    notes: list[str] = []

    assert found("x", on_note=notes.append) == ["x/a.png"]
    assert notes == ["skipped 4 files in 'x': 2 .txt, 1 without a suffix, 1 SVG"]


def test_one_skipped_file_and_subfolders_are_counted() -> None:
    create("x/a.png", "x/a.psd", "x/y/b.png", "x/z/c.png")
    notes: list[str] = []

    found("x", on_note=notes.append)

    assert notes == [
        "skipped 1 file and 2 subfolders in 'x': 1 Photoshop (--recursive includes subfolders)"
    ]


def test_skipped_subfolders_alone_are_counted() -> None:
    create("x/a.png", "x/y/b.png")
    notes: list[str] = []

    found("x", on_note=notes.append)

    assert notes == ["skipped 1 subfolder in 'x' (--recursive includes subfolders)"]


def test_nothing_skipped_is_not_mentioned() -> None:
    create("x/a.png", "x/.hidden/b.png")

    assert found("x", on_note=pytest.fail) == ["x/a.png"]


def test_subfolders_are_included_with_recursive() -> None:
    create("x/b.png", "x/a/c.png", "x/a/d/e.png", "x/f/g.txt", "x/.git/h.png")
    notes: list[str] = []

    assert found("x", recursive=True, on_note=notes.append) == [
        "x/b.png",
        "x/a/c.png",
        "x/a/d/e.png",
    ]
    assert notes == ["skipped 1 file in 'x': 1 .txt"]


def test_a_link_to_a_folder_does_not_lead_in_circles() -> None:
    create("x/a.png")
    Path("x/again").symlink_to(Path("x").resolve())

    assert found("x", recursive=True) == ["x/a.png"]
    assert found("x/again") == ["x/again/a.png"]


def test_a_pipe_in_a_folder_is_skipped() -> None:
    create("x/a.png")
    os.mkfifo("x/pipe.png")
    notes: list[str] = []

    assert found("x", on_note=notes.append) == ["x/a.png"]
    assert notes == ["skipped 1 file in 'x': 1 special file"]


def test_a_broken_link_in_a_folder_is_an_image_that_cannot_be_opened() -> None:
    create("x/a.png")
    Path("x/b.png").symlink_to("gone.png")
    Path("x/c.txt").symlink_to("gone.txt")

    assert found("x") == ["x/a.png", "x/b.png"]


@pytest.mark.parametrize(
    ("files", "recursive", "message", "hint"),
    [
        ((), False, "no images in 'x'", None),
        (("x/a.txt", "x/b.svg", "x/c.svg"), False, "no images in 'x' (2 SVG, 1 .txt)", None),
        (("x/y/a.png",), False, "no images in 'x', only subfolders", "--recursive"),
        (("x/y/a.png", "x/b.txt"), False, "no images in 'x' (1 .txt)", "--recursive"),
        (("x/y/a.txt",), True, "no images in 'x' (1 .txt)", None),
    ],
)
def test_a_folder_without_images_is_an_error(
    files: tuple[str, ...], recursive: bool, message: str, hint: str | None
) -> None:
    Path("x").mkdir()
    create(*files)

    without = error("x", recursive=recursive, on_note=pytest.fail)

    assert (without.message, without.hint) == (message, hint)


def test_a_folder_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    create("x/a.png")

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)

    assert error("x").message == "permission denied: 'x'"


@pytest.mark.parametrize("absolute", [False, True])
def test_a_pattern_stands_for_the_files_it_matches(tmp_path: Path, absolute: bool) -> None:
    create("d/b.png", "d/a.png", "d/e/c.png", "d/x.jpg", "d/.h.png", "d/.i/j.png")
    start = f"{tmp_path}/" if absolute else ""

    assert found([f"{start}d/*.png"]) == [f"{start}d/a.png", f"{start}d/b.png"]
    assert len(found([f"{start}d/**/*.png"])) == 3
    assert found([f"{start}d/.*.png"]) == [f"{start}d/.h.png"]
    assert len(found([f"{start}d/*"])) == 3  # no folders


def test_a_file_whose_name_looks_like_a_pattern_or_a_url_is_that_file() -> None:
    create("a[1].png", "a1.png", "a*.png", "http:/x.png")

    assert found(["a[1].png", "a*.png"]) == ["a[1].png", "a*.png"]
    assert found("http:/x.png") == found("http://x.png") == ["http:/x.png"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no*.jpg", "no files match 'no*.jpg'"),
        ("a**b.png", "no files match 'a**b.png'"),
        (f"{'x' * 300}/*.png", f"no files match '{'x' * 300}/*.png'"),
        ("", "an empty file name"),
        ("https://a.org/7.png", "'https://a.org/7.png' is a URL, not a file: download it first"),
        ("FTP://a/7.png", "'FTP://a/7.png' is a URL, not a file: download it first"),
    ],
)
def test_a_source_without_an_image_is_an_error_in_its_place(source: str, message: str) -> None:
    create("a.png")

    before, image, after = find_images(["a.png", source, "a.png"])

    assert before.error is after.error is None
    assert image.error is not None
    assert image.error.message == message


def test_names_that_the_system_refuses_are_left_to_the_opening() -> None:
    create("a.png")
    names = ["x" * 300, "a.png/x.png", "a\0b.png"]

    assert found(names) == names


def test_a_path_that_cannot_be_looked_up_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(path: Path, **_: object) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)

    assert found("locked/x.png") == ["locked/x.png"]


@pytest.mark.parametrize("source", ["in/a.png", "in", "in/*.png", "./in/../in/a.png"])
def test_an_input_is_not_overwritten(source: str) -> None:
    create("in/a.png")

    with pytest.raises(ImageError) as caught:
        require_no_overwrite({"--save": Path("in/a.png")}, [source])

    assert caught.value.message == "--save would overwrite the input 'in/a.png'"
    assert caught.value.hint == "--save in/a_prediction.png"
    require_no_overwrite({"--save": Path("in/b.png"), "--explain": Path("c.png")}, [source])


def test_an_input_in_a_subfolder_is_not_overwritten() -> None:
    create("in/deep/a.png")
    outputs = {"--explain": Path("in/deep/a.png")}

    require_no_overwrite(outputs, ["in"])
    with pytest.raises(ImageError, match=r"^--explain would overwrite the input"):
        require_no_overwrite(outputs, ["in"], recursive=True)


def test_an_existing_output_beside_unreadable_inputs_is_not_an_error() -> None:
    create("out.png")
    error = InputImage(Path("out.png"), error=ImageError("stdin is empty"))

    require_no_overwrite({"--save": Path("out.png")}, [error, "gone.png", "a\0b", "x" * 300])


def test_two_outputs_need_two_names() -> None:
    with pytest.raises(ImageError) as caught:
        require_no_overwrite({"--save": Path("x/a.png"), "--explain": Path("./x/a.png")}, ["b.png"])

    assert caught.value.message == "--save and --explain both write 'x/a.png'"
    assert caught.value.hint == "--explain x/a-2.png"


def test_two_of_three_outputs_that_clash_are_named() -> None:
    """All three were named, and the path of the other one."""
    outputs = {"--save": Path("a.png"), "--explain": Path("b.png"), "--output": Path("b.png")}
    with pytest.raises(ImageError) as caught:
        require_no_overwrite(outputs, ["c.png"])

    assert caught.value.message == "--explain and --output both write 'b.png'"
    assert caught.value.hint == "--output b-2.png"


def test_a_special_file_on_its_own_is_left_to_the_opening() -> None:
    os.mkfifo("pipe")

    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)
    assert found("pipe") == ["pipe"]


def test_the_pages_of_a_file_are_images_of_their_own() -> None:
    Path("d").mkdir()
    save_pages(Path("d/scan.tif"), (1, 2))
    save_pages(Path("d/one.tif"), (3,))

    expected = ["d/scan.tif#1", "d/scan.tif#2"]
    assert found("d/scan.tif") == found("d/s*.tif") == expected
    assert found("d") == ["d/one.tif", *expected]
    assert found("d/scan.tif#2") == ["d/scan.tif#2"]


def test_pages_beyond_the_limit_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_sources, "MAX_PAGES", 2)
    save_pages(Path("a.tif"), (1, 2, 3))

    images = list(find_images("a.tif"))

    assert [str(image.path) for image in images] == ["a.tif#1", "a.tif#2", "a.tif"]
    assert images[2].error is not None
    assert images[2].error.message == "only the first 2 pages of 'a.tif' are read"


def test_an_output_does_not_overwrite_the_file_of_its_pages_or_rows() -> None:
    save_pages(Path("a.tif"), (1, 2))
    Path("test.csv").write_text("1,2\n")

    for name in ("a.tif", "test.csv"):
        with pytest.raises(ImageError, match=f"would overwrite the input '{name}'"):
            require_no_overwrite({"--output": Path(name)}, [name])


def test_photos_and_documents_in_a_folder_are_skipped_without_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(image_formats, "is_installed", lambda kind: False)
    create("d/a.png", "d/b.heic", "d/c.pdf")
    notes: list[str] = []

    assert found("d", on_note=notes.append) == ["d/a.png"]
    assert notes == [
        "skipped 2 files in 'd': 1 HEIC, 1 PDF; to read them: pip install 'mnistcli[photos]'"
    ]


def test_long_listings_are_sorted_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_listing, "_SORTED_IN_MEMORY", 4)
    Path("d").mkdir()
    names = [f"{number}.png" for number in range(11)] + ["a\nb.png", "c\udcff.png"]
    for name in names:
        Path("d", name).touch()

    assert found("d") == [f"d/{name}" for name in names]
    assert found("d/*.png") == found("d")
