"""The `plot` command: which figures it draws, and where."""

import shutil
from pathlib import Path

import pytest

from mnistcli.plotting.registry import PLOT_KINDS
from tests.support.command_line import fail, succeed
from tests.support.external_models import build_external
from tests.support.figures import draw_nothing

WITHOUT_AUGMENTATION = [kind for kind in PLOT_KINDS if kind != "augmentation"]


def test_all_plots_that_the_model_can_have(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_nothing(monkeypatch)

    result = succeed("plot")

    assert result.stdout.splitlines() == [
        f"runs/trained/plots/{kind}.png" for kind in WITHOUT_AUGMENTATION
    ]
    assert result.stderr.startswith("model: runs/trained (classic, trained on digits, ")
    assert sorted(path.stem for path in Path("runs/trained/plots").iterdir()) == sorted(
        WITHOUT_AUGMENTATION
    )


def test_kind_all_draws_every_available_plot(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_nothing(monkeypatch)

    result = succeed("plot", "--kind", "history,all")

    assert len(result.stdout.splitlines()) == len(WITHOUT_AUGMENTATION)


def test_another_format_is_written(model: Path) -> None:
    result = succeed("plot", "--kind", "history", "--format", "SVG", "-o", "o")

    assert result.stdout.splitlines() == ["o/history.svg"]
    assert Path("o/history.svg").read_text().startswith("<?xml")


def test_an_unknown_format_is_refused() -> None:
    assert fail("plot", "a", "--format", "jpg") == (
        2,
        [
            "error: unknown format 'jpg'; did you mean 'png'?",
            "hint: mnistcli plot a --format png",
        ],
    )


@pytest.mark.parametrize(
    "options",
    [("--kind", "history,confusion"), ("--kind", "History", "--kind", "confusion")],
)
def test_the_plots_that_are_asked_for(
    options: tuple[str, ...], model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_nothing(monkeypatch)

    result = succeed("plot", model, *options, "-o", "o", "--quiet")

    assert result.stdout.splitlines() == ["o/history.png", "o/confusion.png"]
    assert result.stderr == ""


def test_a_misspelled_kind_is_corrected_in_the_hint() -> None:
    assert fail("plot", "a", "--kind", "history,filter,samples", "-o", "my dir") == (
        2,
        [
            "error: unknown kind 'filter'; did you mean 'filters'?",
            "hint: mnistcli plot a --kind history,filters,samples -o 'my dir'",
        ],
    )


def test_a_file_outside_a_run_has_no_history(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw_nothing(monkeypatch)
    shutil.copy(model / "model.keras", "alone.keras")

    result = succeed("plot", "alone.keras", "--dataset", "digits")
    assert result.stdout.splitlines() == [
        f"alone_plots/digits/{kind}.png" for kind in WITHOUT_AUGMENTATION[1:]
    ]

    assert fail("plot", "alone.keras", "--dataset", "digits", "--kind", "history") == (
        1,
        [
            "model: alone.keras",
            "error: no history: 'alone.keras' is a file outside a run directory",
            "hint: mnistcli plot alone.keras --dataset digits --kind confusion",
        ],
    )


def test_a_model_without_a_convolution_has_no_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    draw_nothing(monkeypatch)
    build_external().save("dense.keras")

    result = succeed("plot", "dense.keras", "--dataset", "digits")
    assert result.stdout.splitlines() == [
        f"dense_plots/digits/{kind}.png"
        for kind in ("confusion", "calibration", "samples", "mistakes", "occlusion")
    ]

    assert fail("plot", "dense.keras", "--dataset", "digits", "--kind", "filters") == (
        1,
        [
            "model: dense.keras",
            "error: no filters: the model has no convolution",
            "hint: mnistcli plot dense.keras --dataset digits --kind confusion",
        ],
    )
