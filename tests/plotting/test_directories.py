"""Directories of plots: each model and each dataset has its own."""

from pathlib import Path

from mnistcli.model_lookup import find_model
from mnistcli.plotting.directories import plots_dir
from tests.support.runs import finish, make_ensemble


def test_plots_on_another_dataset_have_their_own_directory() -> None:
    finish("runs/a")

    directories = {plots_dir(find_model("a"), f"/home/{name}/mine") for name in ("me", "you")}
    assert directories == {Path(f"runs/a/plots/home_{name}_mine") for name in ("me", "you")}


def test_plots_of_the_packaged_model_are_in_the_working_directory() -> None:
    assert plots_dir(find_model("pretrained"), "mnist") == Path("pretrained_plots")


def test_different_averages_never_share_a_directory_of_plots() -> None:
    for path in ("runs/a", "runs/b", "runs/c", "other/b"):
        finish(path)
    groups = [
        ("runs/a", "runs/b"),
        ("runs/a", "runs/c"),
        ("runs/a", "other/b"),
        ("runs/a", "runs/b", "runs/c"),
        ("runs/a", "runs/b", "runs/c", "other/b"),
    ]

    directories = {plots_dir(find_model(*group), "mnist") for group in groups}

    assert len(directories) == len(groups)
    assert {directory.parent for directory in directories} == {Path("ensemble_plots")}
    assert plots_dir(find_model(*groups[0]), "mnist").name.startswith("a+b-")


def test_plots_of_two_members_do_not_become_a_member_or_a_run() -> None:
    run = make_ensemble("runs/two", 2)
    run.write_metrics({})
    before = run.model_files

    plots = plots_dir(find_model("runs/two/member-1", "runs/two/member-2"), "digits")
    plots.mkdir(parents=True)

    assert run.model_files == before
    assert "runs" not in plots.parts
