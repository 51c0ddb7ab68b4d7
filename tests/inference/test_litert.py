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


def test_a_model_comes_back_as_it_was(written: Path) -> None:
    assert litert.read(written, DIGEST) == MODEL


def test_the_model_comes_first_in_the_file(written: Path) -> None:
    """LiteRT reads from the start; the note behind the model does not disturb it."""
    assert written.read_bytes().startswith(MODEL)


def test_a_model_of_other_weights_is_not_taken(written: Path) -> None:
    assert litert.read(written, "cd" * 32) is None


@pytest.mark.parametrize("content", [b"", MODEL, b"PK\x05\x06" + b"\0" * 18])
def test_a_file_without_our_note_is_not_taken(written: Path, content: bytes) -> None:
    written.write_bytes(content)

    assert litert.read(written, DIGEST) is None


@pytest.mark.parametrize("at", [0, 500, 1699])
def test_a_model_with_a_flipped_bit_is_not_taken(written: Path, at: int) -> None:
    content = bytearray(written.read_bytes())
    content[at] ^= 1
    written.write_bytes(content)

    assert litert.read(written, DIGEST) is None


def test_a_missing_file_is_not_taken(tmp_path: Path) -> None:
    assert litert.read(tmp_path / "model.tflite", DIGEST) is None


def test_the_file_lies_beside_the_model() -> None:
    assert litert.file_beside(Path("runs/a/model.keras")) == Path("runs/a/model.tflite")


def test_the_digest_is_that_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "a.keras").write_bytes(b"abc")

    assert litert.digest_of(tmp_path / "a.keras").startswith("ba7816bf")


def test_a_model_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no such model: '.*a\.keras'"):
        litert.digest_of(tmp_path / "a.keras")
    with pytest.raises(CheckpointError, match="cannot read model"):
        litert.digest_of(tmp_path)
