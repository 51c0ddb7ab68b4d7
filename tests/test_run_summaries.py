"""Run summaries: what the table of runs says of finished, stopped and damaged runs."""

import json
import os
import zipfile
from pathlib import Path

import pytest

from mnistcli.config import TrainConfig
from mnistcli.errors import ConfigError, RunError
from mnistcli.model_lookup import PRETRAINED_DIR, find_model
from mnistcli.recipes import RECIPES, resolve
from mnistcli.run_summaries import find_common_dataset, find_runs, list_runs, summarize_run
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run

RUNS = Path("runs")


def make_history(epochs: int) -> list[EpochRow]:
    return [
        EpochRow(epoch=n, loss=0.5, accuracy=0.9, learning_rate=0.001, seconds=2.5)
        for n in range(1, epochs + 1)
    ]


def make_run(
    name: str, config: TrainConfig | None = None, *, epochs: int = 3, finished: bool = True
) -> Run:
    """Write the files of a run; its model is a zip archive without a model."""
    run = Run.create(config or TrainConfig(), RUNS / name)
    if epochs:
        run.write_history(make_history(epochs))
        with zipfile.ZipFile(run.model_file, "w"):
            pass
    if finished:
        run.write_metrics({"test_accuracy": 0.99, "test_loss": 0.03, "seconds": 8.1234})
    return run


def names() -> list[str]:
    return [summary.path.name for summary in list_runs().summaries]


def test_no_directory_has_no_runs() -> None:
    assert list_runs() == ([], {})


def test_the_newest_run_is_last() -> None:
    for age, name in enumerate(["c", "a", "b"]):
        run = make_run(name)
        os.utime(RUNS / name / "metrics.json", ns=(0, 10**9 * (10 - age)))
        run.write_history(make_history(4))  # a copy can have newer files than its metrics

    assert names() == ["b", "a", "c"]


def test_the_runs_of_seeds_are_listed() -> None:
    make_run("fast_seeds/seed-0")
    make_run("fast_seeds/other/seed-1")

    (summary,) = list_runs().summaries
    assert summary.path == RUNS / "fast_seeds/seed-0"


def test_an_unfinished_run_is_as_old_as_its_last_epoch() -> None:
    for name, seconds in [("stopped", 20), ("finished", 10), ("begun", 5)]:
        make_run(name, finished=name == "finished", epochs=0 if name == "begun" else 2)
        for file in (RUNS / name).iterdir():
            os.utime(file, ns=(0, seconds * 10**9))

    assert names() == ["begun", "finished", "stopped"]


def test_the_summary_of_a_finished_run_has_its_results() -> None:
    summary = summarize_run(make_run("a", resolve("deep", dataset="digits", seed=3, epochs=5)))

    assert summary.as_dict() == {
        "run": "runs/a",
        "recipe": "deep",
        "dataset": "digits",
        "seed": 3,
        "changes": {"dataset": "digits", "epochs": 5, "seed": 3},
        "finished": True,
        "epochs": 3,
        "models": 1,
        "test_accuracy": 0.99,
        "test_loss": 0.03,
        "seconds": 8.123,
        "at_chance": False,
    }
    assert summary.progress == ""


def test_an_unfinished_run_has_the_time_of_its_epochs() -> None:
    summary = summarize_run(make_run("a", finished=False))

    assert (summary.is_finished, summary.accuracy, summary.loss) == (False, None, None)
    assert summary.seconds == 7.5
    assert summary.progress == "unfinished: 3 of 10 epochs"


def test_the_time_of_the_packaged_model_is_unknown() -> None:
    summary = summarize_run(Run(PRETRAINED_DIR))

    assert (summary.seconds, summary.as_dict()["seconds"]) == (None, None)


def test_an_unfinished_ensemble_counts_its_models() -> None:
    run = make_run("a", resolve("fast", ensemble=3), epochs=0, finished=False)
    member = run.create_member(1, resolve("fast"))
    member.write_history(make_history(1))
    member.model_file.touch()

    summary = summarize_run(run)

    assert summary.progress == "unfinished: 1 of 3 members"
    assert (len(summary.history), summary.seconds) == (1, 2.5)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_differs_from_itself_in_nothing(recipe: str) -> None:
    assert summarize_run(make_run("a", RECIPES[recipe].config)).changes == {}


def test_an_unknown_recipe_differs_from_the_defaults() -> None:
    config = TrainConfig(recipe="of-another-version", epochs=7)

    assert summarize_run(make_run("a", config)).changes == {"epochs": 7}


@pytest.mark.parametrize("value", [None, True, "0.99", float("nan"), -0.5, 10**400])
def test_a_metric_that_is_no_number_is_unknown(value: object) -> None:
    run = make_run("a")
    run.write_metrics({"test_accuracy": value, "test_loss": value, "at_chance": True})

    summary = summarize_run(run)
    assert (summary.accuracy, summary.loss, summary.is_at_chance) == (None, None, True)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", "{"),
        ("config.json", json.dumps({"epochs": 0})),
        ("config.json", None),
        ("metrics.json", "[]"),
        ("history.csv", "epoch,loss\n1,x\n"),
        ("model.keras", "PK"),
    ],
)
def test_a_damaged_run_is_named_and_skipped(file: str, content: str | None) -> None:
    make_run("good")
    make_run("bad")
    if content is None:
        (RUNS / "bad" / file).unlink()
    else:
        (RUNS / "bad" / file).write_text(content)

    summaries, damaged = list_runs()

    assert [summary.path for summary in summaries] == [RUNS / "good"]
    assert list(damaged) == [RUNS / "bad"]
    assert "bad" in damaged[RUNS / "bad"].message


def test_a_run_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    make_run("a")

    def deny(run: Run) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Run, "changed_at", property(deny))

    (error,) = list_runs().damaged.values()
    assert error.message == "cannot read 'runs/a': permission denied"


def test_other_files_and_directories_are_passed_over() -> None:
    make_run("a")
    (RUNS / "notes").mkdir()
    (RUNS / "notes.txt").touch()

    assert list_runs().damaged == {}
    assert names() == ["a"]


def test_runs_are_found_by_their_names_once() -> None:
    make_run("a")
    make_run("b")

    found = find_runs(["a", "runs/b", "runs/a"])

    assert [one.summary.path for one in found] == [RUNS / "a", RUNS / "b"]


def test_one_run_cannot_be_compared() -> None:
    make_run("a")

    with pytest.raises(ConfigError, match="at least two different runs"):
        find_runs(["a", "latest"])


@pytest.mark.parametrize("name", ["alone.keras", "runs/a/last.keras"])
def test_a_model_file_is_no_run(name: str) -> None:
    run = make_run("a")
    Path(name).write_bytes(run.model_file.read_bytes())

    with pytest.raises(RunError, match=f"not a run directory: '{name}'"):
        find_runs(["a", name])


def test_runs_of_different_datasets() -> None:
    for name, dataset in [("a", "digits"), ("b", "digits"), ("c", "mnist")]:
        make_run(name, TrainConfig(dataset=dataset))
    models = [find_model(name) for name in ("a", "b", "c")]

    assert find_common_dataset(models[:2]) == "digits"
    with pytest.raises(
        RunError, match="'runs/a' was trained on 'digits', 'runs/c' on 'mnist'"
    ) as e:
        find_common_dataset(models)
    assert e.value.hint == "--dataset digits"
