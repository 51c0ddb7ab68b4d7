"""The `plot` command: which figures it draws, and where."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from mnistcli.plotting.registry import PLOT_KINDS
from tests.support.command_line import failure, succeed
from tests.support.foreign_models import build_foreign

WITHOUT_HISTORY = [kind for kind in PLOT_KINDS if kind != "history"]


@pytest.mark.parametrize("options", [(), ("--kind", "all")])
def test_all_plots_that_the_model_can_have(options: tuple[str, ...], model: Path) -> None:
    result = succeed("plot", *options)

    assert result.stdout.splitlines() == [f"runs/trained/plots/{kind}.png" for kind in PLOT_KINDS]
    assert result.stderr.startswith("model: runs/trained (classic, trained on digits, ")
    for kind in PLOT_KINDS:
        with Image.open(model / "plots" / f"{kind}.png") as figure:
            assert figure.width > 500


@pytest.mark.parametrize(
    "options",
    [("--kind", "history,confusion"), ("--kind", "History", "--kind", "confusion")],
)
def test_the_plots_that_are_asked_for(options: tuple[str, ...], model: Path) -> None:
    result = succeed("plot", model, *options, "-o", "o", "--quiet")

    assert result.stdout.splitlines() == ["o/history.png", "o/confusion.png"]
    assert result.stderr == ""


def test_a_misspelled_kind_among_others() -> None:
    assert failure("plot", "a", "--kind", "history,filter,samples", "-o", "my dir") == (
        2,
        [
            "error: unknown kind 'filter'; did you mean 'filters'?",
            "hint: mnistcli plot a --kind history,filters,samples -o 'my dir'",
        ],
    )


def test_a_file_outside_a_run_has_no_history(model: Path) -> None:
    shutil.copy(model / "model.keras", "alone.keras")

    result = succeed("plot", "alone.keras", "--dataset", "digits")
    assert result.stdout.splitlines() == [
        f"alone_plots/digits/{kind}.png" for kind in WITHOUT_HISTORY
    ]

    assert failure("plot", "alone.keras", "--dataset", "digits", "--kind", "history") == (
        1,
        [
            "model: alone.keras",
            "error: no history: 'alone.keras' is a file outside a run directory",
            "hint: mnistcli plot alone.keras --dataset digits --kind confusion",
        ],
    )


def test_a_model_without_a_convolution_has_no_filters() -> None:
    build_foreign().save("dense.keras")

    result = succeed("plot", "dense.keras", "--dataset", "digits")
    assert result.stdout.splitlines() == [
        f"dense_plots/digits/{kind}.png" for kind in ("confusion", "samples", "mistakes")
    ]

    assert failure("plot", "dense.keras", "--dataset", "digits", "--kind", "filters") == (
        1,
        [
            "model: dense.keras",
            "error: no filters: the model has no convolution",
            "hint: mnistcli plot dense.keras --dataset digits --kind confusion",
        ],
    )
