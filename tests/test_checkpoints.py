import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from mnistcli import checkpoints
from mnistcli.architectures import build_model
from mnistcli.errors import CheckpointError


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "model.keras"
    checkpoints.save(build_model("simple"), path)
    return path


def rewritten(source: Path, target: Path, **entries: bytes) -> Path:
    """Copy a model file with some entries replaced."""
    named = {name.replace("__", "."): content for name, content in entries.items()}
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            new.writestr(entry.filename, named.get(entry.filename, old.read(entry)))
    return target


def config_of(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read("config.json").decode()


def test_a_network_comes_back_as_it_was(tmp_path: Path) -> None:
    network = build_model("deep", dropout=0.3)
    checkpoints.save(network, tmp_path / "model.keras")

    loaded = checkpoints.load(tmp_path / "model.keras")

    for before, after in zip(network.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_saving_replaces_and_leaves_nothing_else(tmp_path: Path, saved: Path) -> None:
    checkpoints.save(build_model("classic"), saved)

    assert checkpoints.load(saved).name == "classic"
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


def test_a_save_that_fails_keeps_the_old_file(
    tmp_path: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def half(self: keras.Model, path: Path) -> None:
        Path(path).write_bytes(b"PK half a file")
        raise OSError(28, "No space left on device")

    network = build_model("simple")
    monkeypatch.setattr(keras.Sequential, "save", half)
    with pytest.raises(OSError, match="No space left"):
        checkpoints.save(network, saved)

    assert saved.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such model: '{}'"),
        (b"", "empty model file '{}'"),
        (b"\x93 some random bytes " * 50, "not a model file, or a damaged one: '{}'"),
    ],
)
def test_a_file_that_is_no_model(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "bad.keras"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(CheckpointError) as caught:
        checkpoints.load(path)

    assert caught.value.message == message.format(path)
    assert caught.value.hint == "mnistcli train"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_file(saved: Path, share: float) -> None:
    data = saved.read_bytes()
    saved.write_bytes(data[: int(len(data) * share)])

    with pytest.raises(CheckpointError, match="not a model file, or a damaged one"):
        checkpoints.load(saved)


def test_damaged_weights(tmp_path: Path, saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        size = archive.getinfo("model.weights.h5").file_size
    bad = rewritten(saved, tmp_path / "bad.keras", model__weights__h5=b"x" * size)

    with pytest.raises(CheckpointError, match="not a model file, or a damaged one"):
        checkpoints.load(bad)


@pytest.mark.parametrize("config", [b"", b"[]", b"{}", b'{"class_name": "Sequential"}'])
def test_a_config_that_makes_no_network(tmp_path: Path, saved: Path, config: bytes) -> None:
    with pytest.raises(CheckpointError):
        checkpoints.load(rewritten(saved, tmp_path / "bad.keras", config__json=config))


@pytest.mark.parametrize(
    ("shape", "classes", "message"),
    [
        ((32, 32, 3), 10, r"it takes \(None, 32, 32, 3\) and gives \(None, 10\)"),
        ((28, 28, 1), 26, r"it takes \(None, 28, 28, 1\) and gives \(None, 26\)"),
    ],
)
def test_a_network_for_something_else(
    tmp_path: Path, shape: tuple[int, ...], classes: int, message: str
) -> None:
    network = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(classes)])
    network.save(tmp_path / "other.keras")

    with pytest.raises(CheckpointError, match=message):
        checkpoints.load(tmp_path / "other.keras")


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Lambda(lambda images: images * 2),
            layers.Flatten(),
            layers.Dense(10, "softmax"),
        ]
    )
    network.save(tmp_path / "lambda.keras")

    with pytest.raises(
        CheckpointError, match=r"more than stock Keras layers: keras\.layers\.Lambda"
    ):
        checkpoints.load(tmp_path / "lambda.keras")


def test_foreign_classes_are_not_let_in(tmp_path: Path, saved: Path) -> None:
    config = config_of(saved).replace(
        '"module": "keras.layers", "class_name": "Flatten"',
        '"module": "os", "class_name": "system"',
    )
    bad = rewritten(saved, tmp_path / "bad.keras", config__json=config.encode())

    with pytest.raises(CheckpointError, match=r"more than stock Keras layers: os\.system"):
        checkpoints.load(bad)


def test_a_small_file_cannot_ask_for_all_memory(tmp_path: Path, saved: Path) -> None:
    config = config_of(saved).replace('"units": 64', '"units": 64000000')
    config = config.replace('"input_shape": [null, 64]', '"input_shape": [null, 64000000]')
    bad = rewritten(saved, tmp_path / "bad.keras", config__json=config.encode())

    with pytest.raises(CheckpointError, match=r"asks for 103,\d{3},\d{3},\d{3} parameters"):
        checkpoints.load(bad)

    assert checkpoints.load(saved).name == "simple"
    assert build_model("classic")(np.zeros((1, 28, 28, 1), np.float32)).shape == (1, 10)
