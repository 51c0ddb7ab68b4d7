"""Output in notebooks and interactive sessions."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from mnistcli.config import TrainConfig
from mnistcli.notebook import EpochPrinter, is_interactive, show_in_notebook
from mnistcli.runs.history import EpochRow


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A fake IPython with a kernel; the list holds the displayed files."""
    shown: list[str] = []

    def make_image(*, filename: str, retina: bool) -> str:
        assert retina
        return filename

    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    monkeypatch.setattr(ipython, "get_ipython", lambda: SimpleNamespace(kernel=1), raising=False)
    monkeypatch.setattr(display, "Image", make_image, raising=False)
    monkeypatch.setattr(display, "SVG", lambda *, filename: f"{filename} as SVG", raising=False)
    monkeypatch.setattr(display, "display", shown.append, raising=False)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return shown


def test_a_notebook_shows_each_figure_once(displayed: list[str]) -> None:
    show_in_notebook([Path("a.png"), Path("b.png"), Path("c.svg"), Path("d.pdf")])

    assert displayed == ["a.png", "b.png", "c.svg as SVG"]


@pytest.mark.parametrize("shell", [None, SimpleNamespace()], ids=["script", "terminal"])
def test_ipython_without_a_notebook_shows_nothing(
    shell: object, displayed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", lambda: shell)

    show_in_notebook([Path("a.png")])

    assert displayed == []


def test_python_without_ipython_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)

    show_in_notebook([Path("a.png")])


def test_a_session_with_a_prompt_is_interactive(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_interactive()

    monkeypatch.setattr(sys, "ps1", "In [1]: ", raising=False)

    assert is_interactive()


def test_each_epoch_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    printer = EpochPrinter()

    printer.on_train_begin(TrainConfig(epochs=3), 10, member=1, members=1, first_epoch=1)
    printer.on_train_batch_end(5, 0.9, 0.5)
    row = EpochRow(
        epoch=1, loss=0.5, accuracy=0.8, val_loss=0.25, val_accuracy=0.925,
        learning_rate=0.1, seconds=2,
    )  # fmt: skip
    printer.on_epoch_end(row, kept=True)

    assert capsys.readouterr().out == (
        "epoch 1 of 3: loss 0.5000, accuracy 80.00 %; validation loss 0.2500, accuracy 92.50 %\n"
    )


def test_the_line_names_the_member_of_an_ensemble(capsys: pytest.CaptureFixture[str]) -> None:
    printer = EpochPrinter()

    printer.on_train_begin(TrainConfig(epochs=3), 10, member=2, members=5, first_epoch=1)
    row = EpochRow(epoch=3, loss=0.5, accuracy=0.8, learning_rate=0.1, seconds=2)
    printer.on_epoch_end(row, kept=False)

    assert capsys.readouterr().out == "model 2 of 5, epoch 3 of 3: loss 0.5000, accuracy 80.00 %\n"
