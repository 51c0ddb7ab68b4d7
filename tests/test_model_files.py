"""Model file formats, told by their first bytes."""

import os
import zipfile
from pathlib import Path

import pytest

from mnistcli.errors import CheckpointError
from mnistcli.model_files import check_model_file, is_complete


def write_archive(path: Path, *names: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"content")


def error_of(path: Path) -> CheckpointError:
    with pytest.raises(CheckpointError) as caught:
        check_model_file(path)
    return caught.value


def test_a_keras_file_is_accepted_whatever_its_name(tmp_path: Path) -> None:
    write_archive(tmp_path / "model.h5", "config.json", "model.weights.h5")

    check_model_file(tmp_path / "model.h5")
    assert is_complete(tmp_path / "model.h5")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"\x1c\0\0\0TFL3 and more",
            "'x' is a LiteRT file: use the .keras file or the run directory",
        ),
        (b"\x08\x07\x12\x07pytorch", "'x' is an ONNX file: save the model as .keras"),
        (
            b"\x80\x02}q\0.",
            "'x' is a pickle, which could run code: save the model as .keras",
        ),
        (b"", "empty model file 'x'"),
    ],
    ids=["litert", "onnx", "pickle", "empty"],
)
def test_other_formats_are_named(content: bytes, message: str) -> None:
    Path("x").write_bytes(content)

    assert error_of(Path("x")).message == message
    assert error_of(Path("x")).hint == "--model pretrained"


def test_pytorch_and_numpy_archives_are_named() -> None:
    write_archive(Path("model.pth"), "archive/data.pkl", "archive/version")
    write_archive(Path("mnist.npz"), "x_train.npy", "y_train.npy")

    assert error_of(Path("model.pth")).message == (
        "'model.pth' is a PyTorch file: train the model with mnistcli or Keras"
    )
    assert "is an .npz archive of arrays" in error_of(Path("mnist.npz")).message


def test_the_hint_names_the_keras_file_beside_a_litert_file() -> None:
    Path("my run").mkdir()
    Path("my run/model.tflite").write_bytes(b"\x1c\0\0\0TFL3")
    write_archive(Path("my run/model.keras"), "config.json")

    assert error_of(Path("my run/model.tflite")).hint == "--model 'my run/model.keras'"


@pytest.mark.parametrize("name", ["nowhere", "a\0b", "sub/nowhere"])
def test_a_missing_file(name: str) -> None:
    assert error_of(Path(name)).message == f"no such model: {name!r}"


def test_a_name_that_is_too_long_is_one_line() -> None:
    message = error_of(Path("x" * 300)).message

    assert message == f"cannot read model {'x' * 300!r}: file name too long"


def test_a_directory_and_a_pipe_are_not_model_files() -> None:
    os.mkfifo("pipe")

    assert error_of(Path("pipe")).message == "not a model file: 'pipe'"
    assert error_of(Path()).message == "not a model file: '.'"


def test_a_file_without_permission(monkeypatch: pytest.MonkeyPatch) -> None:
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
