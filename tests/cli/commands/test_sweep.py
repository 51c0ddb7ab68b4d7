"""The `sweep` command: usage errors, the table, the results and Ctrl-C."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnistcli.cli.sweep.sweep_options import create_directory
from mnistcli.config import TrainConfig
from mnistcli.errors import SweepError
from mnistcli.files.locks import try_lock
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run
from mnistcli.sweep import trial
from mnistcli.training import seed_training
from tests.support.command_line import fail, succeed
from tests.support.sweep import simulated_training

SWEEP = ("sweep", "--dataset", "digits", "--epochs", 2, "--vary", "dropout=0..0.5")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no setting to vary"),
        (("--vary", "dropuot=0..1"), "unknown setting 'dropuot'; did you mean 'dropout'?"),
        (("--vary", "dropout=0..2"), "--vary dropout: --dropout must be at least 0 and below 1"),
        (("--vary", "dropout=0.5..0.1"), "--vary dropout=0.5..0.1 is an empty range"),
        (("--vary", "dropout=0..0.5", "--study", "a"), "--study requires --storage"),
        (("--vary", "dropout=0..0.5", "--hours", 0), "--hours must be above 0, not 0"),
        (("--vary", "dropout=0..0.5", "--storage", "sqlite:///a"), "must be a PostgreSQL address"),
        (("--vary", "dropout=0..0.5", "--recipe", "fast"), "requires validation images"),
        (
            ("--vary", "dropout=0..0.5", "--device", "all", "--cluster", "local:2"),
            "--cluster: each of",
        ),
    ],
)
def test_usage_errors_are_refused_with_a_hint(arguments: tuple[object, ...], message: str) -> None:
    code, lines = fail("sweep", *arguments)

    assert code == 2
    assert message in lines[-2]
    assert lines[-1].startswith("hint: mnistcli sweep")
    assert not Path("runs").exists()


@pytest.fixture
def _simulated() -> Iterator[None]:
    """Train in no time."""
    with simulated_training(lambda config, epoch: 0.9 - config.dropout / 10):
        yield


@pytest.mark.usefixtures("_simulated")
def test_each_trial_is_a_line_and_the_best_settings_follow() -> None:
    result = succeed(*SWEEP, "--trials", 3, "--run-dir", "s")

    lines = result.stdout.splitlines()
    assert lines[0].startswith("best        trial ")
    assert lines[2] == "trials      3 run, 0 pruned"
    assert lines[3].startswith("bias        selection bias up to ")
    assert lines[3].endswith(" percentage points (the best of 3 trials is partly luck)")
    assert [Path(line.split()[1]).name for line in lines[4:]] == [
        "best.json",
        "sweep-history.png",
        "sweep-importance.png",
        "sweep-parallel.png",
    ]
    assert all(Path(line.split()[1]).is_file() for line in lines[4:])
    notes = result.stderr.splitlines()
    assert notes[1] == "trial  validation  epochs  state     settings"
    assert [line.split()[0] for line in notes[2:5]] == ["0", "1", "2"]
    assert notes[-1] == "train the best settings with: mnistcli train --config s/best.json"


@pytest.mark.usefixtures("_simulated")
def test_json_has_trials_best_settings_and_no_confirmation() -> None:
    printed = json.loads(succeed(*SWEEP, "--trials", 1, "--json", "--quiet").stdout)

    assert [one["state"] for one in printed["trials"]] == ["complete"]
    assert printed["best"]["settings"].keys() == {"dropout"}
    assert printed["confirm"] is None


@pytest.mark.usefixtures("_simulated")
def test_the_best_settings_are_confirmed_with_other_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    def train(config: TrainConfig, splits: object, run: Run, **_: object) -> None:
        run.model_file.touch()
        run.write_metrics({"seed": config.seed, "val_accuracy": 0.9 + config.seed / 100})

    monkeypatch.setattr(seed_training, "train", train)

    result = succeed(*SWEEP, "--trials", 1, "--run-dir", "s", "--seed", 3, "--confirm", 2)

    line = "confirmed   94.50 % ± 0.71 % validation, 2 other seeds"
    assert line in result.stdout.splitlines()
    assert "confirming trial 0 with 2 other seeds in s/confirm-trial-0\n" in result.stderr
    assert sorted(path.name for path in Path("s/confirm-trial-0").iterdir()) == ["seed-4", "seed-5"]


def test_ctrl_c_names_the_command_that_continues(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> EpochRow:
        raise KeyboardInterrupt

    monkeypatch.setattr(trial, "train_unsaved", interrupt)

    code, lines = fail(*SWEEP, "--trials", 3)

    (directory,) = Path("runs").iterdir()
    assert code == 130
    assert lines[-2] == (
        "continue with: mnistcli sweep --dataset digits --epochs 2 --vary dropout=0..0.5 "
        f"--trials 3 --run-dir {directory}"
    )


def test_directories_that_a_sweep_cannot_use() -> None:
    Run.create(TrainConfig(), Path("run"))
    Path("file").touch()
    Path("locked").mkdir()

    with try_lock(Path("locked")):
        for name, message in (
            ("run", "'run' is a run directory"),
            ("file", "cannot write to 'file': file exists"),
            ("locked", "another sweep is running in 'locked'"),
        ):
            with (
                pytest.raises(SweepError, match=message),
                create_directory(TrainConfig(), Path(name)),
            ):
                raise AssertionError


def test_an_error_of_the_search_is_not_one_of_the_directory() -> None:
    with (
        pytest.raises(TimeoutError, match="of the search"),
        create_directory(TrainConfig(), Path("s")),
    ):
        raise TimeoutError("of the search")

    assert not Path("s").exists()
