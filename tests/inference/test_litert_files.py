"""LiteRT files: a model, a note about its `.keras` file, and a signature against tampering."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from mnistcli.files.hashing import sha256
from mnistcli.inference import litert_files

MODEL = b"a converted model" * 100
DIGEST = "ab" * 32


@pytest.fixture
def keras_file(tmp_path: Path) -> Path:
    return tmp_path / "model.keras"


@pytest.fixture
def written(keras_file: Path) -> Path:
    """A signed LiteRT file beside a model, and the same in the cache."""
    litert_files.write_sidecar(keras_file, MODEL, DIGEST)
    litert_files.write_cached(MODEL, DIGEST)
    return keras_file.with_suffix(".tflite")


def read(path: Path, digest: str = DIGEST) -> tuple[bytes | None, bytes | None]:
    """Read a file beside a model, and the same file in the cache."""
    cached = litert_files.cached_file(digest)
    cached.parent.mkdir(parents=True, exist_ok=True)
    cached.unlink(missing_ok=True)
    if path.is_file():
        cached.write_bytes(path.read_bytes())
    sidecar = litert_files.read_sidecar(path.with_suffix(".keras"), digest)
    return sidecar, litert_files.read_cached(digest)


def test_a_model_is_read_as_it_was_written(written: Path, keras_file: Path) -> None:
    assert litert_files.read_sidecar(keras_file, DIGEST) == MODEL
    assert litert_files.read_cached(DIGEST) == MODEL


def test_the_model_comes_first_in_the_file(written: Path) -> None:
    """LiteRT reads from the start and ignores the note after the model."""
    assert written.read_bytes().startswith(MODEL)


def test_a_model_of_other_weights_is_ignored(written: Path) -> None:
    assert read(written, "cd" * 32) == (None, None)


def append_note(note: str) -> bytes:
    content = io.BytesIO(MODEL)
    content.seek(0, io.SEEK_END)
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mnistcli.txt", note)
    return content.getvalue()


NOTE = f"{len(MODEL)} {sha256(MODEL)} {DIGEST}"


@pytest.mark.parametrize("signature", ["", "-", "0" * 64, "ab" * 32])
def test_a_file_that_anyone_can_write_is_ignored_beside_a_model(
    written: Path, signature: str
) -> None:
    """Its hash used to be taken as proof."""
    written.write_bytes(append_note(f"{NOTE} {signature}"))

    assert read(written) == (None, MODEL)


def test_a_file_signed_by_another_user_is_ignored(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("other", "empty"):
        monkeypatch.setenv("MNISTCLI_CONFIG_DIR", str(tmp_path / folder))
        if folder == "other":
            litert_files.write_sidecar(tmp_path / "other.keras", MODEL, DIGEST)

        assert read(written) == (None, MODEL)


def test_the_signature_holds_for_one_model_only(written: Path, keras_file: Path) -> None:
    other = b"another model" * 100
    signature = written.read_bytes().split(DIGEST.encode() + b" ")[1][:64].decode()
    note = f"{len(other)} {sha256(other)} {DIGEST} {signature}"
    content = io.BytesIO(other)
    content.seek(0, io.SEEK_END)
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("mnistcli.txt", note)
    written.write_bytes(content.getvalue())

    assert litert_files.read_sidecar(keras_file, DIGEST) is None


def test_without_a_place_for_the_key_the_file_is_written_but_not_believed(
    keras_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").touch()
    monkeypatch.setenv("MNISTCLI_CONFIG_DIR", "file/in/the/way")

    litert_files.write_sidecar(keras_file, MODEL, DIGEST)

    assert read(keras_file.with_suffix(".tflite")) == (None, MODEL)


@pytest.mark.parametrize("content", [b"", MODEL, b"PK\x05\x06" + b"\0" * 18])
def test_a_file_without_a_note_is_ignored(written: Path, content: bytes) -> None:
    written.write_bytes(content)

    assert read(written) == (None, None)


@pytest.mark.parametrize("at", [0, 500, 1699])
def test_a_model_with_a_flipped_bit_is_ignored(written: Path, at: int) -> None:
    content = bytearray(written.read_bytes())
    content[at] ^= 1
    written.write_bytes(content)

    assert read(written) == (None, None)


def test_a_missing_file_is_ignored(keras_file: Path) -> None:
    assert read(keras_file.with_suffix(".tflite")) == (None, None)


@pytest.mark.parametrize(
    "note",
    ["", "-5 a b", "nan", "9" * 5000, f"{10**18} a b", "ü" * 300, "0" * 100_000_000],
    ids=["empty", "negative", "text", "digits", "length", "unicode", "bomb"],
)
def test_a_file_with_a_hostile_note_is_ignored(written: Path, note: str) -> None:
    written.write_bytes(append_note(note))

    assert read(written) == (None, None)


@pytest.mark.parametrize("offset", [8, 10, 30])
def test_a_file_with_a_damaged_note_is_ignored(written: Path, offset: int) -> None:
    """Such as an unknown compression method, for which zipfile raises NotImplementedError."""
    content = bytearray(append_note(NOTE))
    for start in (content.rfind(b"PK\x03\x04"), content.rfind(b"PK\x01\x02")):
        content[start + offset] ^= 0xFF
    written.write_bytes(bytes(content))

    assert read(written) == (None, None)


def test_a_pipe_and_a_large_file_are_ignored(keras_file: Path) -> None:
    path = keras_file.with_suffix(".tflite")
    os.mkfifo(path)
    assert litert_files.read_sidecar(keras_file, DIGEST) is None
    path.unlink()
    path.touch()
    os.truncate(path, 30 << 30)  # sparse

    assert litert_files.read_sidecar(keras_file, DIGEST) is None
