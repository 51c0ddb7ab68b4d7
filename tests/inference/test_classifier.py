import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray

from mnistcli import checkpoints
from mnistcli.architectures import build_model
from mnistcli.errors import CheckpointError
from mnistcli.inference import conversion, litert
from mnistcli.inference.classifier import Classifier
from mnistcli.recipes import RECIPES
from tests.support.strokes import make_digits


def by_keras(network: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(network(images[..., None].astype(np.float32) / 255))


@pytest.fixture
def images() -> NDArray[np.uint8]:
    return make_digits(23, seed=0).images


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    checkpoints.save(build_model("simple"), tmp_path / "model.keras")
    return tmp_path / "model.keras"


@pytest.fixture
def never_by_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> keras.Model:
        raise AssertionError("Keras was asked")

    monkeypatch.setattr(checkpoints, "load", refuse)


@pytest.mark.parametrize("recipe", RECIPES)
def test_litert_and_keras_agree_on_every_recipe(
    recipe: str, tmp_path: Path, images: NDArray[np.uint8]
) -> None:
    network = build_model(RECIPES[recipe].config.arch, dropout=RECIPES[recipe].config.dropout)
    for weight in network.trainable_weights:  # as sharp as a trained network
        weight.assign(weight * 2)
    for _ in range(30):  # and as well normalized
        network(images[..., None].astype(np.float32) / 255, training=True)
    checkpoints.save(network, tmp_path / "model.keras")
    conversion.save_litert(network, tmp_path / "model.keras")

    by_litert = Classifier.load(tmp_path / "model.keras").predict(images)

    np.testing.assert_allclose(by_litert, by_keras(network, images), atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 7, 23, 100])
def test_the_batch_size_changes_nothing(
    saved: Path, images: NDArray[np.uint8], batch_size: int
) -> None:
    probabilities = Classifier.load(saved, batch_size=batch_size).predict(images)

    np.testing.assert_allclose(probabilities, by_keras(checkpoints.load(saved), images), atol=1e-5)
    assert (probabilities.shape, probabilities.dtype) == ((23, 10), np.float32)


def test_no_images_have_no_probabilities(saved: Path) -> None:
    assert Classifier.load(saved).predict(np.empty((0, 28, 28), np.uint8)).shape == (0, 10)


@pytest.mark.usefixtures("never_by_keras")
def test_the_file_beside_the_model_is_taken(trained_run: Path, images: NDArray[np.uint8]) -> None:
    assert Classifier.load(trained_run / "model.keras").predict(images).shape == (23, 10)


def test_a_missing_file_is_made_once_for_the_cache(
    saved: Path, images: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Classifier.load(saved).predict(images)

    monkeypatch.setattr(checkpoints, "load", None)
    second = Classifier.load(saved).predict(images)

    np.testing.assert_array_equal(first, second)
    assert not litert.file_beside(saved).exists()


def test_a_file_that_belongs_to_other_weights_is_not_trusted(
    saved: Path, trained_run: Path, images: NDArray[np.uint8]
) -> None:
    """Newer than the model, of the right name, and still not the one."""
    shutil.copy(trained_run / "model.tflite", litert.file_beside(saved))

    np.testing.assert_allclose(
        Classifier.load(saved).predict(images),
        by_keras(checkpoints.load(saved), images),
        atol=1e-5,
    )


def test_without_a_cache_it_works_as_well(
    saved: Path, images: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").touch()
    monkeypatch.setenv("MNISTCLI_CACHE_DIR", "file/in/the/way")

    assert Classifier.load(saved).predict(images).shape == (23, 10)


def test_what_litert_cannot_run_is_run_by_keras(
    tmp_path: Path, images: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: keras.Model, *_: object, **__: object) -> None:
        raise NotImplementedError("no such operation in LiteRT")

    network = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, "softmax")]
    )
    checkpoints.save(network, tmp_path / "model.keras")
    monkeypatch.setattr(keras.Sequential, "export", fail)

    conversion.save_litert(network, tmp_path / "model.keras")
    probabilities = Classifier.load(tmp_path / "model.keras").predict(images)

    np.testing.assert_allclose(probabilities, by_keras(network, images), atol=1e-6)
    assert [path.name for path in tmp_path.glob("*.tflite")] == []


def test_reading_starts_without_tensorflow(trained_run: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys\n"
            "sys.modules['tensorflow'] = sys.modules['keras'] = sys.modules['sklearn'] = None\n"
            "import numpy as np\n"
            "from pathlib import Path\n"
            "from mnistcli import prediction\n"
            "from mnistcli.inference import Classifier\n"
            f"classifier = Classifier.load(Path({str(trained_run / 'model.keras')!r}))\n"
            "print(classifier.predict(np.zeros((2, 28, 28), np.uint8)).shape)\n",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("(2, 10)\n", "")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such model"):
        Classifier.load(tmp_path / "model.keras")
