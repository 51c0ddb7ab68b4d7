"""Output in Jupyter notebooks and interactive sessions."""

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from mnistcli.config import TrainConfig
from mnistcli.notebook import (
    EpochDisplay,
    EpochPrinter,
    epoch_progress,
    is_interactive,
    show_in_notebook,
)
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


def test_python_without_ipython_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)

    show_in_notebook([Path("a.png")])

    assert "IPython" not in sys.modules
    assert capsys.readouterr() == ("", "")


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


class _RecordingDisplay(ModuleType):
    """A fake `IPython.display`: each list in `cells` holds the versions of one display."""

    def __init__(self) -> None:
        super().__init__("IPython.display")
        self.cells: list[list[str]] = []

    def HTML(self, text: str) -> str:  # noqa: N802 - the name in IPython
        return text

    def display(self, html: str, *, display_id: bool) -> SimpleNamespace:
        assert display_id
        versions = [html]
        self.cells.append(versions)
        return SimpleNamespace(update=versions.append)


ROW = EpochRow(
    epoch=1, loss=0.5, accuracy=0.8, val_loss=0.25, val_accuracy=0.925,
    learning_rate=0.1, seconds=2,
)  # fmt: skip


def test_a_notebook_shows_a_bar_and_a_table(displayed: list[str]) -> None:
    assert isinstance(epoch_progress(), EpochDisplay)
    assert displayed == []
    display = _RecordingDisplay()
    with EpochDisplay(display) as progress:
        progress.on_train_begin(TrainConfig(epochs=2), 10, member=1, members=1, first_epoch=1)
        progress.on_epoch_end(ROW, kept=True)

        (versions,) = display.cells
        assert "epoch 1 of 2, batch 0 of 10" in versions[0]
        assert "epoch 2 of 2, batch 0 of 10" in versions[-1]
        assert 'value="0.5000"' in versions[-1]
        assert "<td>0.2500</td><td>92.50 %</td><td>0.1</td><td>2.0 s</td>" in versions[-1]

        progress.on_epoch_end(replace(ROW, epoch=2), kept=True)

    assert "trained: 2 of 2 epochs" in versions[-1]
    assert "<progress" not in versions[-1]


def test_batches_update_the_display_a_few_times_per_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    display, now = _RecordingDisplay(), [100.0]
    monkeypatch.setattr("mnistcli.notebook.time.monotonic", lambda: now[0])
    progress = EpochDisplay(display)
    progress.on_train_begin(TrainConfig(epochs=2), 100, member=1, members=1, first_epoch=1)

    for step in range(1, 101):
        now[0] += 0.01
        progress.on_train_batch_end(step, 0.5, 0.8)

    (versions,) = display.cells
    assert len(versions) <= 5
    assert "loss 0.5000, accuracy 80.00 %, 0:01 left" in versions[-1]


def test_a_stopped_training_leaves_the_epochs_that_ended() -> None:
    display = _RecordingDisplay()

    def train() -> None:
        with EpochDisplay(display) as progress:
            progress.on_train_begin(TrainConfig(epochs=9), 10, member=1, members=1, first_epoch=1)
            progress.on_epoch_end(ROW, kept=True)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train()

    (versions,) = display.cells
    assert "stopped: 1 of 9 epochs" in versions[-1]
    assert "<td>92.50 %</td>" in versions[-1]
    assert "<progress" not in versions[-1]


def test_each_member_of_an_ensemble_has_its_own_display() -> None:
    display = _RecordingDisplay()
    progress = EpochDisplay(display)
    row = EpochRow(epoch=1, loss=0.5, accuracy=0.8, learning_rate=0.1, seconds=2)

    for member in (1, 2):
        progress.on_train_begin(TrainConfig(epochs=1), 9, member=member, members=2, first_epoch=1)
        progress.on_epoch_end(row, kept=True)

    first, second = display.cells
    assert "model 1 of 2, trained: 1 of 1 epoch<" in first[-1]
    assert "model 2 of 2, evaluating" in second[-1]
    assert "nan" not in second[-1]
