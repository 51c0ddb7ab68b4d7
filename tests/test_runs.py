import json
import math
import os
from pathlib import Path

import pytest

from mnistcli.config import TrainConfig
from mnistcli.errors import CheckpointError, RunError
from mnistcli.model_store import find_model
from mnistcli.recipes import RECIPES
from mnistcli.runs import EpochRow, Run

ROWS = [
    EpochRow(epoch=1, loss=0.5, accuracy=0.8, learning_rate=0.1, seconds=2.5),
    EpochRow(
        epoch=2, loss=0.25, accuracy=0.9, val_loss=0.3, val_accuracy=0.875,
        learning_rate=0.05, seconds=2.25,
    ),
]  # fmt: skip


def finish(path: Path, modified: int = 0) -> Run:
    run = Run.create(TrainConfig(), path)
    run.model_file.write_bytes(b"weights")
    run.write_metrics({"epochs": 1})
    if modified:
        os.utime(path / "metrics.json", (modified, modified))
    return run


def test_a_new_run_is_named_after_recipe_and_seed(tmp_path: Path) -> None:
    first = Run.create(RECIPES["deep"])
    second = Run.create(RECIPES["deep"])

    assert first.path.parent == Path("runs")
    assert first.path.name.endswith("_deep_seed0")
    assert second.path != first.path


def test_a_run_keeps_its_config(tmp_path: Path) -> None:
    run = Run.create(RECIPES["sgd"], tmp_path / "a" / "run")

    assert Run(run.path).read_config() == RECIPES["sgd"]


