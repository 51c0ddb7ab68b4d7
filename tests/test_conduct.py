"""Conduct of commands that read models and data: exit codes, hostile names, full disks, no network access.

A name with an escape sequence or shell syntax is printed safely (terminal injection).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.command_line import fail, invoke, succeed
from tests.support.program import PROGRAM
from tests.support.strokes import draw_digit, make_splits

COMMANDS = ("train", "evaluate", "predict", "plot", "recipes")
LONG = "x" * 300  # longer than any file system allows
HOSTILE = ("[red]x", "\x1b[31mx", "a\nb", os.fsdecode(b"\xff"), "--json x", "$(x)", "%s" * 9)

MODELS = ("nothing", "damaged.keras", "fifo.keras", "damaged", "loop", LONG)
MODEL_ARGUMENTS = {
    "train": ("--dataset", "digits", "--from"),
    "evaluate": ("--dataset", "digits"),
    "predict": ("3.png", "--model"),
    "plot": ("--dataset", "digits"),
}
DATA = {
    "nothing": 2,
    "d.npz": 1,
    "fifo.npz": 1,
    f"./{LONG}": 1,
    "./loop": 2,
}  # a missing one may be a misspelled name
DATA_ARGUMENTS = {
    "train": ("--dataset",),
    "evaluate": ("pretrained", "--dataset"),
    "plot": ("pretrained", "--dataset"),
}
BAD_OUTPUTS = ("3.png/x.png", f"{LONG}.png", "loop/x.png")
OUTPUTS = {
    "train": ("--dataset", "digits", "--run-dir", "3.png/x"),
    "evaluate": ("pretrained", "--dataset", "digits", "--report", "-o", "3.png/x.png"),
    "predict": ("3.png", "--model", "pretrained", "--save", "3.png/x.png"),
    "plot": ("pretrained", "--dataset", "digits", "--kind", "confusion", "-o", "3.png/x"),
}
FAILURES = [
    *((c, (*a, name), 1) for c, a in MODEL_ARGUMENTS.items() for name in MODELS),
    *((c, (*a, name), code) for c, a in DATA_ARGUMENTS.items() for name, code in DATA.items()),
    *(
        (c, (*a[:-1], name), 1)
        for c, a in OUTPUTS.items()
        for name in BAD_OUTPUTS
        if c != "evaluate"
    ),
    ("evaluate", OUTPUTS["evaluate"], 1),
    *(("train", ("--resume", name), 1) for name in ("3.png", *MODELS)),
    *((c, ("--no-such-option",), 2) for c in COMMANDS),
    *((c, ("--dataset", "digits", "--data-dir"), 2) for c in DATA_ARGUMENTS),
    ("train", ("--epochs", "0"), 2),
    ("evaluate", ("--batch-size", "x"), 2),
    ("predict", (), 2),
    ("predict", ("3.png", "--min-confidence", "2"), 2),
    ("plot", ("--kind", "pie"), 2),
    ("recipes", ("pie",), 2),
]


@pytest.fixture(autouse=True)
def _files() -> None:
    draw_digit(3).save("3.png")
    for name in ("damaged.keras", "d.npz"):
        Path(name).write_bytes(b"PK\x03\x04 damaged")
    for name in ("fifo.keras", "fifo.npz"):
        os.mkfifo(name)
    Path("loop").symlink_to("loop")
    Path("damaged").mkdir()
    for name in ("config.json", "model.keras", "metrics.json"):
        Path("damaged", name).write_text('{"epochs": ')


@pytest.mark.parametrize(("command", "arguments", "code"), FAILURES)
def test_a_failure_is_one_line_with_its_exit_code(
    command: str, arguments: tuple[str, ...], code: int
) -> None:
    result = invoke(command, *arguments)

    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.stderr
    # These two print their results before they write the file.
    prints_results = command in {"evaluate", "predict"} and bool({*arguments} & {*BAD_OUTPUTS})
    assert bool(result.stdout) is prints_results
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_printed_safely(name: str) -> None:
    for command, arguments in (
        ("evaluate", ["--", name]),
        ("plot", ["--", name]),
        ("predict", ["--model", "pretrained", "--", name]),
        ("predict", ["3.png", "--model", name]),
        ("train", ["--dataset", f"./{name}"]),
        ("train", ["--dataset", "digits", "--from", f"./{name}"]),
        ("train", ["--dataset", "digits", "--run-dir", f"3.png/{name}"]),
    ):
        code, lines = fail(command, *arguments)

        assert code == (2 if arguments[0] == "--dataset" and len(arguments) == 2 else 1), lines
        assert all(line.isprintable() or "\udcff" in line for line in lines), lines


def test_images_with_hostile_names_are_predicted() -> None:
    """In 20 columns, without HOME and without colors, in a process of its own."""
    names = [f"{name}.png" for name in HOSTILE]
    for name in names:
        draw_digit(3).save(name)
    kept = ("PATH", "PYTHONPATH", "MNISTCLI_CACHE_DIR", "MNISTCLI_CONFIG_DIR")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {"COLUMNS": "20", "TERM": "dumb", "NO_COLOR": "1", "LC_ALL": "C"}

    def run(*options: str) -> subprocess.CompletedProcess[bytes]:
        command = [*PROGRAM, "predict", "--model", "pretrained", *options, "--", *names]
        return subprocess.run(command, env=environment, capture_output=True, check=False)

    table = run()
    assert (table.returncode, b"Traceback" in table.stderr) == (0, False), table.stderr
    assert b"\x1b" not in table.stdout + table.stderr
    answers = [json.loads(line) for line in run("--json").stdout.splitlines()]
    assert [answer["text"] for answer in answers] == ["3"] * len(names)


def test_predictions_on_a_full_disk_are_one_error() -> None:
    command = [*PROGRAM, "predict", "3.png", "--model", "pretrained", "--quiet"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)

    error = b"error: cannot write to stdout: no space left on device\n"
    assert (done.returncode, done.stderr) == (1, error)


class _Sockets:
    """Records what would reach the network, as long as it is on."""

    def __init__(self) -> None:
        self.on = False
        self.events: list[Any] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
            self.events.append(arguments[0])  # the host
            raise OSError(101, "Network is unreachable")


@pytest.fixture(scope="module")
def _hooked() -> _Sockets:
    sockets = _Sockets()
    sys.addaudithook(sockets)  # it stays until the end of the process
    return sockets


@pytest.fixture
def blocked(_hooked: _Sockets) -> Iterator[_Sockets]:
    """Blocked sockets, and what would have reached the network."""
    _hooked.on = True
    yield _hooked
    _hooked.on = False
    _hooked.events.clear()


@pytest.mark.usefixtures("quick_training")
def test_nothing_reaches_the_network_but_the_download(blocked: _Sockets) -> None:
    splits = make_splits(100, 20)
    np.savez(
        "data.npz",
        x_train=splits.train.images,
        y_train=splits.train.labels,
        x_test=splits.test.images,
        y_test=splits.test.labels,
    )

    settings = ("--arch", "simple", "--epochs", 3, "--batch-size", 10)
    succeed("train", "--dataset", "data.npz", *settings, "-o", "r")
    succeed("evaluate", "r", "--report")
    succeed("predict", "3.png", "--model", "r", "--save", "p.png")
    succeed("plot", "r", "--kind", "history")
    succeed("recipes")
    assert blocked.events == []

    assert fail("evaluate", "pretrained")[0] == 1  # would download MNIST
    assert set(blocked.events) == {"storage.googleapis.com", "ossci-datasets.s3.amazonaws.com"}
