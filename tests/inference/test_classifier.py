"""Classifiers: LiteRT and Keras agree, the cache of converted models, and checks of the input."""

import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray

from mnistcli import checkpoints
from mnistcli.architectures import ARCHITECTURES, build_model
from mnistcli.errors import ModelError
from mnistcli.files.hashing import sha256
from mnistcli.inference import litert_conversion, litert_files
from mnistcli.inference.classifier import Classifier
from tests.support.strokes import make_digits
from tests.support.training import use_tiny_network


def run_keras(model: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(model(images[..., None].astype(np.float32) / 255))


@pytest.fixture
def images() -> NDArray[np.uint8]:
    return make_digits(23, seed=0).images


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A model file with a tiny network, which is converted in less than a second."""
    with pytest.MonkeyPatch.context() as patch:
        use_tiny_network(patch)
        checkpoints.save(build_model("simple"), tmp_path / "model.keras")
    return tmp_path / "model.keras"


@pytest.fixture
def no_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail if Keras loads a model."""

    def refuse(path: Path) -> keras.Model:
        raise AssertionError("Keras was used")

    monkeypatch.setattr(checkpoints, "load_checked", refuse)


# The tests of the packaged model compare them on `wide`, the architecture that it has.
@pytest.mark.parametrize("arch", [arch for arch in ARCHITECTURES if arch != "wide"])
def test_litert_and_keras_agree_on_every_architecture(
    arch: str, tmp_path: Path, images: NDArray[np.uint8]
) -> None:
    model = build_model(arch, dropout=0.3)
    for weight in model.trainable_weights:  # as confident as a trained model
        weight.assign(weight * 2)
    for weight in model.non_trainable_weights:  # statistics of batch normalization
        if weight.dtype == "float32":
            weight.assign(np.linspace(0.5, 2, weight.shape[-1]))
    checkpoints.save(model, tmp_path / "model.keras")
    litert_conversion.save_litert(model, tmp_path / "model.keras")

    by_litert = Classifier.load(tmp_path / "model.keras").predict(images)

    np.testing.assert_allclose(by_litert, run_keras(model, images), atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 7, 23, 100])
def test_the_batch_size_changes_nothing(
    trained_run: Path, images: NDArray[np.uint8], batch_size: int
) -> None:
    file = trained_run / "model.keras"

    probabilities = Classifier.load(file, batch_size=batch_size).predict(images)

    np.testing.assert_allclose(probabilities, run_keras(checkpoints.load(file), images), atol=1e-5)
    assert probabilities.shape == (23, 10)
    assert probabilities.dtype == np.float32


@pytest.mark.usefixtures("no_keras")
def test_the_path_can_be_a_string(trained_run: Path, images: NDArray[np.uint8]) -> None:
    assert Classifier.load(str(trained_run / "model.keras")).predict(images).shape == (23, 10)


def test_one_image_has_one_row_of_probabilities(
    trained_run: Path, images: NDArray[np.uint8]
) -> None:
    classifier = Classifier.load(trained_run / "model.keras")

    np.testing.assert_allclose(
        classifier.predict(images[0]), classifier.predict(images)[:1], atol=1e-6
    )


@pytest.mark.parametrize(
    ("images", "description"),
    [
        (np.zeros((3, 28, 28), np.float32), r"not float32 \(3, 28, 28\)"),
        (np.zeros((3, 28, 28, 1), np.uint8), r"not uint8 \(3, 28, 28, 1\)"),
        (np.zeros((3, 32, 32), np.uint8), r"not uint8 \(3, 32, 32\)"),
        (np.zeros(784, np.uint8), r"not uint8 \(784,\)"),
        ([[0] * 28] * 28, "not list"),
    ],
    ids=["float", "channels", "size", "flat", "list"],
)
def test_images_of_another_dtype_or_shape_are_rejected(images: Any, description: str) -> None:
    """Floats from 0 to 1 used to be divided by 255 again: 10 % accuracy, without an error."""
    classifier = Classifier(lambda batch: np.zeros((len(batch), 10), np.float32))

    with pytest.raises(TypeError, match=rf"uint8 .*\(n, 28, 28\).*{description}"):
        classifier.predict(images)


def test_no_images_have_no_probabilities(trained_run: Path) -> None:
    assert Classifier.load(trained_run / "model.keras").predict(
        np.empty((0, 28, 28), np.uint8)
    ).shape == (0, 10)


@pytest.mark.usefixtures("no_keras")
def test_the_litert_file_beside_the_model_is_used(
    trained_run: Path, images: NDArray[np.uint8]
) -> None:
    assert Classifier.load(trained_run / "model.keras").predict(images).shape == (23, 10)


