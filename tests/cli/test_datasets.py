"""Datasets on the command line: the progress of downloads, and notes about the data."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from mnistcli.cli import progress, streams
from mnistcli.cli.progress import DownloadProgress
from mnistcli.datasets import ProgressBar, mnist
from tests.support.command_line import fail, invoke
from tests.support.strokes import draw_digit


@pytest.fixture(autouse=True)
def _default_verbosity() -> None:
    streams.set_verbosity()


def download(bar: ProgressBar) -> None:
    """Call a progress bar like a download that fails and then succeeds."""
    bar.set_description("a.gz")
    bar.total = 4000
    bar.update(1000)
    bar.total = 0
    bar.update(3000)
    bar.reset()
    bar.update(0)
    bar.close()
    bar.close()


def test_a_download_is_one_line_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    download(DownloadProgress())

    assert capsys.readouterr() == ("", "downloading a.gz\n")


def test_a_quiet_download_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    streams.set_verbosity(quiet=True)

    download(DownloadProgress())

    assert capsys.readouterr() == ("", "")


def test_a_download_is_a_progress_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    console = Console(file=terminal, force_terminal=True, width=80)
    monkeypatch.setattr(progress, "err", console)
    monkeypatch.setattr(streams, "err", console)
    bar = DownloadProgress()

    bar.set_description("a.gz")
    bar.total = 4000
    bar.update(1000)
    assert bar.total == 4000
    bar.close()

    shown = re.sub(r"\x1b\[[\d;]*m", "", terminal.getvalue())
    assert "downloading a.gz" in shown
    assert re.search(r"1\.0/4\.0 kB", shown)
    assert shown.endswith("\x1b[2K")  # the bar is removed


def test_without_a_network_the_error_names_two_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist, "MIRRORS", ("http://127.0.0.1:9/",))

    assert fail("train", "--epochs", "3") == (
        1,
        [
            "downloading train-images-idx3-ubyte.gz",
            "error: cannot download 'train-images-idx3-ubyte.gz' (127.0.0.1:9: no connection); "
            "--data-dir takes a directory with the files",
            "hint: mnistcli train --epochs 3 --dataset digits",
        ],
    )


@pytest.mark.parametrize("command", ["train", "evaluate", "plot"])
def test_skipped_files_of_a_dataset_are_noted(command: str, tmp_path: Path) -> None:
    """They used to be skipped without a word, and a blank image stopped everything."""
    for digit in range(3):
        (tmp_path / "me" / str(digit)).mkdir(parents=True)
        draw_digit(digit).save(tmp_path / "me" / str(digit) / "a.png")
    (tmp_path / "me" / "0" / "b.SVG").touch()
    Image.new("L", (60, 60), 255).save(tmp_path / "me" / "1" / "b.png")
    arguments = {
        "train": ["--epochs", "1"],
        "evaluate": ["pretrained"],
        "plot": ["pretrained", "--kind", "samples"],
    }[command]

    result = invoke(command, *arguments, "--dataset", "me")

    notes = [line for line in result.stderr.splitlines() if "'me'" in line]
    assert notes == [
        "skipped 2 files in 'me': 1 SVG, 1 without a digit ('1/b.png')",
        "no images of 3, 4, 5, 6, 7, 8 and 9 in 'me'",
        "too few images in 'me' to train on: all 3 are test images",
    ]
    assert result.exit_code == (command == "train")
