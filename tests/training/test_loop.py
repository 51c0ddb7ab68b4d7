import hashlib
import math
import shutil
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from mnistcli import checkpoints
from mnistcli.config import TrainConfig
from mnistcli.datasets import Splits, load
from mnistcli.errors import DataError, DeviceError, RunError, TrainingError
from mnistcli.evaluation import evaluate
from mnistcli.inference import conversion
from mnistcli.inference.classifier import Classifier
from mnistcli.inference.conversion import run_by_keras
from mnistcli.model_store import find_model
from mnistcli.recipes import RECIPES, resolve
from mnistcli.runs import EpochRow, Run
from mnistcli.synthetic.non_digits import non_digits
from mnistcli.training import loop
from mnistcli.training.loop import TrainResult, train
from tests.support.strokes import make_splits

QUICK = TrainConfig(arch="simple", epochs=2, batch_size=32, dropout=0.25)


class Diary:
    """A listener that writes everything down."""

    def __init__(self) -> None:
        self.begun: list[tuple[TrainConfig, int]] = []
        self.steps: list[tuple[int, float, float]] = []
        self.epochs: list[tuple[EpochRow, bool]] = []

    def on_train_begin(self, config: TrainConfig, steps: int) -> None:
        self.begun.append((config, steps))

    def on_train_batch_end(self, step: int, loss: float, accuracy: float) -> None:
        self.steps.append((step, loss, accuracy))

    def on_epoch_end(self, row: EpochRow, *, best: bool) -> None:
        self.epochs.append((row, best))


@pytest.fixture(scope="module")
def splits() -> Splits:
    return make_splits()


def trained(config: TrainConfig, splits: Splits, name: str = "run") -> TrainResult:
    return train(config, splits, Run.create(config, Path(name)))


def fingerprint(path: Path) -> str:
    """Hash a network's weights, not its file, which holds the time it was written."""
    digest = hashlib.sha256()
    for weights in checkpoints.load(path).get_weights():
        digest.update(weights.tobytes())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def heard(splits: Splits, tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainResult, Diary]:
    """One training with everything to it, and what its listener heard."""
    diary = Diary()
    run = Run.create(QUICK, tmp_path_factory.mktemp("runs") / "run")
    return train(QUICK, splits, run, listener=diary), diary