def test_a_missing_litert_file_is_made_once_for_the_cache(
    saved: Path, images: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Classifier.load(saved).predict(images)

    monkeypatch.setattr(checkpoints, "load_checked", None)
    second = Classifier.load(saved).predict(images)

    np.testing.assert_array_equal(first, second)
    assert not litert_files.sidecar_path(saved).exists()


def test_a_litert_file_of_other_weights_is_not_used(
    saved: Path, trained_run: Path, images: NDArray[np.uint8]
) -> None:
    """It is newer than the model and has the right name."""
    shutil.copy(trained_run / "model.tflite", litert_files.sidecar_path(saved))

    np.testing.assert_allclose(
        Classifier.load(saved).predict(images),
        run_keras(checkpoints.load(saved), images),
        atol=1e-5,
    )


def test_a_litert_file_from_another_machine_is_not_run(
    trained_run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """LiteRT is not written for hostile files: two of 4,000 mutations crashed the process."""
    run = shutil.copytree(trained_run, tmp_path / "run")
    monkeypatch.setenv("MNISTCLI_CONFIG_DIR", str(tmp_path / "another-user"))
    converted: list[bytes | None] = []
    convert = litert_conversion.to_litert

    def record(model: keras.Model) -> bytes | None:
        converted.append(convert(model))
        return converted[-1]

    monkeypatch.setattr(litert_conversion, "to_litert", record)

    Classifier.load(run / "model.keras")

    digest = sha256((run / "model.keras").read_bytes())
    assert converted == [litert_files.read_cached(digest)]


def test_a_litert_file_that_is_no_classifier_is_converted_again(
    saved: Path, images: NDArray[np.uint8]
) -> None:
    digest = sha256(saved.read_bytes())
    other = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(3)])
    for converted in (b"not a LiteRT model", litert_conversion.to_litert(other)):
        assert converted is not None
        litert_files.write_sidecar(saved, converted, digest)

        np.testing.assert_allclose(
            Classifier.load(saved).predict(images),
            run_keras(checkpoints.load(saved), images),
            atol=1e-5,
        )


def test_a_model_with_nan_weights_is_refused_by_the_name_of_the_weights(saved: Path) -> None:
    model = checkpoints.load(saved)
    model.weights[0].assign(model.weights[0] * np.nan)
    checkpoints.save(model, saved)

    with pytest.raises(
        ModelError, match=r"weights that are NaN or infinite: layers/batch_normalization"
    ):
        Classifier.load(saved)


def test_a_model_that_computes_nan_is_refused(tmp_path: Path) -> None:
    """Its weights are finite, but too large."""
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten()])
    model.add(layers.Dense(10, "softmax"))
    model.weights[0].assign(np.full((784, 10), 3e38))
    checkpoints.save(model, tmp_path / "model.keras")

    with pytest.raises(ModelError, match="computes NaN or infinite probabilities"):
        Classifier.load(tmp_path / "model.keras")


def test_a_model_is_loaded_without_a_cache_directory(
    saved: Path, images: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("file").touch()
    monkeypatch.setenv("MNISTCLI_CACHE_DIR", "file/in/the/way")

    assert Classifier.load(saved).predict(images).shape == (23, 10)


def test_a_model_that_litert_cannot_run_is_run_by_keras(
    tmp_path: Path, images: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: keras.Model, *_: object, **__: object) -> None:
        raise NotImplementedError("no such operation in LiteRT")

    model = build_model("simple")
    checkpoints.save(model, tmp_path / "model.keras")
    monkeypatch.setattr(keras.Sequential, "export", fail)

    litert_conversion.save_litert(model, tmp_path / "model.keras")
    probabilities = Classifier.load(tmp_path / "model.keras").predict(images)

    np.testing.assert_allclose(probabilities, run_keras(model, images), atol=1e-6)
    assert [path.name for path in tmp_path.glob("*.tflite")] == []


def test_prediction_starts_without_tensorflow(trained_run: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys\n"
            "sys.modules['tensorflow'] = sys.modules['keras'] = sys.modules['sklearn'] = None\n"
            "import numpy as np\n"
            "from mnistcli.prediction import predict\n"
            "from mnistcli.inference.classifier import Classifier\n"
            f"classifier = Classifier.load({str(trained_run / 'model.keras')!r})\n"
            "print(classifier.predict(np.zeros((2, 28, 28), np.uint8)).shape)\n",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("(2, 10)\n", "")


def test_a_missing_model_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model"):
        Classifier.load(tmp_path / "model.keras")


def test_a_litert_file_is_named_as_one(trained_run: Path) -> None:
    with pytest.raises(ModelError, match=r"is a LiteRT model: use the \.keras file") as caught:
        Classifier.load(trained_run / "model.tflite")

    assert caught.value.hint == f"--model {trained_run / 'model.keras'}"


def test_a_classifier_is_pickled_by_the_path_of_its_file(
    trained_run: Path, images: NDArray[np.uint8]
) -> None:
    classifier = Classifier.load(str(trained_run / "model.keras"), batch_size=7)

    copy = pickle.loads(pickle.dumps(classifier))

    np.testing.assert_array_equal(copy.predict(images), classifier.predict(images))
    with pytest.raises(TypeError, match="was not loaded from a file"):
        pickle.dumps(Classifier(lambda batch: batch))


def test_pixels_of_0_and_1_are_refused(trained_run: Path, images: NDArray[np.uint8]) -> None:
    classifier = Classifier.load(trained_run / "model.keras")

    with pytest.raises(ValueError, match="not 0 and 1: multiply them by 255"):
        classifier.predict(images // 255)
    assert classifier.predict(np.zeros((2, 28, 28), np.uint8)).shape == (2, 10)
