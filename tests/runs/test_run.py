"""Run directories: names and files; in a race condition, a directory goes to one run only."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mnistcli.config import TrainConfig
from mnistcli.errors import RunError
from mnistcli.recipes import RECIPES
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run

DEEP = RECIPES["deep"].config


def test_a_new_run_is_named_after_recipe_and_seed() -> None:
    first = Run.create(DEEP)
    second = Run.create(DEEP)

    assert first.path.parent == Path("runs")
    assert first.path.name.endswith("_deep_seed0")
    assert second.path != first.path


def test_processes_that_start_together_get_different_directories() -> None:
    """Six processes shared one directory when they only checked whether it existed."""
    code = (
        "import sys; from mnistcli.config import TrainConfig; from mnistcli.runs.run import Run\n"
        "print('ready', flush=True); sys.stdin.read()\n"
        "for _ in range(5): print(Run.create(TrainConfig()).path)\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    paths = [line for process in processes for line in process.communicate()[0].split()]

    assert len(paths) == len(set(paths)) == 30


def test_one_given_directory_goes_to_one_run_only() -> None:
    """The second process may look before the first has written."""
    Path("run").mkdir()
    first, second = Run(Path("run")), Run(Path("run"))

    assert first._claim()
    assert not second._claim()


def test_a_run_keeps_its_config(tmp_path: Path) -> None:
    run = Run.create(RECIPES["sgd"].config, tmp_path / "a" / "run")

    assert Run(run.path).read_config() == RECIPES["sgd"].config


def test_an_empty_directory_can_become_a_run(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()

    assert Run.create(TrainConfig(), tmp_path / "run").read_config() == TrainConfig()


def test_a_directory_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("keep")
    (tmp_path / "run-2").mkdir()

    with pytest.raises(RunError, match="exists and is not empty") as caught:
        Run.create(TrainConfig(), tmp_path / "run")

    assert caught.value.hint == f"--run-dir {tmp_path / 'run-3'}"
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("name", [".", "", "./"])
def test_the_current_directory_has_a_name_for_the_hint(name: str, tmp_path: Path) -> None:
    Path("file").touch()

    with pytest.raises(RunError) as caught:
        Run.create(TrainConfig(), Path(name))

    assert caught.value.message == "run directory '.' exists and is not empty"
    assert caught.value.hint == f"--run-dir {tmp_path}-2"


def test_the_root_directory_is_not_a_run() -> None:
    with pytest.raises(RunError) as caught:
        Run.create(TrainConfig(), Path("/"))

    assert caught.value.message == "run directory '/' exists and is not empty"
    assert caught.value.hint == "--run-dir DIR"


def test_a_directory_that_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(RunError) as caught:
        Run.create(TrainConfig(), tmp_path / "file" / "run")

    assert caught.value.message == (
        f"cannot create run directory {str(tmp_path / 'file' / 'run')!r}: not a directory"
    )


def test_a_name_that_is_not_utf_8() -> None:
    path = Path(os.fsdecode(b"run-\xff"))
    config = TrainConfig(dataset=str(path))
    run = Run.create(config, path)
    run.write_metrics({"run": str(run.path)})

    assert run.read_config() == config
    assert run.read_metrics() == {"run": str(path)}
    assert "\\udcff" in (path / "metrics.json").read_text(encoding="utf-8")


def test_a_discarded_run_leaves_nothing() -> None:
    run = Run.create(TrainConfig())
    run.write_environment({})
    run.create_member(1, TrainConfig())

    run.discard()

    assert not Path("runs").exists()


def test_discarding_keeps_what_the_run_did_not_write() -> None:
    Path("given").mkdir()
    given = Run.create(TrainConfig(), Path("given"))
    made = Run.create(TrainConfig(), Path("made"))
    Path("made/notes.txt").touch()

    given.discard()
    made.discard()

    assert list(Path("given").iterdir()) == []
    assert list(Path("made").iterdir()) == [Path("made/notes.txt")]


def test_metrics_mark_a_run_as_finished(tmp_path: Path) -> None:
    run = Run.create(TrainConfig(), tmp_path / "run")
    run.model_file.touch()
    with pytest.raises(RunError, match=r"no metrics\.json in") as caught:
        run.read_metrics()
    assert not run.is_finished

    run.write_metrics({"epochs": 1})

    assert caught.value.hint == "--model pretrained"
    assert run.is_finished
    assert run.read_metrics() == {"epochs": 1}


def test_an_ensemble_has_the_models_of_its_members_in_order() -> None:
    run = Run.create(TrainConfig(ensemble=11), Path("run"))
    for number in range(1, 12):
        run.create_member(number, TrainConfig()).model_file.touch()

    assert run.model_files == tuple(Path(f"run/member-{n}/model.keras") for n in range(1, 12))


def test_a_directory_with_a_similar_name_is_not_a_member() -> None:
    """Plots of several members are written beside them."""
    run = Run.create(TrainConfig(ensemble=2), Path("run"))
    Path("run/member-1_and_1_more_plots").mkdir()
    Path("run/member-1_and_1_more_plots/model.keras").touch()

    assert run.model_files == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", ""),
        ("[]", ""),
        ('{"epochs": ', ""),
        ("[" * 100_000, ""),
        ("\xff", ""),
        ('{"speeed": 9}', ": unknown setting 'speeed'"),
        ('{"epochs": -1}', ": epochs must be at least 1, not -1"),
        ('{"batch_size": [1]}', ": batch_size must be a whole number, not [1]"),
        ('{"arch": 5}', ": arch must be text, not 5"),
        ('{"dropout": NaN}', ": dropout must be a finite number, not nan"),
        ('{"beta_1": 5}', ": beta_1 must be at least 0 and below 1, not 5"),
        ('{"optimizer": "adem"}', ": unknown optimizer 'adem'; did you mean 'adam'?"),
        ('{"learning_rate": 1' + "0" * 400 + "}", ": learning_rate must be a finite number"),
        ('{"reduce_lr": 1, "schedule": "one-cycle"}', ": reduce_lr cannot be combined with"),
    ],
)
def test_a_damaged_config_is_named(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "config.json").write_text(content, encoding="latin-1")

    with pytest.raises(RunError) as caught:
        Run(tmp_path).read_config()

    expected = f"damaged file {str(tmp_path / 'config.json')!r}{reason}"
    assert caught.value.message.startswith(expected)
    assert (caught.value.exit_code, caught.value.hint) == (1, "--model pretrained")


@pytest.mark.parametrize("name", ["config.json", "metrics.json", "history.csv"])
@pytest.mark.parametrize("kind", ["directory", "FIFO", "loop"])
def test_a_path_that_is_not_a_regular_file(tmp_path: Path, name: str, kind: str) -> None:
    run = Run(tmp_path)
    path = tmp_path / name
    if kind == "directory":
        path.mkdir()
    elif kind == "FIFO":
        os.mkfifo(path)
    else:
        path.symlink_to(path)
    read = {
        "config.json": run.read_config,
        "metrics.json": run.read_metrics,
        "history.csv": run.read_history,
    }[name]

    with pytest.raises(RunError, match=r"cannot read|no config|no metrics|no history"):
        read()


@pytest.mark.parametrize("name", ["min_confidence", "min_digit_score"])
@pytest.mark.parametrize("value", ["x", None, [], True, 2, -5, float("nan"), 10**400])
def test_an_invalid_rejection_threshold_is_an_error(
    tmp_path: Path, name: str, value: object
) -> None:
    run = Run(tmp_path)
    run.write_metrics({name: value})

    with pytest.raises(RunError, match=rf"metrics\.json.*: {name} must be a number"):
        _ = run.digit_thresholds


def test_the_rejection_thresholds_are_0_if_the_metrics_have_none(tmp_path: Path) -> None:
    Run(tmp_path).write_metrics({})

    assert Run(tmp_path).digit_thresholds == (0, 0)


def test_a_run_knows_what_its_model_was_trained_on() -> None:
    run = Run.create(replace(TrainConfig(), dataset="digits", base_model="runs/a"), Path("run"))

    known = []
    for names in (None, ["digits", "mnist"], "mnist", [["mnist"]]):
        run.write_environment({"trained_on": names})
        known.append(run.trained_on)

    assert known == [("digits",), ("digits", "mnist"), ("digits",), ("digits",)]


def test_an_invalid_config_is_named_whatever_the_environment_says() -> None:
    run = Run.create(TrainConfig(), Path("run"))
    run.write_environment({"trained_on": ["mnist"]})
    Path("run/config.json").write_text('{"epochs": -1}')

    with pytest.raises(RunError, match=r"config\.json.*: epochs must be at least 1, not -1"):
        _ = run.trained_on


def test_the_environment_is_readable_text(tmp_path: Path) -> None:
    Run(tmp_path).write_environment({"command": "mnistcli train ü"})

    text = (tmp_path / "environment.json").read_text(encoding="utf-8")
    assert "ü" in text
    assert json.loads(text) == {"command": "mnistcli train ü"}


def test_a_missing_history_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no history in") as caught:
        Run(tmp_path).read_history()

    assert caught.value.hint == "--model pretrained"


def test_a_history_without_epochs_is_an_error(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.write_history([EpochRow(epoch=1, loss=1, accuracy=0, learning_rate=1, seconds=1)])
    header = (tmp_path / "history.csv").read_text().splitlines()[0]
    (tmp_path / "history.csv").write_text(f"{header}\n")

    with pytest.raises(RunError, match="no history in"):
        run.read_history()
