"""TensorBoard log: event files of a run, read back by TensorBoard itself."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorboard", reason="needs the extra tensorboard")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mnistcli import checkpoints, training
from mnistcli.config import TrainConfig
from mnistcli.errors import RunError
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run
from mnistcli.tensorboard_log import TensorBoardLog, log_result
from mnistcli.training import TrainResult
from mnistcli.training.callbacks import SilentCallback
from tests.support.strokes import make_splits
from tests.support.training import make_training_quick

EPOCH = EpochRow(
    epoch=1, loss=0.5, accuracy=0.8, val_loss=0.4, val_accuracy=0.9, learning_rate=0.01, seconds=1
)
CONFIG = TrainConfig(
    arch="simple", epochs=2, dataset="strokes", validation_split=0.2, batch_size=16
)


def read_log(run: Run) -> Any:
    log = EventAccumulator(str(run.tensorboard_dir))
    log.Reload()
    return log


def scalars(log: Any, tag: str) -> list[tuple[int, Any]]:
    return [(event.step, pytest.approx(event.value)) for event in log.Scalars(tag)]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[TrainResult]:
    """The same training with a log and without."""
    splits, found = make_splits(120, 60), []
    with pytest.MonkeyPatch.context() as patch:
        make_training_quick(patch)
        for name in ("logged", "plain"):
            run = Run.create(CONFIG, tmp_path_factory.mktemp("runs") / name)
            callback = TensorBoardLog(run, SilentCallback()) if name == "logged" else None
            result = training.train(CONFIG, splits, run, callback=callback)
            assert isinstance(result, TrainResult)
            found.append(result)
    log_result(found[0], splits.test)
    return found


def test_the_log_has_the_scalars_of_the_history(results: list[TrainResult]) -> None:
    run = results[0].run
    log = read_log(run)
    rows = run.read_history()

    for tag, column in (
        ("loss/training", "loss"),
        ("loss/validation", "val_loss"),
        ("accuracy/training", "accuracy"),
        ("accuracy/validation", "val_accuracy"),
        ("learning_rate", "learning_rate"),
        ("seconds", "seconds"),
    ):
        assert scalars(log, tag) == [(row.epoch, getattr(row, column)) for row in rows], tag
    test = results[0].test
    assert scalars(log, "accuracy/test") == [(results[0].kept.epoch, test.accuracy)]
    assert scalars(log, "loss/test") == [(results[0].kept.epoch, test.loss)]


@pytest.mark.parametrize("tag", ["confusion_matrix", "worst_mistakes"])
def test_the_log_has_figures_of_the_stated_size(tag: str, results: list[TrainResult]) -> None:
    import cv2

    (image,) = read_log(results[0].run).Images(tag)

    pixels = cv2.imdecode(np.frombuffer(image.encoded_image_string, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    assert pixels.shape == (image.height, image.width, 4)
    assert pixels[..., :3].std() > 10


def test_the_weights_are_the_same_with_a_log_and_without(results: list[TrainResult]) -> None:
    logged, plain = (checkpoints.load(result.run.model_file) for result in results)

    for one, other in zip(logged.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_log_of_a_resumed_run_has_each_epoch_once(tmp_path: Path) -> None:
    run, callback = Run.create(CONFIG, tmp_path / "r"), SilentCallback()
    log = TensorBoardLog(run, callback)
    log.on_train_begin(CONFIG, 1, member=1, members=1, first_epoch=1)
    log.on_epoch_end(EPOCH, kept=True)
    run.write_history([EPOCH])
    resumed = TensorBoardLog(run, callback)
    resumed.on_train_begin(CONFIG, 1, member=1, members=1, first_epoch=2)
    row = EpochRow(epoch=2, loss=0.25, accuracy=0.9, learning_rate=0.01, seconds=1)
    resumed.on_epoch_end(row, kept=False)

    assert scalars(read_log(run), "loss/training") == [(1, 0.5), (2, 0.25)]
    assert scalars(read_log(run), "loss/validation") == [(1, 0.4)]  # epoch 2 has none


def test_members_of_an_ensemble_have_a_log_each(tmp_path: Path) -> None:
    run = Run.create(CONFIG, tmp_path / "r")
    run.create_member(2, CONFIG)

    TensorBoardLog(run, SilentCallback()).on_train_begin(
        CONFIG, 1, member=2, members=2, first_epoch=1
    )

    assert list(run.member(2).tensorboard_dir.iterdir())
    assert not run.tensorboard_dir.exists()


def test_a_log_that_cannot_be_written_is_an_error_of_the_run(tmp_path: Path) -> None:
    run = Run.create(CONFIG, tmp_path / "r")
    run.tensorboard_dir.write_text("a file")

    with pytest.raises(RunError, match="cannot write to"), run.translate_write_errors():
        TensorBoardLog(run, SilentCallback()).on_train_begin(
            CONFIG, 1, member=1, members=1, first_epoch=1
        )
