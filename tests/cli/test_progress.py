"""Progress bars: the training callback, and the throughput and time left of predictions."""

import io
import re
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.progress import Task, TaskID

from mnistcli.cli import progress, streams
from mnistcli.cli.progress import CountBar, image_progress
from mnistcli.cli.training.training_progress import EpochBar, TrainingProgress
from mnistcli.config import TrainConfig
from mnistcli.prediction.results import Prediction
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run
from tests.support.terminal import show_screen

Captured = pytest.CaptureFixture[str]

VALIDATED = EpochRow(
    epoch=1, loss=0.5, accuracy=0.8, val_loss=0.4, val_accuracy=0.9, learning_rate=0.1, seconds=1.26
)
NOT_VALIDATED = EpochRow(epoch=10, loss=0.5, accuracy=0.8, learning_rate=0.1, seconds=61)


@pytest.fixture(autouse=True)
def _default_verbosity() -> None:
    streams.set_verbosity()


def plain(terminal: io.StringIO) -> str:
    """Return what a terminal has received, without colors."""
    return re.sub(r"\x1b\[[\d;]*m", "", terminal.getvalue())


def finish(run: Run, config: TrainConfig, *rows: EpochRow, members: int = 1) -> None:
    with TrainingProgress(run, "mnistcli train --resume r") as shown:
        for member in range(1, members + 1):
            shown.on_train_begin(config, 3, member=member, members=members, first_epoch=1)
            for row in rows:
                shown.on_train_batch_end(2, 0.6, 0.7)
                shown.on_epoch_end(row, kept=row is VALIDATED)


def test_each_epoch_is_a_line(capsys: Captured) -> None:
    config = TrainConfig(epochs=10, optimizer="sgd", dataset="digits")

    finish(Run(Path("runs/a")), config, VALIDATED, NOT_VALIDATED)

    assert capsys.readouterr().err.splitlines() == [
        "training classic on digits (sgd, seed 0, 3 steps per epoch); saving to runs/a",
        "epoch  1/10  train 80.00 % (loss 0.5000)  val 90.00 % (loss 0.4000)  1.3 s  kept",
        "epoch 10/10  train 80.00 % (loss 0.5000)  61.0 s",
    ]


def test_one_step_is_written_in_the_singular(capsys: Captured) -> None:
    with TrainingProgress(Run(Path("r")), "") as shown:
        shown.on_train_begin(TrainConfig(), 1, member=1, members=1, first_epoch=1)

    assert "1 step per epoch" in capsys.readouterr().err


def test_fine_tuning_names_the_start_model(capsys: Captured) -> None:
    finish(Run(Path("r")), TrainConfig(base_model="runs/a\x1b", dataset="mine"))

    assert capsys.readouterr().err == (
        "fine-tuning runs/a\\x1b on mine (adam, seed 0, 3 steps per epoch); saving to r\n"
    )


def test_members_of_an_ensemble_are_numbered(capsys: Captured, terminal: io.StringIO) -> None:
    finish(Run(Path("r")), TrainConfig(), VALIDATED, members=2)

    assert "model 2 of 2: training classic on mnist (" in plain(terminal)
    assert "model 2/2  epoch 1/10  batch 2/3" in plain(terminal)


def test_a_terminal_shows_a_table_and_curves(terminal: io.StringIO) -> None:
    finish(
        Run(Path("r")), TrainConfig(epochs=10), VALIDATED, replace(VALIDATED, epoch=2, loss=0.25)
    )

    lines = show_screen(terminal.getvalue())
    assert [line.split()[0] for line in lines] == [
        "training",
        "epoch",
        "1/10",
        "2/10",
        "loss",
        "val",
    ]
    assert (lines[2].endswith("kept"), lines[3].endswith("kept")) == (True, False)
    assert "0.5000 █▁ 0.2500" in lines[4]


