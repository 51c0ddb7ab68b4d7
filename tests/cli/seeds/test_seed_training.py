"""``train --seeds``: the options, the table and the exit code."""

import json
import re
from pathlib import Path

import pytest

from mnistcli.cli.seeds.seed_training import parse_seeds
from mnistcli.config import TrainConfig
from mnistcli.errors import ConfigError, TrainingError
from mnistcli.runs.run import Run
from mnistcli.training import seed_training
from tests.support.command_line import fail, succeed

TRAIN = ("train", "--dataset", "digits", "--seeds")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0..3", [0, 1, 2, 3]),
        ("7", [7]),
        ("5,1, 3", [5, 1, 3]),
        ("0..2,1..4", [0, 1, 2, 3, 4]),
        (f"{2**32 - 1}", [2**32 - 1]),
    ],
)
def test_seeds_are_parsed(text: str, expected: list[int]) -> None:
    assert parse_seeds(text) == expected


@pytest.mark.parametrize("text", ["", "3..1", "a", "1..", "-1", "0..10000", f"{2**32}", "1.5"])
def test_invalid_seeds_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--seeds must be up to 10,000 numbers below"):
        parse_seeds(text)


@pytest.mark.parametrize("option", ["--seed", "--ensemble"])
def test_conflicting_options_are_refused(option: str) -> None:
    code, lines = fail(*TRAIN, "0..1", option, 2)

    assert (code, lines[0]) == (2, f"error: --seeds cannot be combined with {option}")


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Train in no time; return the seeds. Seed 2 fails, and seed 3 is no better than chance."""
    trained: list[int] = []

    def train(config: TrainConfig, splits: object, run: Run, **_: object) -> None:
        trained.append(config.seed)
        if config.seed == 2:
            raise TrainingError("the loss became NaN")
        run.model_file.touch()
        accuracy = 0.9 + config.seed / 100
        chance = {"at_chance": True} if config.seed == 3 else {}
        run.write_metrics(
            {"seed": config.seed, "test_accuracy": accuracy, "test_loss": 0.25, "val_accuracy": None}
            | {"seconds": 61.25} | chance
        )  # fmt: skip

    monkeypatch.setattr(seed_training, "train", train)
    return trained


def test_each_seed_is_a_line_and_the_spread_follows(trained: list[int]) -> None:
    result = succeed(*TRAIN, "0..1", "--run-dir", "s")

    assert result.stdout == (
        "seed                test accuracy  loss     validation  seconds\n"
        "0                   90.00 %        0.2500   -           61.2\n"
        "1                   91.00 %        0.2500   -           61.2\n"
        "mean                90.50 %        0.2500   -           61.2\n"
        "standard deviation  0.71 %         0.0000   -           0.0\n"
        "minimum             90.00 %        0.2500   -           61.2\n"
        "maximum             91.00 %        0.2500   -           61.2\n"
        "runs                s\n"
    )


def test_the_missing_seeds_are_trained_in_the_same_directory(trained: list[int]) -> None:
    succeed(*TRAIN, "0", "--run-dir", "s")
    result = succeed(*TRAIN, "0..1", "--run-dir", "s", "--json", "--quiet")

    assert trained == [0, 1]
    printed = json.loads(result.stdout)
    assert [run["seed"] for run in printed["seeds"]] == [0, 1]
    assert printed["test_accuracy"]["mean"] == pytest.approx(0.905)
    assert printed["val_accuracy"] is None
    assert (printed["run_dir"], printed["recipe"]) == ("s", "classic")


def test_seeds_that_fail_are_an_error_at_the_end(trained: list[int]) -> None:
    code, lines = fail(*TRAIN, "1..3")

    assert trained == [1, 2, 3]
    assert code == 1
    assert lines == ["error: 2 of 3 seeds failed: seed 2: the loss became NaN"]
    (series,) = Path("runs").iterdir()
    assert re.fullmatch(r"\d{8}-\d{6}_classic_seeds", series.name)


def test_ctrl_c_names_the_command_that_continues(monkeypatch: pytest.MonkeyPatch) -> None:
    def train(config: TrainConfig, splits: object, run: Run, **_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(seed_training, "train", train)

    code, lines = fail(*TRAIN, "0..1")

    (series,) = Path("runs").iterdir()
    command = f"mnistcli train --dataset digits --seeds 0..1 --run-dir {series}"
    assert (code, lines) == (130, [f"continue with: {command}", "interrupted"])
