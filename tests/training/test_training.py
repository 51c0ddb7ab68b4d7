"""Training runs: the files of a run, its reproducibility by the seed, and its errors."""

import errno
import math
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from mnistcli import checkpoints
from mnistcli.config import TrainConfig
from mnistcli.datasets import Splits, load
from mnistcli.digit_thresholds import NO_DIGIT_THRESHOLDS
from mnistcli.errors import DataError, DeviceError, ModelError, RunError, TrainingError
from mnistcli.evaluation import evaluate
from mnistcli.inference import litert_conversion
from mnistcli.inference.classifier import Classifier
from mnistcli.model_lookup import find_model
from mnistcli.recipes import RECIPES, resolve
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run
from mnistcli.synthetic.non_digits import generate_non_digits
from mnistcli.training import TrainResult, loop, model_trainer, train
from mnistcli.training.data import hold_out_validation
from tests.support.faults import failing
from tests.support.strokes import make_splits
from tests.support.training import (
    QUICK,
    RecordingCallback,
    compile_single_steps,
    hash_weights,
    skip_litert,
    train_model,
    use_tiny_network,
)


@pytest.fixture(scope="module")
def _tiny() -> Iterator[None]:
    """Skip what takes most of the time of a small run."""
    with pytest.MonkeyPatch.context() as patch:
        use_tiny_network(patch)
        yield


@pytest.fixture(scope="module")
def first(
    _tiny: None, splits: Splits, tmp_path_factory: pytest.TempPathFactory
) -> tuple[TrainResult, RecordingCallback]:
    """One complete run, with its LiteRT file, and what its callback recorded."""
    callback = RecordingCallback()
    folder = tmp_path_factory.mktemp("runs") / "run"
    return train_model(QUICK, splits, str(folder), callback), callback


