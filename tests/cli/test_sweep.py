"""The `sweep` command: usage errors, the table, the results and Ctrl-C."""

import json
from pathlib import Path

import pytest

from mnistcli.runs.history import EpochRow
from mnistcli.sweep import trial
from tests.support.command_line import failure, succeed
from tests.support.sweep import simulate_training

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
        (("--vary", "dropout=0..0.5", "--storage", "sqlite:///a"), "needs a PostgreSQL address"),
        (("--vary", "dropout=0..0.5", "--recipe", "fast"), "requires validation images"),
        (
            ("--vary", "dropout=0..0.5", "--device", "all", "--cluster", "local:2"),
            "--cluster: each of",
        ),
    ],
)
def test_usage_errors_are_refused_with_a_hint(arguments: tuple[object, ...], message: str) -> None:
    code, lines = failure("sweep", *arguments)

    assert code == 2
    assert message in lines[-2]
    assert lines[-1].startswith("hint: mnistcli sweep")
    assert not Path("runs").exists()


@pytest.fixture
def _simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train in no time."""
    simulate_training(monkeypatch, lambda config, epoch: 0.9 - config.dropout / 10)


@pytest.mark.usefixtures("_simulated")
def test_each_trial_is_a_line_and_the_best_settings_follow() -> None:
    result = succeed(*SWEEP, "--trials", 3, "--run-dir", "s")

    lines = result.stdout.splitlines()
    assert lines[0].startswith("best        trial ")
    assert lines[2] == "trials      3 run, 0 pruned"
    assert lines[3].startswith("bias        up to ")
    assert lines[3].endswith(
        " points: by chance, the best of 3 is better than with fresh seeds and images"
    )
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


def test_ctrl_c_names_the_command_that_continues(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> EpochRow:
        raise KeyboardInterrupt

    monkeypatch.setattr(trial, "train_unsaved", interrupt)

    code, lines = failure(*SWEEP, "--trials", 3)

    (directory,) = Path("runs").iterdir()
    assert code == 130
    assert lines[-2] == (
        "continue with: mnistcli sweep --dataset digits --epochs 2 --vary dropout=0..0.5 "
        f"--trials 3 --run-dir {directory}"
    )
