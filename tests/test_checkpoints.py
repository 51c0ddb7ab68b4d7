"""Checkpoints: atomic saving, and loading of files that may be damaged or hostile.

A hostile file can neither execute arbitrary code nor exhaust the memory (denial of service).
"""

import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from mnistcli import checkpoints
from mnistcli.architectures import build_model
from mnistcli.errors import ModelError


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "model.keras"
    checkpoints.save(build_model("simple"), path)
    return path


def rewrite(source: Path, target: Path, **entries: bytes) -> Path:
    """Copy a model file with some entries replaced."""
    named = {name.replace("__", "."): content for name, content in entries.items()}
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            new.writestr(entry.filename, named.get(entry.filename, old.read(entry)))
    return target


def read_config(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read("config.json").decode()


def test_a_model_is_loaded_as_it_was_saved(tmp_path: Path) -> None:
    model = build_model("deep", dropout=0.3)
    checkpoints.save(model, tmp_path / "model.keras")

    loaded = checkpoints.load(tmp_path / "model.keras")

    for before, after in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_saving_replaces_the_file_and_leaves_no_other(tmp_path: Path, saved: Path) -> None:
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

    model = build_model("simple")
    monkeypatch.setattr(keras.Sequential, "save", half)
    with pytest.raises(OSError, match="No space left"):
        checkpoints.save(model, saved)

    assert saved.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such model: '{}'"),
        (b"", "empty model file '{}'"),
        (b"\x93 some random bytes " * 50, "not a Keras model, or a damaged file: '{}'"),
    ],
)
def test_a_file_that_is_not_a_model(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "bad.keras"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ModelError) as caught:
        checkpoints.load(path)

    assert caught.value.message == message.format(path)
    assert caught.value.hint == "--model pretrained"


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(saved: Path, fraction: float) -> None:
    data = saved.read_bytes()
    saved.write_bytes(data[: int(len(data) * fraction)])

    with pytest.raises(ModelError, match="not a Keras model, or a damaged file"):
        checkpoints.load(saved)


def test_damaged_weights_are_refused(tmp_path: Path, saved: Path) -> None:
    with zipfile.ZipFile(saved) as archive:
        size = archive.getinfo("model.weights.h5").file_size
    bad = rewrite(saved, tmp_path / "bad.keras", model__weights__h5=b"x" * size)

    with pytest.raises(ModelError, match="not a Keras model, or a damaged file"):
        checkpoints.load(bad)


@pytest.mark.parametrize("config", [b"", b"[]", b"{}", b'{"class_name": "Sequential"}'])
def test_a_config_that_does_not_describe_a_model(
    tmp_path: Path, saved: Path, config: bytes
) -> None:
    with pytest.raises(ModelError):
        checkpoints.load(rewrite(saved, tmp_path / "bad.keras", config__json=config))


@pytest.mark.parametrize(
    ("shape", "classes", "message"),
    [
        ((28, 40, 1), 10, r"it maps \(None, 28, 40, 1\) to \(None, 10\), not"),
        ((28, 28, 2), 10, r"it maps \(None, 28, 28, 2\) to \(None, 10\), not"),
        ((28, 28, 1), 26, r"it maps \(None, 28, 28, 1\) to \(None, 26\), not"),
    ],
)
def test_a_model_that_is_not_a_digit_classifier(
    tmp_path: Path, shape: tuple[int, ...], classes: int, message: str
) -> None:
    model = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(classes)])
    model.save(tmp_path / "other.keras")

    with pytest.raises(ModelError, match=message):
        checkpoints.load(tmp_path / "other.keras")


def test_a_layer_with_code_is_rejected(tmp_path: Path) -> None:
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Lambda(lambda images: images * 2),
            layers.Flatten(),
            layers.Dense(10, "softmax"),
        ]
    )
    model.save(tmp_path / "lambda.keras")

    with pytest.raises(
        ModelError, match=r"contains more than stock Keras layers: keras\.layers\.Lambda"
    ):
        checkpoints.load(tmp_path / "lambda.keras")


def test_classes_of_other_modules_are_rejected(tmp_path: Path, saved: Path) -> None:
    config = read_config(saved).replace(
        '"module": "keras.layers", "class_name": "Flatten"',
        '"module": "os", "class_name": "system"',
    )
    bad = rewrite(saved, tmp_path / "bad.keras", config__json=config.encode())

    with pytest.raises(ModelError, match=r"contains more than stock Keras layers: os\.system"):
        checkpoints.load(bad)


def test_a_small_file_cannot_allocate_all_memory(tmp_path: Path, saved: Path) -> None:
    config = read_config(saved).replace('"units": 64', '"units": 64000000')
    config = config.replace('"input_shape": [null, 64]', '"input_shape": [null, 64000000]')
    bad = rewrite(saved, tmp_path / "bad.keras", config__json=config.encode())

    with pytest.raises(ModelError, match=r"declares 103,\d{3},\d{3},\d{3} parameters"):
        checkpoints.load(bad)

    assert checkpoints.load(saved).name == "simple"
    assert build_model("classic")(np.zeros((1, 28, 28, 1), np.float32)).shape == (1, 10)


def test_weights_without_a_network_are_named(tmp_path: Path) -> None:
    build_model("simple").save_weights(tmp_path / "model.weights.h5")

    with pytest.raises(ModelError, match="contains only weights or data, not a model: save the"):
        checkpoints.load(tmp_path / "model.weights.h5")


def test_a_compiled_model_can_be_evaluated_by_keras(tmp_path: Path) -> None:
    model = build_model("simple")
    checkpoints.compile_for_evaluation(model)
    checkpoints.save(model, tmp_path / "model.keras")
    images, labels = np.zeros((2, 28, 28, 1), np.float32), np.zeros(2, int)

    loaded = keras.models.load_model(tmp_path / "model.keras")

    assert loaded.evaluate(images, labels, return_dict=True, verbose=0).keys() == {
        *("accuracy", "loss")
    }
    assert loaded.inputs[0].name == "pixels_0_to_1"


def test_a_layer_with_code_is_rejected_inside_another_model(tmp_path: Path, saved: Path) -> None:
    config = json.loads(read_config(saved))
    config["config"]["layers"][1] = {
        "class_name": "TimeDistributed",
        "module": "keras.layers",
        "config": {"layer": {"class_name": "TFSMLayer", "module": "keras.layers", "config": {}}},
    }
    bad = rewrite(saved, tmp_path / "bad.keras", config__json=json.dumps(config).encode())

    with pytest.raises(ModelError, match=r"keras\.layers\.TFSMLayer"):
        checkpoints.load(bad)
