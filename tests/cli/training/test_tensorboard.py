"""The option ``--tensorboard`` of `train`: its files, and the error without its package."""

from pathlib import Path

import pytest

from mnistcli import extras
from mnistcli.cli.training.resuming import resume_command
from mnistcli.config import TrainConfig
from mnistcli.runs.run import Run
from tests.support.command_line import fail, succeed


def test_a_missing_package_is_one_line_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)

    code, lines = fail("train", "--dataset", "digits", "--tensorboard", "--run-dir", "r")

    assert code == 1
    assert lines == [
        "error: --tensorboard requires the package tensorboard",
        "hint: pip install 'mnistcli[tensorboard]'",
    ]
    assert not Path("r").exists()


def test_the_command_that_resumes_has_the_option() -> None:
    command = resume_command(Run(Path("r")), None, TrainConfig(), tensorboard=True)

    assert command == "mnistcli train --resume r --tensorboard"


def test_several_seeds_have_no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: object())

    _, lines = fail("train", "--seeds", "0,1", "--tensorboard")

    assert lines[0] == "error: --seeds cannot be combined with --tensorboard"


@pytest.mark.usefixtures("quick_training")
def test_train_names_the_command_that_shows_the_log() -> None:
    pytest.importorskip("tensorboard", reason="needs the extra tensorboard")

    small = ("--dataset", "digits", "--arch", "simple", "--limit", 100, "--epochs", 1)
    result = succeed("train", *small, "--run-dir", "r", "--tensorboard")

    assert result.stderr.splitlines()[-1] == "show the log with: tensorboard --logdir r"
    assert [path.name.split(".")[2] for path in Path("r/tensorboard").iterdir()] == ["tfevents"]
