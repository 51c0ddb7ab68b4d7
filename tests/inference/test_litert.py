"""LiteRT files: a model and a note about the `.keras` file that it was made from."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from mnistcli.errors import CheckpointError
from mnistcli.inference import litert

MODEL = b"a converted model" * 100
DIGEST = "ab" * 32


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "model.tflite"
    litert.write(path, MODEL, DIGEST)
    return path


def test_a_model_is_read_as_it_was_written(written: Path) -> None:
    assert litert.read(written, DIGEST) == MODEL


def test_the_model_comes_first_in_the_file(written: Path) -> None:
    """LiteRT reads from the start and ignores the note after the model."""
    assert written.read_bytes().startswith(MODEL)


def test_a_model_of_other_weights_is_ignored(written: Path) -> None:
    assert litert.read(written, "cd" * 32) is None


@pytest.mark.parametrize("content", [b"", MODEL, b"PK\x05\x06" + b"\0" * 18])
def test_a_file_without_a_note_is_ignored(written: Path, content: bytes) -> None:
    written.write_bytes(content)

    assert litert.read(written, DIGEST) is None


@pytest.mark.parametrize("at", [0, 500, 1699])
def test_a_model_with_a_flipped_bit_is_ignored(written: Path, at: int) -> None:
    content = bytearray(written.read_bytes())
    content[at] ^= 1
    written.write_bytes(content)

    assert litert.read(written, DIGEST) is None


def test_a_missing_file_is_ignored(tmp_path: Path) -> None:
    assert litert.read(tmp_path / "model.tflite", DIGEST) is None


def test_the_litert_file_is_beside_the_model() -> None:
    assert litert.file_beside(Path("runs/a/model.keras")) == Path("runs/a/model.tflite")


def test_the_digest_is_computed_from_the_content(tmp_path: Path) -> None:
    (tmp_path / "a.keras").write_bytes(b"abc")

    assert litert.digest_of(tmp_path / "a.keras").startswith("ba7816bf")


def test_a_model_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no such model: '.*a\.keras'"):
        litert.digest_of(tmp_path / "a.keras")
    with pytest.raises(CheckpointError, match="not a model file"):
        litert.digest_of(tmp_path)


def append_note(note: str) -> bytes:
    content = io.BytesIO(MODEL)
    content.seek(0, io.SEEK_END)
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mnistcli.txt", note)
    return content.getvalue()


@pytest.mark.parametrize(
    "note",
    ["", "-5 a b", "nan", "9" * 5000, f"{10**18} a b", "ü" * 300, "0" * 100_000_000],
    ids=["empty", "negative", "text", "digits", "length", "unicode", "bomb"],
)
def test_a_file_with_a_hostile_note_is_ignored(written: Path, note: str) -> None:
    written.write_bytes(append_note(note))

    assert litert.read(written, DIGEST) is None


@pytest.mark.parametrize("offset", [8, 10, 30])
def test_a_file_with_a_damaged_note_is_ignored(written: Path, offset: int) -> None:
    """Such as an unknown compression method, for which zipfile raises NotImplementedError."""
    content = bytearray(append_note("0 a b"))
    for start in (content.rfind(b"PK\x03\x04"), content.rfind(b"PK\x01\x02")):
        content[start + offset] ^= 0xFF
    written.write_bytes(bytes(content))

    assert litert.read(written, DIGEST) is None


def test_a_pipe_is_ignored(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.tflite")

    assert litert.read(tmp_path / "model.tflite", DIGEST) is None