def test_an_empty_directory_can_become_a_run(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()

    assert Run.create(TrainConfig(), tmp_path / "run").read_config() == TrainConfig()


def test_a_directory_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("keep")
    (tmp_path / "run-2").mkdir()

    with pytest.raises(RunError, match="exists and is not empty") as caught:
        Run.create(TrainConfig(), tmp_path / "run")

    assert caught.value.hint == f"mnistcli train --run-dir {tmp_path / 'run-3'}"
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["mine.txt"]


def test_a_place_that_cannot_hold_a_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(RunError) as caught:
        Run.create(TrainConfig(), tmp_path / "file" / "run")

    assert caught.value.message == (
        f"cannot make run directory {str(tmp_path / 'file' / 'run')!r}: Not a directory"
    )


def test_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = Run(tmp_path)
    for row in ROWS:
        run.append_history(row)

    first, second = run.read_history()

    assert math.isnan(first.val_loss)
    assert (first.epoch, first.loss, first.seconds) == (1, 0.5, 2.5)
    assert second == ROWS[1]


@pytest.mark.parametrize("content", ["epoch,loss\n1,0.5\n", "a\nb\n", "epoch,loss,accuracy\n1"])
def test_a_damaged_history(tmp_path: Path, content: str) -> None:
    (tmp_path / "history.csv").write_text(content)

    with pytest.raises(RunError, match=r"damaged file '.*history\.csv'"):
        Run(tmp_path).read_history()


def test_no_history(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no history in"):
        Run(tmp_path).read_history()


@pytest.mark.parametrize("content", ["", "[]", '{"speed": 9}', '{"epochs": '])
def test_a_damaged_config(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)

    with pytest.raises(RunError, match=r"damaged file '.*config\.json'"):
        Run(tmp_path).read_config()


def test_metrics_mark_a_run_as_finished(tmp_path: Path) -> None:
    run = Run.create(TrainConfig(), tmp_path / "run")
    with pytest.raises(RunError, match=r"no metrics\.json in"):
        run.read_metrics()
    assert not run.finished

    finish(tmp_path / "other")

    assert Run(tmp_path / "other").finished
    assert Run(tmp_path / "other").read_metrics() == {"epochs": 1}


def test_environment_is_text_a_person_can_read(tmp_path: Path) -> None:
    Run(tmp_path).write_environment({"command": "mnistcli train ü"})

    text = (tmp_path / "environment.json").read_text(encoding="utf-8")
    assert "ü" in text
    assert json.loads(text) == {"command": "mnistcli train ü"}


def test_the_newest_finished_run_is_found(tmp_path: Path) -> None:
    finish(Path("runs/b"), modified=200)
    finish(Path("runs/a"), modified=300)
    Run.create(TrainConfig(), Path("runs/unfinished"))

    found = find_model()

    assert found.name == "runs/a"
    assert found.datasets == ("mnist",)
    assert found.plots_dir("mnist") == Path("runs/a/plots")
    assert found.plots_dir("/home/me/mine") == Path("runs/a/plots/mine")


def test_the_variable_comes_before_the_newest_run(monkeypatch: pytest.MonkeyPatch) -> None:
    finish(Path("runs/a"))
    finish(Path("elsewhere"))
    monkeypatch.setenv("MNISTCLI_MODEL", "elsewhere")

    assert find_model().name == "elsewhere"
    assert find_model("runs/a").name == "runs/a"


def test_the_model_file_of_a_run_leads_to_the_run() -> None:
    finish(Path("runs/a"))

    assert find_model("runs/a/model.keras").name == "runs/a"


def test_a_file_on_its_own(tmp_path: Path) -> None:
    Path("digits.keras").write_bytes(b"weights")

    found = find_model("digits.keras")

    assert (found.name, found.run, found.datasets) == ("digits.keras", None, ("mnist",))
    assert found.plots_dir("mnist") == Path("digits_plots")


def ensemble(path: Path, members: int) -> Run:
    run = Run.create(TrainConfig(ensemble=members), path)
    for number in range(1, members + 1):
        member = run.create_member(number, TrainConfig(dataset="digits"))
        member.model_file.write_bytes(b"weights")
    return run


def test_the_members_of_an_ensemble_are_its_model_in_their_order() -> None:
    run = ensemble(Path("runs/a"), 11)

    assert not run.finished
    run.write_metrics({})
    assert run.finished
    found = find_model()
    assert (found.name, found.run and found.run.path) == ("runs/a", Path("runs/a"))
    assert found.files == tuple(Path(f"runs/a/member-{n}/model.keras") for n in range(1, 12))
    assert found.plots_dir("mnist") == Path("runs/a/plots")


def test_several_models_answer_together() -> None:
    ensemble(Path("runs/a"), 2)
    Path("mine.keras").write_bytes(b"weights")

    found = find_model("mine.keras", "runs/a", "runs/a/member-1")

    assert found.name == "mine.keras + runs/a + runs/a/member-1"
    assert found.datasets == ("mnist", "digits")
    assert [str(file.parent) for file in found.files] == [
        ".", "runs/a/member-1", "runs/a/member-2", "runs/a/member-1",
    ]  # fmt: skip
    assert found.plots_dir("mnist") == Path("mine_and_2_more_plots")


def test_a_model_knows_how_sure_it_must_be() -> None:
    for name, metrics in (
        ("a", {"min_confidence": 0.6}),
        ("b", {"min_confidence": 0.5}),
        ("c", {}),
    ):
        Run(Path("runs", name)).path.mkdir(parents=True)
        Path("runs", name, "model.keras").touch()
        Run(Path("runs", name)).write_metrics(metrics)
    Path("alone.keras").touch()

    assert find_model("runs/a").min_confidence == 0.6
    assert find_model("runs/a", "runs/b").min_confidence == 0.5
    assert find_model("runs/c").min_confidence == 0
    assert find_model("alone.keras").min_confidence == 0


def test_without_any_run_the_pretrained_model_is_taken() -> None:
    found = find_model()

    assert (found.name, found.datasets) == ("pretrained", ("mnist",))
    assert found.files == find_model("pretrained").files
    assert 0 < found.min_confidence < 0.99
    assert [file.name for file in found.files] == ["model.keras"]
    assert found.plots_dir("mnist") == Path("pretrained_plots")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("nowhere", "no such model: 'nowhere'"),
        ("empty", "no model in 'empty': it is not the directory of a run with an epoch done"),
    ],
)
def test_no_model(wanted: str, message: str) -> None:
    Path("empty").mkdir()

    with pytest.raises(CheckpointError) as caught:
        find_model(wanted)

    assert (caught.value.message, caught.value.hint) == (message, "mnistcli train")