def test_a_resumed_training_repeats_the_table(terminal: io.StringIO, tmp_path: Path) -> None:
    worse = replace(VALIDATED, epoch=2, val_loss=0.5)
    better = replace(VALIDATED, epoch=3, val_loss=0.3)
    run = Run(tmp_path)
    run.write_history([VALIDATED, worse, better])

    with TrainingProgress(run, "") as shown:
        shown.on_train_begin(TrainConfig(epochs=9), 3, member=1, members=1, first_epoch=4)

    table = [line.split() for line in show_screen(terminal.getvalue()) if "/9 " in line]
    assert [(line[0], line[-1] == "kept") for line in table] == [
        ("1/9", True),
        ("2/9", False),
        ("3/9", True),
    ]


def test_the_epochs_before_a_resumed_training_do_not_count_in_the_time_left(
    terminal: io.StringIO, tmp_path: Path
) -> None:
    with EpochBar() as shown:
        shown.on_train_begin(TrainConfig(epochs=9), 3, member=1, members=1, first_epoch=8)
        (task,) = shown._progress.tasks
        assert (task.completed, task.speed) == (21, None)


def test_the_bar_is_never_without_numbers(terminal: io.StringIO) -> None:
    finish(Run(Path("r")), TrainConfig(), VALIDATED)

    assert "preparing" in plain(terminal)
    assert "epoch 1/10  batch 2/3" in plain(terminal)
    assert "epoch   batch" not in plain(terminal)


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_a_stopped_training_names_its_best_model(
    end: type[BaseException], capsys: Captured, tmp_path: Path
) -> None:
    run = Run(tmp_path)
    with pytest.raises(end), TrainingProgress(run, "mnistcli train --resume r"):
        raise end
    assert capsys.readouterr().err == ""

    run.model_file.touch()
    with pytest.raises(end), TrainingProgress(run, "mnistcli train --resume r"):
        raise end
    assert capsys.readouterr().err == f"the kept model so far is in {tmp_path}\n"

    run.resume_file.touch()
    with pytest.raises(end), TrainingProgress(run, "mnistcli train --resume r"):
        raise end
    assert capsys.readouterr().err.splitlines() == [
        f"the kept model so far is in {tmp_path}",
        "continue with: mnistcli train --resume r",
    ]


def test_quiet_training_prints_nothing(capsys: Captured) -> None:
    streams.set_verbosity(quiet=True)

    finish(Run(Path("r")), TrainConfig(), VALIDATED)

    assert capsys.readouterr().err == ""


def test_the_speed_is_empty_before_the_first_image() -> None:
    task = Task(TaskID(0), "", 10, 0, _get_time=lambda: 1.0)

    assert task.speed is None
    assert progress._SpeedColumn().render(task).plain == ""


def test_predictions_pass_through_the_progress(terminal: io.StringIO) -> None:
    predictions = [Prediction(Path(name)) for name in ("a.png", "b.png")]

    with image_progress(predictions) as counted:
        assert list(counted) == predictions

    assert "2 images" in plain(terminal)


def test_the_time_left_is_shown_when_the_images_are_counted(terminal: io.StringIO) -> None:
    left = re.compile(r"[1-3] images .* images/s (25|50|75) %, 0:00:0\d left")
    counted = threading.Event()

    def count() -> int:
        counted.set()
        return 4

    predictions = [Prediction(Path(f"{number}.png")) for number in range(4)]
    with image_progress(predictions, count) as shown:
        stream = iter(shown)
        counted.wait()
        for _ in range(3):
            next(stream)
            time.sleep(0.11)  # the bar is drawn ten times a second
        end = time.monotonic() + 5  # a busy machine draws it later
        while not (found := left.search(plain(terminal))) and time.monotonic() < end:
            time.sleep(0.05)

    assert found


def test_a_count_bar_leaves_nothing_on_a_terminal(terminal: io.StringIO) -> None:
    with CountBar("Evaluating", "images", 1000) as bar:
        bar.advance(250)

    assert "250/1,000 images" in plain(terminal)
    assert show_screen(terminal.getvalue()) == []
