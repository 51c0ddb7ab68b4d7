"""Resuming: a stopped run is continued by ``train --resume``."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mnistcli import datasets, training
from mnistcli.cli.training.resuming import find_resumable_run, resume_command, resumed_config
from mnistcli.config import TrainConfig
from mnistcli.errors import ConfigError
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run
from mnistcli.training import TrainingCallback
from tests.support.command_line import fail, invoke, succeed
from tests.support.training import use_tiny_network

CONFIG = TrainConfig(dataset="digits", arch="simple", epochs=2, batch_size=64, limit=300)

pytestmark = pytest.mark.usefixtures("quick_training")


class StoppingCallback:
    def on_train_begin(self, *_: object, **__: object) -> None:
        """Do nothing."""

    on_train_batch_end = on_train_begin

    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:
        raise KeyboardInterrupt


@pytest.fixture(scope="module")
def stopped_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was stopped after one epoch."""
    run = Run.create(CONFIG, tmp_path_factory.mktemp("runs") / "a")
    callback: TrainingCallback = StoppingCallback()
    with pytest.MonkeyPatch.context() as patch:
        use_tiny_network(patch)
        with pytest.raises(KeyboardInterrupt):
            training.train(CONFIG, datasets.load("digits"), run, callback=callback)
    return run.path


@pytest.fixture
def stopped(stopped_once: Path) -> Run:
    return Run(shutil.copytree(stopped_once, Path("runs/a")))


def test_a_stopped_run_is_resumed_by_its_name_with_more_epochs(stopped: Run) -> None:
    result = succeed("train", "--resume", "a", "--epochs", "3")

    lines = result.stderr.splitlines()
    assert lines[0].startswith("training simple on digits (adam, seed 0, 5 steps per epoch)")
    assert lines[1] == "resumed after epoch 1 of 3"
    assert [line.split("  ")[0] for line in lines[2:]] == ["epoch 2/3", "epoch 3/3"]
    assert stopped.read_config().epochs == 3
    assert len(stopped.read_history()) == 3
    assert fail("train", "--resume", "a") == (
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

    assert fail("train", "--resume", "r s", option, value) == (
        2,
        [
            f"error: {option} cannot be combined with --resume: the run keeps its own settings",
            "hint: mnistcli train --resume 'r s'",
        ],
    )


def test_a_directory_that_is_no_run() -> None:
    assert fail("train", "--resume", "nothing") == (
        1, ["error: cannot resume 'nothing': not a run directory"],
    )  # fmt: skip


def test_a_setting_that_was_edited_in_the_run_is_refused(stopped: Run) -> None:
    stopped.write_config(replace(stopped.read_config(), learning_rate=0.5))

    result = invoke("train", "--resume", "a")

    assert result.exit_code == 1
    message = "error: cannot resume: learning_rate was 0.001 and is now 0.5"
    assert result.stderr.splitlines()[-1] == message
    assert stopped.is_resumable


def test_a_resumed_run_keeps_its_config_except_for_the_epochs() -> None:
    run = Run.create(CONFIG, Path("r"))
    none = dict.fromkeys(["recipe", "base_model", "seed", "epochs"])

    assert resumed_config(run, none) == CONFIG
    assert resumed_config(run, none | {"epochs": 7}) == replace(CONFIG, epochs=7)
    with pytest.raises(ConfigError, match="--augment cannot be combined with --resume"):
        resumed_config(run, none | {"augment": False})


def test_the_command_that_resumes_a_run_is_quoted_for_the_shell() -> None:
    run = find_resumable_run(Run.create(CONFIG, Path("my run")).path)

    assert resume_command(run, None, CONFIG) == "mnistcli train --resume 'my run'"
    command = resume_command(run, Path("d"), CONFIG)
    assert command == "mnistcli train --resume 'my run' --data-dir d"


def test_the_code_of_a_custom_architecture_must_be_named_again() -> None:
    config = replace(CONFIG, arch="/elsewhere/net.py:build", arch_sha256="0" * 64)
    run = Run.create(config, Path("r"))
    options = {"epochs": None, "arch": None, "seed": None}
    hint = "mnistcli train --resume r --arch /elsewhere/net.py:build"

    with pytest.raises(ConfigError, match="name its file with --arch to execute it") as caught:
        resumed_config(run, options)
    assert caught.value.hint == hint == resume_command(run, None, config)
    with pytest.raises(ConfigError, match="--seed cannot be combined"):
        resumed_config(run, options | {"arch": "net.py:build", "seed": 1})
    assert resumed_config(run, options | {"arch": "net.py:build"}) == replace(
        config, arch="net.py:build"
    )
