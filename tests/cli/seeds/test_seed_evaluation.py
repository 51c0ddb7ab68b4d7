"""``evaluate --seeds``: the table, JSON, a cluster, and usage errors."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import fail, succeed


@pytest.fixture
def series(trained_run: Path) -> Path:
    """The directory of two seeds, which have the same model."""
    for seed in (3, 11):
        shutil.copytree(trained_run, Path(f"runs/s/seed-{seed}"))
    Path("runs/s/seed-4").mkdir()
    return Path("runs/s")


def test_each_seed_is_a_line_and_the_spread_follows(series: Path) -> None:
    lines = succeed("evaluate", "s", "--seeds", "all", "--quiet").stdout.splitlines()

    assert lines[0] == "digits, 360 test images"
    assert lines[1] == "seed                accuracy  loss     macro F1  calibration error"
    cells = lines[2].split()[1:]
    assert [line.split() for line in lines[2:4]] == [["3", *cells], ["11", *cells]]
    assert [line[:18].strip() for line in lines[4:8]] == [
        "mean",
        "standard deviation",
        "minimum",
        "maximum",
    ]
    assert lines[4][18:].split() == lines[6][18:].split() == cells
    assert lines[5][18:].split() == ["0.00", "%", "0.0000", "0.0000", "0.00", "%"]
    assert lines[8] == f"runs                {series}"


def test_json_has_each_seed_and_statistics(series: Path) -> None:
    printed = json.loads(succeed("evaluate", series, "--seeds", "11", "--json", "--quiet").stdout)

    (one,) = printed["seeds"]
    alone = json.loads(succeed("evaluate", series / "seed-11", "--json", "--quiet").stdout)
    assert (one["seed"], one["run"]) == (11, str(series / "seed-11"))
    assert one["accuracy"] == alone["accuracy"]
    assert printed["samples"] == alone["samples"] == 360
    assert printed["loss"] == {
        "mean": alone["loss"],
        "sd": None,
        "minimum": alone["loss"],
        "maximum": alone["loss"],
    }


class TasksHere:
    """Tasks that run in this process."""

    def __init__(self, client: object, address: object, function: Callable[[int], object]) -> None:
        self.function = function

    def __class_getitem__(cls, types: object) -> type:
        return cls

    def run_in_order(self, seeds: list[int]) -> Iterator[tuple[int, Any]]:
        return ((seed, self.function(seed)) for seed in seeds)


def test_workers_of_a_cluster_give_the_same_metrics(
    series: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="needs the extra cluster")
    here = succeed("evaluate", series, "--seeds", "3,11", "--json", "--quiet").stdout
    monkeypatch.setattr("mnistcli.cluster.connection.connect", lambda address: nullcontext())
    monkeypatch.setattr("mnistcli.cluster.tasks.TaskRunner", TasksHere)
    monkeypatch.setattr("mnistcli.cluster.worker.limit_threads", lambda count: None)

    there = succeed(
        "evaluate", series, "--seeds", "3,11", "--json", "--quiet", "--cluster", "local:1"
    ).stdout

    assert json.loads(there) == json.loads(here)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("s", "--seeds", "3,5"), 1, "no finished run of seed 5 in 'runs/s'"),
        (("s", "--seeds", "4"), 1, "no finished run of seed 4 in 'runs/s'"),
        (("runs", "--seeds", "all"), 1, "no finished run of a seed in 'runs'"),
        (("nosuch", "--seeds", "all"), 1, "cannot read 'runs/nosuch': no such file or directory"),
        (("--seeds", "all"), 2, "--seeds requires a directory of 'train --seeds'"),
        (("s", "s", "--seeds", "all"), 2, "--seeds requires a directory of 'train --seeds'"),
        (("s", "--seeds", "a"), 2, "--seeds must be up to 10,000 numbers below"),
        (("s", "--seeds", "all", "--report"), 2, "--seeds cannot be combined with --report"),
        (("s/seed-3", "--cluster", "local"), 2, "--cluster requires --seeds"),
    ],
)
@pytest.mark.usefixtures("series")
def test_usage_errors_are_refused(arguments: tuple[str, ...], code: int, message: str) -> None:
    failed, lines = fail("evaluate", *arguments)

    assert failed == code
    assert message in lines[0]
