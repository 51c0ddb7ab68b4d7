"""Standard input is an image, or a list of names."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from mnistcli.image_io import image_input, open_image
from mnistcli.prediction.image_listing import InputImage
from mnistcli.prediction.image_sources import require_no_overwrite
from mnistcli.prediction.stdin import expand_stdin


def expanded(content: bytes, *sources: str) -> list[str | InputImage]:
    return list(expand_stdin(sources or ["-"], io.BytesIO(content)))


def image_of(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), (10, 20, 200)).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM"])
def test_an_image_on_stdin_is_read(kind: str) -> None:
    (found,) = expanded(image_of(kind))

    assert isinstance(found, InputImage)
    assert str(found.path) == "-"
    assert found.source is not None
    assert open_image(found.source).size == (40, 30)


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"a.png\nb.png\n", ["a.png", "b.png"]),
        (b"a.png\r\n\r\n  \r\n b.png\r\n", ["a.png", " b.png"]),
        (b"a.png\nb.png", ["a.png", "b.png"]),
        (b"a\nb.png\0c d.png\0", ["a\nb.png", "c d.png"]),
        (b"a.png", ["a.png"]),
        (b"-\n", ["-"]),
        ("zwölf.png\n".encode(), ["zwölf.png"]),
        (b"\xff.png\n", [os.fsdecode(b"\xff.png")]),
    ],
)
def test_stdin_has_one_name_per_line_or_null_character(content: bytes, names: list[str]) -> None:
    assert expanded(content) == names


def test_a_long_list_of_names_is_read_as_a_whole() -> None:
    names = [f"{number}.png" for number in range(50_000)]

    assert expanded("\n".join(names).encode()) == names
    assert expanded("\0".join(names).encode()) == names


def test_stdin_stands_among_other_sources() -> None:
    assert expanded(b"b.png\n", "a.png", "-", "c.png") == ["a.png", "b.png", "c.png"]


def test_without_the_dash_stdin_is_not_read() -> None:
    stdin = io.BytesIO(b"x")

    assert list(expand_stdin(["a.png"], stdin)) == ["a.png"]
    assert stdin.tell() == 0


@pytest.mark.parametrize("stdin", [None, io.BytesIO()])
def test_an_empty_stdin_is_an_error_in_its_place(stdin: io.BytesIO | None) -> None:
    first, found, last = expand_stdin(["a.png", "-", "b.png"], stdin)

    assert (first, last) == ("a.png", "b.png")
    assert isinstance(found, InputImage)
    assert found.error is not None
    assert found.error.message == "stdin is empty: expected an image or a list of file names"


def test_names_are_expanded_as_they_arrive() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stdin, os.fdopen(writing, "wb", buffering=0) as pipe:
        names = expand_stdin(["-"], stdin)
        pipe.write(b"first-image.png\nsecond")
        assert next(names) == "first-image.png"
        pipe.write(b"-image.png\n")
        assert next(names) == "second-image.png"


def test_an_endless_image_on_stdin_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_input, "MAX_BYTES", 10)

    (found,) = expanded(image_of("BMP"))

    assert isinstance(found, InputImage)
    assert found.error is not None
    assert found.error.message == "more than 0 MiB on a stream: '-'"


def test_an_input_named_on_stdin_is_not_overwritten() -> None:
    """`ls *.png | mnistcli predict - --save a.png` replaced an input."""
    Path("a.png").touch()

    with pytest.raises(Exception, match=r"^--save would overwrite the input 'a\.png'$"):
        require_no_overwrite({"--save": Path("a.png")}, expanded(b"b.png\na.png\n"))