@pytest.fixture(autouse=True)
def _quick(first: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the conversion and the loop of ten steps in all runs but the first."""
    skip_litert(monkeypatch)
    compile_single_steps(monkeypatch)


@pytest.fixture(scope="module")
def many() -> Splits:
    """A dataset with enough images to fit a rejection threshold."""
    return make_splits(train=600)


@pytest.fixture(scope="module")
def smoothed(
    first: object, many: Splits, tmp_path_factory: pytest.TempPathFactory
) -> tuple[TrainResult, list[int]]:
    """A run with smoothed labels, and the numbers of images that the kept model predicted."""
    counts: list[int] = []

    def counting(model: keras.Model) -> Any:
        compute = litert_conversion.build_keras_predictor(model)

        def counted(images: np.ndarray) -> np.ndarray:
            counts.append(len(images))
            return compute(images)

        return counted

    config = replace(QUICK, epochs=5, label_smoothing=0.3, validation_split=0.5)
    folder = tmp_path_factory.mktemp("runs") / "smoothed"
    with pytest.MonkeyPatch.context() as patch:
        skip_litert(patch)
        patch.setattr(model_trainer, "build_keras_predictor", counting)
        return train_model(config, many, str(folder)), counts


def test_a_run_directory_holds_every_file(first: tuple[TrainResult, RecordingCallback]) -> None:
    result, _ = first
    run = Run(result.run.path)

    assert run.is_finished
    assert run.read_history()[result.kept.epoch - 1] == result.kept
    assert run.read_metrics() == result.as_dict()
    assert sorted(path.name for path in run.path.iterdir()) == [
        "config.json",
        "environment.json",
        "history.csv",
        "last.keras",
        "metrics.json",
        "model.keras",
        "model.tflite",
    ]


def test_the_config_names_the_dataset_that_was_given(
    first: tuple[TrainResult, RecordingCallback], splits: Splits
) -> None:
    result, _ = first

    assert result.config == replace(QUICK, dataset=splits.name)
    assert result.run.read_config() == result.config
    assert result.run.trained_on == (splits.name,)


def test_the_kept_model_is_the_one_that_was_evaluated(
    first: tuple[TrainResult, RecordingCallback], splits: Splits
) -> None:
    result, _ = first

    probabilities = Classifier.load(result.run.model_file).predict(splits.test.images)

    np.testing.assert_allclose(probabilities, result.test.probabilities, atol=1e-6)


def test_the_callback_receives_every_step_and_epoch(
    first: tuple[TrainResult, RecordingCallback],
) -> None:
    result, callback = first

    steps = math.ceil(360 / 32)
    assert callback.begun == [(result.config, steps)]
    assert callback.members == [(1, 1)]
    assert [step for step, _, _ in callback.steps] == [10, steps] * 2  # ten steps at a time
    assert [row.epoch for row, _ in callback.epochs] == [1, 2]
    assert callback.steps[-1][1] == pytest.approx(callback.epochs[-1][0].loss, rel=1e-5)


def test_the_same_seed_gives_the_same_weights_bit_for_bit(
    first: tuple[TrainResult, RecordingCallback],
    splits: Splits,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The members of an ensemble show that another seed gives different weights.

    The name of the run directory is not UTF-8.
    """
    monkeypatch.setattr(
        loop, "_STEPS_PER_EXECUTION", 10
    )  # one changes the last bits of the weights
    name = os.fsdecode(b"run-\xff")

    same = train_model(QUICK, splits, name).run

    assert hash_weights(same.last_model_file) == hash_weights(first[0].run.last_model_file)
    assert same.read_metrics()["run"] == name


def test_augmentation_changes_the_training(
    first: tuple[TrainResult, RecordingCallback], splits: Splits
) -> None:
    """The tests of resuming cover repeatability and distortions."""
    run = train_model(replace(QUICK, augment=True, epochs=1), splits).run

    assert run.read_history()[0].loss != first[0].run.read_history()[0].loss


def test_non_digits_lower_the_confidence_of_non_digits(splits: Splits) -> None:
    callback = RecordingCallback()
    config = replace(QUICK, epochs=4, dropout=0.0, non_digits=1.0)
    result = train_model(config, splits, callback=callback)

    others = generate_non_digits(splits.test, 200, seed=1)
    confidence = Classifier.load(result.run.model_file).predict(others).max(axis=1)
    assert np.median(confidence) < 0.5 < np.median(result.test.probabilities.max(axis=1))
    assert callback.begun[0][1] == math.ceil(2 * 360 / 32)
    # The accuracy counts digits only: with the non-digits it could not exceed 60 %.
    assert result.kept.accuracy > 0.85


def test_digits_are_learned(smoothed: tuple[TrainResult, list[int]]) -> None:
    result, _ = smoothed

    assert result.test.accuracy > 0.9
    assert result.validation is not None
    assert result.validation.accuracy > 0.9
    assert result.epochs == 5
    assert (result.parameters, result.trained_parameters) == (10_986, 9_418)
    assert result.training_images == 300
    assert 0 < result.seconds < 120


def test_label_smoothing_leaves_the_kept_model_calibrated(
    smoothed: tuple[TrainResult, list[int]], splits: Splits
) -> None:
    result, _ = smoothed
    assert result.kept.epoch == 5

    uncalibrated = checkpoints.load(result.run.last_model_file)
    before = evaluate(
        Classifier(litert_conversion.build_keras_predictor(uncalibrated)), splits.test
    )
    assert result.test.loss < before.loss / 2
    assert result.test.calibration_error < before.calibration_error / 2
    np.testing.assert_array_equal(result.test.predicted, before.predicted)


def test_validation_and_test_loss_are_the_same_quantity(
    smoothed: tuple[TrainResult, list[int]], many: Splits
) -> None:
    """The validation loss of smoothed labels stood beside a test loss without smoothing."""
    result, _ = smoothed

    metrics = result.as_dict()
    held_out = hold_out_validation(result.config, many).validation
    assert held_out is not None
    measured = evaluate(Classifier.load(result.run.model_file), held_out)
    assert metrics["val_loss"] == pytest.approx(measured.loss, rel=1e-3)
    assert metrics["val_accuracy"] == measured.accuracy
    assert metrics["validation_images"] == 300
    assert metrics["val_loss"] < metrics["kept_epoch_val_loss"] / 2
    assert metrics["kept_epoch_val_loss"] == result.kept.val_loss


def test_held_out_images_are_predicted_once_after_the_training(
    smoothed: tuple[TrainResult, list[int]],
) -> None:
    _, counts = smoothed

    assert sum(counts) == 300


def test_the_rejection_threshold_is_fitted_on_validation_images(
    smoothed: tuple[TrainResult, list[int]],
) -> None:
    result, _ = smoothed

    assert all(0.1 < threshold < 1 for threshold in result.digit_thresholds)
    assert find_model(str(result.run.path)).digit_thresholds == result.digit_thresholds


def test_a_run_with_early_stopping_and_reduced_learning_rates(splits: Splits) -> None:
    """At this high learning rate the validation loss goes up and down."""
    callback = RecordingCallback()
    config = replace(
        QUICK, learning_rate=0.3, dropout=0.5, epochs=50, early_stopping=2, reduce_lr=1
    )
    result = train_model(config, splits, callback=callback)

    rows = [row for row, _ in callback.epochs]
    assert result.kept == min(rows, key=lambda row: row.val_loss)
    assert [kept for _, kept in callback.epochs] == [
        row.val_loss < min((earlier.val_loss for earlier in rows[:index]), default=math.inf)
        for index, row in enumerate(rows)
    ]
    assert result.epochs < 50
    assert result.epochs == result.kept.epoch + 2
    rates = [row.learning_rate for row in rows]
    assert min(rates) <= 0.15 + 1e-6
    assert rates == sorted(rates, reverse=True)


def test_without_validation_the_last_epoch_is_kept(splits: Splits) -> None:
    """Whether a model is better than chance is then decided on training images, not on the test."""
    wrong = replace(splits.test, labels=(splits.test.labels + 1) % 10)

    result = train_model(replace(QUICK, validation_split=0.0), replace(splits, test=wrong))

    assert result.test.is_at_chance
    assert not result.is_at_chance
    assert result.kept.epoch == 2
    assert result.validation is None
    assert result.digit_thresholds == NO_DIGIT_THRESHOLDS
    metrics = result.as_dict()
    assert [metrics[name] for name in ("val_loss", "val_accuracy", "kept_epoch_val_loss")] == [
        None, None, None,
    ]  # fmt: skip
    assert hash_weights(result.run.model_file) == hash_weights(result.run.last_model_file)


def test_a_model_at_chance_in_validation_is_marked_whatever_the_test(splits: Splits) -> None:
    config = replace(QUICK, optimizer="sgd", learning_rate=1e-9, epochs=1)
    blank = replace(splits.train, images=np.zeros_like(splits.train.images))

    result = train_model(config, replace(splits, train=blank))

    assert result.is_at_chance
    assert result.as_dict()["at_chance"] is True


class StopAtOnce(RecordingCallback):
    """A training callback that stops the training before its first step."""

    def on_train_begin(
        self, config: TrainConfig, steps: int, *, member: int, members: int, first_epoch: int
    ) -> None:
        super().on_train_begin(
            config, steps, member=member, members=members, first_epoch=first_epoch
        )
        raise KeyboardInterrupt


def test_a_limit_counts_training_and_validation_images(splits: Splits) -> None:
    callback = StopAtOnce()

    with pytest.raises(KeyboardInterrupt):
        train_model(replace(QUICK, limit=200, batch_size=10), splits, callback=callback)

    assert callback.begun[0][1] == 18


@pytest.fixture(scope="module")
def tuned(
    first: tuple[TrainResult, RecordingCallback],
    splits: Splits,
    tmp_path_factory: pytest.TempPathFactory,
) -> TrainResult:
    """The first run, fine-tuned on another dataset."""
    config = replace(QUICK, base_model=str(first[0].run.path))
    folder = tmp_path_factory.mktemp("runs") / "tuned"
    with pytest.MonkeyPatch.context() as patch:
        skip_litert(patch)
        return train_model(config, replace(splits, name="second"), str(folder))


def test_fine_tuning_improves_the_start_model_and_freezes_layers(
    first: tuple[TrainResult, RecordingCallback], tuned: TrainResult, splits: Splits
) -> None:
    start, _ = first

    before, after = (checkpoints.load(run.model_file) for run in (start.run, tuned.run))
    same = [
        all(map(np.array_equal, old.get_weights(), new.get_weights()))
        for old, new in zip(before.layers, after.layers, strict=True)
        if old.get_weights()
    ]
    assert same == [True, False]  # batch normalization, a dense layer
    assert tuned.test.loss < start.test.loss
    assert all(layer.trainable for layer in after.layers)
    metrics = tuned.as_dict()
    assert start.validation is not None
    assert metrics["start_val_accuracy"] == start.validation.accuracy
    assert metrics["start_val_loss"] == pytest.approx(start.validation.loss, rel=1e-4)
    assert metrics["start_trained_on"] == [splits.name]
    assert metrics["trained_parameters"] < metrics["parameters"] == 10_986


def test_a_tuned_model_was_trained_on_the_datasets_of_its_start_model(
    tuned: TrainResult, splits: Splits
) -> None:
    """Test images that the base model was trained on counted as unseen."""
    second = Run(shutil.copytree(tuned.run.path, Path("second")))
    second.write_metrics(second.read_metrics() | {"min_confidence": 0.7, "min_digit_score": 0.3})
    config = replace(QUICK, base_model="second", epochs=1)

    third = train_model(config, replace(splits, name="third"), "third")

    assert tuned.run.trained_on == ("second", splits.name)
    assert third.run.trained_on == ("third", "second", splits.name)
    assert find_model("third").datasets == ("third", "second", splits.name)
    # The name of the base model is valid in any directory.
    assert third.run.read_config().base_model == str(Path("second").resolve())
    # The images to fine-tune on are too few to fit the rejection thresholds again.
    assert third.digit_thresholds == (0.7, 0.3)


def test_the_packaged_model_keeps_its_name(splits: Splits) -> None:
    callback = StopAtOnce()

    with pytest.raises(KeyboardInterrupt):
        train_model(resolve("tune", limit=100, augment=False), splits, callback=callback)

    assert callback.begun[0][0].base_model == "pretrained"


@pytest.fixture
def failures(first: tuple[TrainResult, RecordingCallback]) -> dict[str, TrainConfig]:
    """Configs that fail before a model is saved."""
    for number in (1, 2):
        shutil.copytree(first[0].run.path, f"two/member-{number}")
    Path("damaged.keras").write_bytes(b"x")
    return {
        "typo": replace(QUICK, base_model="nope"),
        "ensemble": replace(QUICK, base_model="two"),
        "damaged": replace(QUICK, base_model="damaged.keras"),
        "few": replace(QUICK, limit=20),
        "gpu": replace(QUICK, device="gpu"),
        "diverged": resolve("sgd", learning_rate=1e30, batch_size=32),
        "member": resolve("sgd", learning_rate=1e30, batch_size=32, ensemble=2),
    }


@pytest.mark.parametrize(
    ("name", "kind", "message", "hint"),
    [
        ("typo", ModelError, "no such model", None),
        ("ensemble", TrainingError, "cannot fine-tune an ensemble: 'two'", "--from two/member-1"),
        ("damaged", ModelError, "damaged.keras", None),
        ("few", DataError, "", None),
        (
            "diverged", TrainingError,
            "training diverged in epoch 1: the weights are NaN or infinite", "--learning-rate 1e+29",
        ),
        (
            "member", TrainingError,
            "training diverged in epoch 1: the weights are NaN or infinite", "--learning-rate 1e+29",
        ),
        pytest.param(
            "gpu", DeviceError, "no GPU found", "--device cpu",
            marks=pytest.mark.skipif(
                bool(keras.distribution.list_devices("gpu")), reason="there is a GPU"
            ),
        ),
    ],
)  # fmt: skip
def test_a_run_that_fails_leaves_no_directory(
    splits: Splits,
    failures: dict[str, TrainConfig],
    name: str,
    kind: type[Exception],
    message: str,
    hint: str | None,
) -> None:
    """A second try with the same --run-dir failed because the directory was not empty."""
    config = failures[name]

    with pytest.raises(kind) as caught:
        train(config, splits, Run.create(config, Path("run")))

    assert isinstance(caught.value, ModelError | DataError | DeviceError | TrainingError)
    assert message in caught.value.message
    if hint is not None:
        assert caught.value.hint == hint
    assert not Path("run").exists()


def test_a_full_disk_during_training_is_an_error_and_the_model_is_kept(
    splits: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Run, rows: list[EpochRow]) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Run, "write_history", full)
    with pytest.raises(RunError, match="cannot write to 'run': no space left on device"):
        train_model(QUICK, splits)

    assert checkpoints.load(Path("run/model.keras")).name == "simple"


def test_one_epoch_of_real_digits_is_enough_for_94_percent(mnist_dir: Path) -> None:
    config = replace(RECIPES["fast"].config, limit=10_000)

    splits = load("mnist", data_dir=mnist_dir)

    result = train_model(config, replace(splits, test=splits.test.subset(2000)))

    assert result.test.accuracy > 0.94
    assert result.run.model_file.stat().st_size < 4_000_000


def test_a_run_directory_that_cannot_be_written_is_reported_before_the_training(
    splits: Splits,
) -> None:
    run = Run.create(QUICK, Path("run"))
    callback = RecordingCallback()

    with (
        failing(run.path, 1, errno.EROFS),
        pytest.raises(RunError, match="cannot write to 'run': read-only file system"),
    ):
        train(QUICK, splits, run, callback=callback)

    assert callback.begun == []


def test_a_run_directory_that_has_vanished_is_reported_before_the_training(splits: Splits) -> None:
    run = Run.create(QUICK, Path("run"))
    shutil.rmtree("run")
    callback = RecordingCallback()

    with pytest.raises(RunError, match="cannot write to 'run': no such file or directory"):
        train(QUICK, splits, run, callback=callback)

    assert callback.begun == []
