"""Model file formats, told by their first bytes (magic number)."""

import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from mnistcli.errors import ModelError
from mnistcli.model_files import check_model_file, is_complete


def write_archive(path: Path, *names: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"content")


def error_of(path: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        check_model_file(path)
    return caught.value


def test_a_keras_file_is_accepted_whatever_its_name(tmp_path: Path) -> None:
    write_archive(tmp_path / "model.h5", "config.json", "model.weights.h5")

    check_model_file(tmp_path / "model.h5")
    assert is_complete(tmp_path / "model.h5")


def tar_gz() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("model.keras"))
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer: fetch the file with 'git lfs pull'"),
        (b"\n<!DOCTYPE html><html>", "a web page: download the file itself"),
        (b"\x80\x02}q\0.", "a pickle, which can run code and is not read: save the model as .keras"),
        (b"\x1c\0\0\0TFL3 and more", "a LiteRT model: use the .keras file or the run directory"),
        (b"\x08\x07\x12\x07pytorch", "an ONNX model: save the model as .keras"),
        (tar_gz(), "an archive: unpack it first"),
        (gzip.compress(b"\x89HDF\r\n\x1a\n"), "an archive: unpack it first"),
        (b"Rar!\x1a\x07\x01", "an archive: unpack it first"),
        (b'{"class_name": "Sequential"}', 'a JSON file: save the whole model, model.save("m.keras")'),
        (b"\x89PNG\r\n\x1a\n", "an image: a model is a .keras or .h5 file"),
        (b"%PDF-1.7", "a PDF: a model is a .keras or .h5 file"),
        (b"PAR1", "a Parquet file: a model is a .keras or .h5 file"),
        (b"\x93NUMPY", "an .npy file of one array: a model is a .keras or .h5 file"),
    ],
    ids=lambda part: part if isinstance(part, str) else "file",  # compressed files hold the time
)  # fmt: skip
def test_a_file_of_another_kind_is_named_with_the_remedy(content: bytes, message: str) -> None:
    Path("x").write_bytes(content)

    assert error_of(Path("x")).message == f"'x' is {message}"
    assert error_of(Path("x")).hint == "--model pretrained"


def test_an_empty_file_is_an_error() -> None:
    Path("x").touch()

    assert error_of(Path("x")).message == "empty model file 'x'"


def test_archives_of_other_programs_are_named() -> None:
    write_archive(Path("model.pth"), "archive/data.pkl", "archive/version")
    write_archive(Path("mnist.npz"), "x_train.npy", "y_train.npy")
    write_archive(Path("m.xlsx"), "[Content_Types].xml", "xl/workbook.xml")

    assert error_of(Path("model.pth")).message == (
        "'model.pth' is a PyTorch file, a pickle that can run code and is not read: train the "
        "model with mnistcli or Keras"
    )
    assert "is an .npz archive of arrays" in error_of(Path("mnist.npz")).message
    assert "is an Excel workbook" in error_of(Path("m.xlsx")).message


def test_the_hint_names_the_keras_file_beside_a_litert_file() -> None:
    Path("my run").mkdir()
    Path("my run/model.tflite").write_bytes(b"\x1c\0\0\0TFL3")
    write_archive(Path("my run/model.keras"), "config.json")

    assert error_of(Path("my run/model.tflite")).hint == "--model 'my run/model.keras'"


@pytest.mark.parametrize("name", ["nowhere", "a\0b", "sub/nowhere"])
def test_a_missing_file_is_an_error(name: str) -> None:
    assert error_of(Path(name)).message == f"no such model: {name!r}"


def test_a_name_that_is_too_long_is_one_line() -> None:
    message = error_of(Path("x" * 300)).message

    assert message == f"cannot read model {'x' * 300!r}: file name too long"


def test_a_directory_and_a_pipe_are_not_model_files() -> None:
    os.mkfifo("pipe")

    assert error_of(Path("pipe")).message == "not a model file: 'pipe'"
    assert error_of(Path()).message == "not a model file: '.'"


def test_a_file_without_permission_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    Path("x").write_bytes(b"PK")
    monkeypatch.setattr(Path, "open", refuse)

    assert error_of(Path("x")).message == "cannot read model 'x': permission denied"


def test_a_truncated_file_is_incomplete() -> None:
    write_archive(Path("x"), "config.json", "model.weights.h5")
    content = Path("x").read_bytes()
    Path("x").write_bytes(content[: len(content) // 2])

    assert not is_complete(Path("x"))
    assert not is_complete(Path("nowhere"))
    check_model_file(Path("x"))  # its content is checked when it is loaded