@pytest.fixture(autouse=True)
def _unconverted(heard: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Keras run what the other tests train: converting it would take most of their time."""
    monkeypatch.setattr(conversion, "to_litert", lambda network: None)


def test_a_run_holds_all_that_was_done(heard: tuple[TrainResult, Diary]) -> None:
    result, _ = heard
    run = Run(result.run.path)

    assert run.finished
    assert run.read_config() == QUICK
    assert run.read_history()[result.best.epoch - 1] == result.best
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


def test_the_kept_model_is_the_one_that_was_measured(
    heard: tuple[TrainResult, Diary], splits: Splits
) -> None:
    result, _ = heard

    probabilities = Classifier.load(result.run.model_file).predict(splits.test.images)

    np.testing.assert_allclose(probabilities, result.test.probabilities, atol=1e-6)


def test_the_listener_hears_every_step_and_epoch(heard: tuple[TrainResult, Diary]) -> None:
    _, diary = heard

    steps = math.ceil(360 / 32)
    assert diary.begun == [(QUICK, steps)]
    assert [step for step, _, _ in diary.steps] == [10, steps] * 2  # ten steps at a time
    assert [row.epoch for row, _ in diary.epochs] == [1, 2]
    assert diary.steps[-1][1] == pytest.approx(diary.epochs[-1][0].loss, rel=1e-5)


def test_same_seed_same_weights_bit_for_bit(
    heard: tuple[TrainResult, Diary], splits: Splits
) -> None:
    first, _ = heard
    same = trained(QUICK, splits, "same").run
    other = trained(replace(QUICK, seed=8), splits, "other").run

    assert fingerprint(same.last_model_file) == fingerprint(first.run.last_model_file)
    assert fingerprint(other.last_model_file) != fingerprint(first.run.last_model_file)


def test_augmentation_is_repeatable_too(splits: Splits) -> None:
    config = replace(QUICK, augment=True, epochs=1)
    first, second = (trained(config, splits, name).run for name in ("first", "second"))

    assert fingerprint(first.last_model_file) == fingerprint(second.last_model_file)


def test_distortion_is_repeatable_and_changes_the_training(splits: Splits) -> None:
    config = replace(QUICK, distort=True, epochs=1)
    first, second = (trained(config, splits, name).run for name in ("first", "second"))
    clean = trained(replace(config, distort=False), splits, "clean").run

    assert fingerprint(first.last_model_file) == fingerprint(second.last_model_file)
    assert fingerprint(first.last_model_file) != fingerprint(clean.last_model_file)


def test_what_is_no_digit_makes_the_network_unsure(splits: Splits) -> None:
    diary = Diary()
    config = replace(QUICK, epochs=6, dropout=0.0, non_digits=1.0)
    result = train(config, splits, Run.create(config, Path("run")), listener=diary)

    strangers = non_digits(splits.test, 200, seed=1)
    sure = Classifier.load(result.run.model_file).predict(strangers).max(axis=1)
    assert np.median(sure) < 0.5 < np.median(result.test.probabilities.max(axis=1))
    assert diary.begun[0][1] == math.ceil(2 * 360 / 32)
    # The accuracy is that on digits: counted among the others it could not pass 60 %.
    assert result.best.accuracy > 0.85


def test_european_digits_join_the_training(splits: Splits) -> None:
    diary = Diary()
    config = replace(QUICK, epochs=1, european=0.5)
    train(config, splits, Run.create(config, Path("run")), listener=diary)

    assert diary.begun[0][1] == math.ceil(1.5 * 360 / 32)


def test_a_model_is_trained_further(heard: tuple[TrainResult, Diary], splits: Splits) -> None:
    """Two epochs more of its last layers make it better, and leave its first as they were."""
    first, _ = heard
    config = replace(QUICK, start=str(first.run.path), epochs=4)

    result = trained(config, splits)

    before, after = (checkpoints.load(run.model_file) for run in (first.run, result.run))
    same = [
        all(map(np.array_equal, old.get_weights(), new.get_weights()))
        for old, new in zip(before.layers, after.layers, strict=True)
        if old.get_weights()
    ]
    assert same == [True, False, False, False]  # two convolutions, two dense layers
    assert result.test.loss < first.test.loss
    assert all(layer.trainable for layer in after.layers)


def test_an_ensemble_is_no_start(heard: tuple[TrainResult, Diary], splits: Splits) -> None:
    first, _ = heard
    for number in (1, 2):
        shutil.copytree(first.run.path, f"runs/two/member-{number}")

    with pytest.raises(TrainingError) as caught:
        trained(replace(QUICK, start="runs/two"), splits)

    assert caught.value.message == "cannot start from 'runs/two': it is an ensemble"
    assert caught.value.hint == "mnistcli train --from runs/two/member-1"


def test_digits_are_learned(splits: Splits) -> None:
    result = trained(replace(QUICK, epochs=6), splits)

    assert result.test.accuracy > 0.9
    assert result.best.val_accuracy > 0.9
    assert result.epochs == 6
    assert result.parameters == 121_930
    assert 0 < result.seconds < 120


def test_the_best_model_by_validation_is_kept(splits: Splits) -> None:
    """At an absurd rate the validation loss goes up and down; the least one counts."""
    diary = Diary()
    config = replace(QUICK, learning_rate=0.03, epochs=5)
    result = train(config, splits, Run.create(config, Path("run")), listener=diary)

    rows = [row for row, _ in diary.epochs]
    assert result.best == min(rows, key=lambda row: row.val_loss)
    assert [best for _, best in diary.epochs] == [
        row.val_loss < min((earlier.val_loss for earlier in rows[:index]), default=math.inf)
        for index, row in enumerate(rows)
    ]


def test_one_hot_and_integer_labels_train_the_same_network(splits: Splits) -> None:
    categorical, sparse = (
        trained(replace(QUICK, loss=loss, dropout=0.0), splits, loss)
        for loss in ("categorical", "sparse")
    )

    assert categorical.best.val_loss == pytest.approx(sparse.best.val_loss, rel=1e-3)


def test_one_cycle_ends_at_nothing_and_its_end_is_kept(splits: Splits) -> None:
    diary = Diary()
    config = replace(RECIPES["fast"], batch_size=32, epochs=3, validation_split=0.1)

    result = train(config, splits, Run.create(config, Path("run")), listener=diary)

    assert [best for _, best in diary.epochs] == [True, True, True]
    assert result.best.epoch == 3

    rates = [row.learning_rate for row in result.run.read_history()]
    assert rates[0] > rates[1] > rates[2] == pytest.approx(0, abs=1e-6)
    assert rates[0] > 0.005
    assert result.test.accuracy > 0.9


def test_smoothed_labels_leave_the_kept_model_calibrated(splits: Splits) -> None:
    config = replace(QUICK, epochs=5, label_smoothing=0.3, validation_split=0.0)

    result = trained(config, splits)

    uncalibrated = checkpoints.load(result.run.last_model_file)
    before = evaluate(Classifier(run_by_keras(uncalibrated)), splits.test)
    assert result.test.loss < before.loss / 2
    assert result.test.calibration_error < before.calibration_error / 2
    np.testing.assert_array_equal(result.test.predicted, before.predicted)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "rmsprop"])  # adam: everywhere else
def test_every_optimizer_learns(splits: Splits, optimizer: str) -> None:
    config = resolve("sgd", optimizer=optimizer, batch_size=16, epochs=3)

    result = trained(config, splits)

    assert result.best.val_loss < 1.5
    assert result.best.learning_rate == pytest.approx(config.learning_rate)


def test_early_stopping_ends_a_training_that_gets_no_better(splits: Splits) -> None:
    config = replace(QUICK, learning_rate=0.03, epochs=50, early_stopping=1)

    result = trained(config, splits)

    assert result.epochs < 50
    assert result.epochs == result.best.epoch + 1


def test_the_rate_is_halved_on_a_plateau(splits: Splits) -> None:
    config = replace(QUICK, learning_rate=0.03, epochs=6, reduce_lr=1)
    run = trained(config, splits).run

    rates = [row.learning_rate for row in run.read_history()]

    assert min(rates) <= 0.015 + 1e-6
    assert rates == sorted(rates, reverse=True)


def test_without_validation_the_last_epoch_is_kept(splits: Splits) -> None:
    result = trained(replace(QUICK, validation_split=0.0), splits)

    assert result.best.epoch == 2
    assert result.as_dict()["val_loss"] is None
    assert fingerprint(result.run.model_file) == fingerprint(result.run.last_model_file)


def test_how_sure_it_must_be_is_found_on_held_out_digits() -> None:
    splits = make_splits(train=600)
    held_out = replace(QUICK, validation_split=0.5)

    result = trained(held_out, splits)
    blind = trained(replace(QUICK, epochs=1, validation_split=0.0), splits, "blind")

    assert 0.1 < result.min_confidence < 1
    assert blind.min_confidence == 0
    assert find_model(str(result.run.path)).min_confidence == result.min_confidence
    tuned = trained(replace(QUICK, epochs=1, start=str(result.run.path)), splits, "tuned")
    assert tuned.min_confidence == result.min_confidence


def test_a_limit_counts_training_and_validation_images(splits: Splits) -> None:
    diary = Diary()
    config = replace(QUICK, limit=200, batch_size=10, epochs=1)
    train(config, splits, Run.create(config, Path("run")), listener=diary)

    assert diary.begun[0][1] == 18


def test_too_few_images_to_hold_some_out(splits: Splits) -> None:
    with pytest.raises(DataError, match="too few images to hold out"):
        trained(replace(QUICK, limit=20), splits)


def test_a_training_that_diverges_says_so(splits: Splits) -> None:
    config = resolve("sgd", learning_rate=1e30, batch_size=32)

    with pytest.raises(TrainingError) as caught:
        trained(config, splits)

    assert caught.value.message == (
        "training has diverged in epoch 1: weights are no numbers any more"
    )
    assert caught.value.hint == "mnistcli train --learning-rate 1e+29"


def test_a_run_that_cannot_be_written_any_more(
    splits: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Run, row: EpochRow) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Run, "append_history", full)
    with pytest.raises(RunError, match="cannot write in 'run': No space left on device"):
        trained(QUICK, splits)

    assert checkpoints.load(Path("run/model.keras")).name == "simple"


@pytest.mark.skipif(bool(keras.distribution.list_devices("gpu")), reason="there is a GPU here")
def test_no_gpu(splits: Splits) -> None:
    with pytest.raises(DeviceError) as caught:
        trained(replace(QUICK, device="gpu"), splits)

    assert caught.value.message == "no GPU found by the installed packages"
    assert caught.value.hint == "mnistcli train --device cpu"


def test_the_recorder_has_no_best_before_an_epoch() -> None:
    run = Run(Path("run"))
    recorder = loop._Recorder(QUICK, keras.Sequential(), run, loop._Silence())

    with pytest.raises(RuntimeError, match="no epoch has ended"):
        _ = recorder.best


def test_real_digits_in_one_epoch(mnist_dir: Path) -> None:
    config = replace(RECIPES["deep"], epochs=1)

    result = train(config, load("mnist", data_dir=mnist_dir), Run.create(config, Path("run")))

    assert result.test.accuracy > 0.975
    assert result.run.model_file.stat().st_size < 4_000_000
