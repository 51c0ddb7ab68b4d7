"""Public API: the commands as functions, typed, silent, and with lazy imports."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_type

import numpy as np
import pytest
from PIL import Image

import mnistcli
from mnistcli import datasets
from mnistcli.datasets import Dataset, Splits
from mnistcli.errors import ConfigError, DataError, ImageError, ModelError, PlotError
from mnistcli.evaluation import Evaluation
from mnistcli.inference.ensemble import Ensemble
from mnistcli.prediction.results import Prediction
from mnistcli.training import EnsembleResult, TrainResult
from tests.support.training import RecordingCallback


@pytest.fixture
def seven(digit_pngs: Path) -> Path:
    return digit_pngs / "7.png"


@pytest.fixture(scope="module")
def small() -> Splits:
    """A part of the bundled digits, to train on in a moment."""
    splits = datasets.load("digits")
    return Splits("small", splits.train.subset(200), splits.test.subset(50))


# predict


def test_an_image_can_be_a_path_a_string_a_file_an_array_or_a_pil_image(seven: Path) -> None:
    image = Image.open(seven)
    with seven.open("rb") as file:
        predictions = [
            mnistcli.predict(source, model="pretrained")
            for source in (
                seven,
                str(seven),
                file,
                io.BytesIO(seven.read_bytes()),
                image,
                np.asarray(image),
            )
        ]

    assert {prediction.text for prediction in predictions} == {"7"}
    assert len({round(prediction.confidence, 5) for prediction in predictions}) == 1


def test_one_image_has_one_prediction_and_a_list_has_a_list(seven: Path) -> None:
    one = mnistcli.predict(seven, model="pretrained")
    several = mnistcli.predict([seven, seven], model="pretrained")
    assert_type(one, Prediction)
    assert_type(several, list[Prediction])

    assert one.path == seven
    assert [prediction.text for prediction in several] == ["7", "7"]
    assert [p.text for p in mnistcli.predict((seven,), model="pretrained")] == ["7"]
    assert mnistcli.predict([], model="pretrained") == []


def test_images_can_come_from_an_iterator(digit_pngs: Path) -> None:
    def paths() -> Iterator[Path]:
        yield digit_pngs / "3.png"
        yield digit_pngs / "7.png"

    texts = [prediction.text for prediction in mnistcli.predict(paths(), model="pretrained")]

    assert texts == ["3", "7"]


def test_a_string_is_one_path_not_letters() -> None:
    with pytest.raises(ImageError, match=r"no such file: 'a\.jpg'"):
        mnistcli.predict("a.jpg", model="pretrained")


def test_an_image_that_cannot_be_read_does_not_stop_the_others(seven: Path) -> None:
    missing, found = mnistcli.predict(["nowhere.png", str(seven)], model="pretrained")

    assert missing.error is not None
    assert missing.error.message == "no such file: 'nowhere.png'"
    assert found.text == "7"


def test_the_default_threshold_is_that_of_the_model(seven: Path) -> None:
    assert mnistcli.predict(seven, model="pretrained").text == "7"

    rejected = mnistcli.predict(seven, model="pretrained", min_confidence=1)

    assert (rejected.text, rejected.guess) == ("", "7")


def test_single_treats_the_whole_image_as_one_digit(seven: Path) -> None:
    two = Image.new("L", (200, 100), "white")
    for x in (10, 110):
        two.paste(Image.open(seven).convert("L").resize((80, 80)), (x, 10))

    assert len(mnistcli.predict(two, model="pretrained", min_confidence=0).digits) == 2
    single = mnistcli.predict(two, model="pretrained", single=True, min_confidence=0)
    assert len(single.digits) == 1


def test_prediction_loads_neither_keras_nor_matplotlib(seven: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys\n"
            "for name in ('tensorflow', 'keras', 'sklearn', 'matplotlib'):\n"
            "    sys.modules[name] = None\n"
            "import mnistcli\n"
            f"print(mnistcli.predict({str(seven)!r}, model='pretrained').text)\n",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("7\n", "")


# train


@pytest.mark.usefixtures("quick_training")
def test_a_recipe_is_trained_and_its_run_written(small: Splits) -> None:
    callback = RecordingCallback()

    result = mnistcli.train(
        "sgd",
        dataset=small,
        run_dir="run",
        callback=callback,
        arch="simple",
        epochs=1,
        batch_size=32,
        seed=5,
    )
    assert_type(result, TrainResult | EnsembleResult)

    assert isinstance(result, TrainResult)
    assert (result.config.recipe, result.config.dataset, result.config.seed) == ("sgd", "small", 5)
    assert result.run.path == Path("run")
    assert result.run.is_finished
    assert len(callback.epochs) == 1


@pytest.mark.usefixtures("quick_training")
def test_the_setting_ensemble_trains_an_ensemble_in_silence(
    small: Splits, capfd: pytest.CaptureFixture[str]
) -> None:
    result = mnistcli.train(
        arch="simple", dataset=small, run_dir="run", epochs=1, batch_size=32, ensemble=2
    )

    assert capfd.readouterr() == ("", "")
    assert isinstance(result, EnsembleResult)
    assert len(result.members) == 2
    classifier = mnistcli.load_classifier("run")
    assert isinstance(classifier, Ensemble)


@pytest.mark.usefixtures("quick_training")
def test_training_prints_a_line_per_epoch_in_a_session(
    small: Splits, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    mnistcli.train(arch="simple", dataset=small, run_dir="run", epochs=2)

    lines = capfd.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["epoch 1 of 2", "epoch 2 of 2"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "--epochs must be at least 1, not 0"),
        ({"epoch": 3}, "unknown setting 'epoch'; did you mean 'epochs'?"),
        ({"dataset": "digts"}, "unknown dataset 'digts'; did you mean 'digits'?"),
    ],
)
def test_a_mistake_leaves_no_run_directory(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        mnistcli.train(run_dir="run", **{"dataset": "digits", **settings})

    assert caught.value.message == message
    assert not Path("run").exists()


# evaluate and plot


def test_a_model_is_evaluated_on_the_test_images_of_its_dataset(trained_run: Path) -> None:
    evaluation = mnistcli.evaluate(trained_run)
    assert_type(evaluation, Evaluation)

    assert evaluation.samples == 360
    assert evaluation.accuracy > 0.8


def test_images_in_memory_are_all_evaluated(trained_run: Path, small: Splits) -> None:
    assert mnistcli.evaluate(str(trained_run), dataset=small).samples == 50
    assert mnistcli.evaluate(trained_run, dataset=small.train).samples == 200
    assert mnistcli.evaluate([trained_run, trained_run], dataset=small).members

    empty = Dataset(np.empty((0, 28, 28), np.uint8), np.empty(0, np.int64))
    with pytest.raises(DataError, match="no images to evaluate on"):
        mnistcli.evaluate(trained_run, dataset=empty)


def test_plots_are_written_and_shown_once(
    trained_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Path] = []
    monkeypatch.setattr("mnistcli.api.show_in_notebook", shown.extend)

    files = mnistcli.plot(trained_run, kinds=["history", "Confusion"], output_dir="figures")

    assert files == shown == [Path("figures/history.png"), Path("figures/confusion.png")]
    assert all(file.is_file() for file in files)


def test_plots_of_a_model_that_has_no_run(trained_run: Path) -> None:
    file = Path("copy.keras")
    file.write_bytes((trained_run / "model.keras").read_bytes())

    with pytest.raises(PlotError, match="no history"):
        mnistcli.plot(file, kinds=["history"], dataset="digits")
    with pytest.raises(ConfigError, match="unknown kind 'curves'"):
        mnistcli.plot(file, kinds=["curves"], dataset="digits")


# load_classifier


def test_a_classifier_predicts_digits_in_mnist_format(trained_run: Path) -> None:
    images = datasets.load("digits").test.images[:5]

    for name in (trained_run, str(trained_run), trained_run / "model.keras"):
        probabilities = mnistcli.load_classifier(name).predict(images)
        assert probabilities.shape == (5, 10)
        assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    with pytest.raises(ModelError, match="no such model: 'nowhere'"):
        mnistcli.load_classifier("nowhere")


@pytest.mark.parametrize("digits", [0, -1, 101, (3, 2), (0, 2)])
def test_numbers_of_digits_have_the_limits_of_the_command(digits: int | tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match=r"from 1 to 100 or \(minimum, maximum\)"):
        mnistcli.predict(np.zeros((28, 28), np.uint8), model="pretrained", digits=digits)
