from dataclasses import replace
from pathlib import Path

import pytest

from mnistcli import datasets, training
from mnistcli.cli.resuming import find_run, resume_command, resumed_config
from mnistcli.config import TrainConfig
from mnistcli.errors import ConfigError
from mnistcli.runs import EpochRow, Run
from mnistcli.training import TrainingCallback
from tests.support.command_line import failure, invoke, succeed

CONFIG = TrainConfig(dataset="digits", arch="simple", epochs=2, batch_size=64)


class StoppingCallback:
    def on_train_begin(self, *_: object, **__: object) -> None:
        """Do nothing."""

    on_train_batch_end = on_train_begin

    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:
        raise KeyboardInterrupt


def stop(path: str, config: TrainConfig = CONFIG) -> Run:
    """Train one epoch of a run."""
    run = Run.create(config, Path(path))
    callback: TrainingCallback = StoppingCallback()
    with pytest.raises(KeyboardInterrupt):
        training.train(config, datasets.load("digits"), run, callback=callback)
    return run


def test_a_stopped_run_is_resumed_by_its_name_with_more_epochs() -> None:
    run = stop("runs/a")

    result = succeed("train", "--resume", "a", "--epochs", "3")

    lines = result.stderr.splitlines()
    assert lines[0].startswith("training simple on digits (adam, seed 0, 21 steps per epoch)")
    assert lines[1] == "resumed after epoch 1 of 3"
    assert [line.split("  ")[0] for line in lines[2:]] == ["epoch 2/3", "epoch 3/3"]
    assert run.read_config().epochs == 3
    assert len(run.read_history()) == 3
    assert failure("train", "--resume", "a") == (
        1, ["error: cannot resume 'runs/a': the run is finished"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--recipe", "deep"), ("--from", "pretrained"), ("--dataset", "digits"), ("--run-dir", "r"),
        ("--seed", "0"), ("--batch-size", "64"),
    ],
)  # fmt: skip
def test_the_run_keeps_its_own_settings(option: str, value: str) -> None:
    Run.create(CONFIG, Path("r s"))

    assert failure("train", "--resume", "r s", option, value) == (
        2,
        [
            f"error: {option} cannot be combined with --resume: the run keeps its own settings",
            "hint: mnistcli train --resume 'r s'",
        ],
    )


def test_a_directory_that_is_no_run() -> None:
    assert failure("train", "--resume", "nothing") == (
        1, ["error: cannot resume 'nothing': not a run directory"],
    )  # fmt: skip


def test_a_setting_that_was_edited_in_the_run_is_refused() -> None:
    run = stop("r")
    run.write_config(replace(run.read_config(), learning_rate=0.5))

    result = invoke("train", "--resume", "r")

    assert result.exit_code == 1
    message = "error: cannot resume: learning_rate was 0.001 and is now 0.5"
    assert result.stderr.splitlines()[-1] == message
    assert run.resumable


def test_the_config_of_a_resumed_run() -> None:
    run = Run.create(CONFIG, Path("r"))
    none = dict.fromkeys(["recipe", "start", "seed", "epochs"])

    assert resumed_config(run, none) == CONFIG
    assert resumed_config(run, none | {"epochs": 7}) == replace(CONFIG, epochs=7)
    with pytest.raises(ConfigError, match="--augment cannot be combined with --resume"):
        resumed_config(run, none | {"augment": False})


def test_the_command_that_resumes_a_run() -> None:
    run = find_run(Run.create(CONFIG, Path("my run")).path)

    assert resume_command(run, None) == "mnistcli train --resume 'my run'"
    command = resume_command(run, Path("d"))
    assert command == "mnistcli train --resume 'my run' --data-dir d"
