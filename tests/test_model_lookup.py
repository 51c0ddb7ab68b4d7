"""Model lookup: names, defaults and descriptions."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mnistcli.config import TrainConfig
from mnistcli.digit_thresholds import NO_DIGIT_THRESHOLDS
from mnistcli.errors import ModelError, RunError
from mnistcli.model_lookup import ModelRef, find_model
from mnistcli.plotting.directories import plots_dir
from mnistcli.recipes import RECIPES
from tests.support.runs import finish, make_ensemble, start, write_model


def error_of(*names: str) -> ModelError:
    with pytest.raises(ModelError) as caught:
        find_model(*names)
    return caught.value


# Names


def test_the_newest_finished_run_is_the_default_and_latest() -> None:
    finish("runs/b", modified=200)
    finish("runs/a", modified=300)
    start("runs/unfinished", epochs=1)

    assert find_model().name == find_model("latest").name == "runs/a"


def test_without_a_run_the_packaged_model_is_the_default() -> None:
    found = find_model()

    assert (found.name, found.datasets) == ("pretrained", ("mnist",))
    assert found.files == find_model("pretrained").files
    assert [file.name for file in found.files] == ["model.keras"]
    assert all(0 < threshold < 0.99 for threshold in found.digit_thresholds)


def test_latest_needs_a_finished_run() -> None:
    error = error_of("latest")

    assert (error.message, error.hint) == ("no finished run in 'runs'", "--model pretrained")


def test_the_variable_comes_before_the_newest_run(monkeypatch: pytest.MonkeyPatch) -> None:
    finish("runs/a")
    finish("elsewhere")
    monkeypatch.setenv("MNISTCLI_MODEL", "elsewhere")

    assert find_model().name == "elsewhere"
    assert find_model("runs/a").name == "runs/a"


def test_an_error_names_the_variable_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTCLI_MODEL", "nosuch")

    error = error_of()

    assert error.message == "no such model: 'nosuch' (from $MNISTCLI_MODEL)"
    assert error.hint == "unset MNISTCLI_MODEL"


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTCLI_MODEL", "")

    assert find_model().name == "pretrained"


def test_a_run_is_found_under_runs_by_its_bare_name() -> None:
    finish("runs/a")

    assert find_model("a").name == "runs/a"
    assert find_model(Path("a")).files == (Path("runs/a/model.keras"),)


def test_a_path_comes_before_the_name_of_a_run() -> None:
    finish("runs/a")
    finish("a")

    assert find_model("a").name == "a"


def test_a_file_called_latest_is_found_by_its_path() -> None:
    write_model(Path("latest"))

    assert find_model("./latest").files == (Path("latest"),)


def test_the_root_of_the_runs_can_be_another_directory() -> None:
    finish("experiments/a")

    assert find_model("a", root=Path("experiments")).name == "experiments/a"
    assert find_model(root=Path("experiments")).name == "experiments/a"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "the name of the model is empty"),
        ("nowhere", "no such model: 'nowhere'"),
        ("a\0b", "no such model: 'a\\x00b'"),
        ("x" * 300, f"cannot read model {'x' * 300!r}: file name too long"),
        ("empty", "no model in 'empty': not a run directory, or no epoch has finished"),
        ("file.tflite/x", "no such model: 'file.tflite/x'"),
        (
            "file.tflite",
            "'file.tflite' is a LiteRT model: use the .keras file or the run directory",
        ),
        ("saved", "'saved' is a SavedModel: save the model as .keras"),
        (
            "weights",
            "'weights' is a checkpoint (weights without the model): save the whole model, "
            'model.save("m.keras")',
        ),
    ],
)
def test_names_that_are_not_a_model(name: str, message: str) -> None:
    Path("empty").mkdir()
    Path("saved").mkdir()
    Path("saved/saved_model.pb").touch()
    Path("weights").mkdir()
    Path("weights/checkpoint").touch()
    Path("file.tflite").write_bytes(b"\x1c\0\0\0TFL3")

    error = error_of(name)

    assert error.message == message
    assert error.hint == "--model pretrained"


def test_the_parent_of_runs_is_not_a_model_and_the_hint_names_the_newest_run() -> None:
    finish("runs/a", modified=200)
    finish("runs/my best", modified=300)

    assert error_of("runs").hint == "--model 'runs/my best'"


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_a_directory_without_permission_is_an_error() -> None:
    finish("runs/a")
    Path("runs/a").chmod(0)
    try:
        assert error_of("runs/a").message == "permission denied: 'runs/a'"
        assert "permission denied" in error_of("runs/a/model.keras").message
        assert find_model().name == "pretrained"
    finally:
        Path("runs/a").chmod(0o700)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("metrics.json", b"{"),
        ("metrics.json", b'{"min_confidence": NaN}'),
        ("metrics.json", b'{"min_confidence": "high"}'),
        ("config.json", b"[]"),
        ("config.json", b'{"epochs": 0}'),
        ("model.keras", b""),
        ("model.keras", b"PK truncated"),
    ],
)
def test_a_damaged_run_is_not_the_default(file: str, content: bytes) -> None:
    finish("runs/whole", modified=200)
    damaged = finish("runs/damaged", modified=300)
    (damaged.path / file).write_bytes(content)
    os.utime(damaged.path / "metrics.json", (300, 300))

    assert find_model().name == "runs/whole"
    assert find_model().description == (
        "runs/whole (classic, trained on mnist, skipped runs/damaged, which is damaged)"
    )
    assert find_model("latest").skipped == ("skipped runs/damaged, which is damaged",)


def test_the_newest_run_can_be_that_of_a_seed() -> None:
    finish("runs/one", modified=200)
    finish("runs/fast_seeds/seed-3", modified=300)

    assert find_model("latest").name == "runs/fast_seeds/seed-3"
    assert find_model("fast_seeds/seed-3").name == "runs/fast_seeds/seed-3"


def test_a_damaged_run_is_named_if_the_packaged_model_is_used() -> None:
    (finish("runs/damaged").path / "config.json").write_text("{")

    assert find_model().description.endswith(", skipped runs/damaged, which is damaged)")


# Files and their runs


@pytest.mark.parametrize("epochs", [0, 1])
def test_the_model_file_of_a_run_stands_for_the_run(epochs: int) -> None:
    """An unfinished run and its file used to be evaluated on different datasets."""
    config = TrainConfig(dataset="digits")
    if epochs:
        start("runs/a", config, epochs=epochs)
    else:
        finish("runs/a", config)

    by_run, by_file = find_model("runs/a"), find_model("runs/a/model.keras")

    assert by_file == ModelRef(by_run.files, by_file.run)
    assert by_run.name == by_file.name == "runs/a"
    assert by_run.datasets == by_file.datasets == ("digits",)
    assert plots_dir(by_run, "digits") == plots_dir(by_file, "digits") == Path("runs/a/plots")


def test_the_last_epoch_of_a_run_has_the_dataset_of_the_run_but_no_threshold() -> None:
    """The threshold was fitted on the kept model after calibration."""
    finish("runs/a", TrainConfig(dataset="digits"), min_confidence=0.6)

    last = find_model("runs/a/last.keras")

    assert (last.name, last.datasets) == ("runs/a/last.keras", ("digits",))
    assert last.digit_thresholds == NO_DIGIT_THRESHOLDS
    assert plots_dir(last, "digits") == Path("runs/a/last_plots")


def test_a_file_outside_a_run_counts_as_trained_on_mnist() -> None:
    write_model(Path("digits.keras"))

    found = find_model("digits.keras")

    assert (found.name, found.run, found.datasets) == ("digits.keras", None, ("mnist",))
    assert (found.digit_thresholds, found.description) == (NO_DIGIT_THRESHOLDS, "digits.keras")
    assert plots_dir(found, "mnist") == Path("digits_plots")


def test_a_model_that_was_copied_out_of_its_run_agrees_with_its_directory() -> None:
    Path("copy").mkdir()
    write_model(Path("copy/model.keras"))

    assert find_model("copy") == find_model("copy/model.keras")
    assert find_model("copy").datasets == ("mnist",)


def test_a_tuned_model_was_also_trained_on_the_dataset_of_its_start_model() -> None:
    """Else images of that dataset would count as unseen."""
    tuned = finish("runs/b", TrainConfig(dataset="/data/B", base_model="pretrained"))
    tuned.write_environment({"trained_on": ["/data/B", "/data/A", "mnist"]})

    assert find_model("runs/b").datasets == ("/data/B", "/data/A", "mnist")


# Ensembles


def test_the_members_of_an_ensemble_are_its_files_in_order() -> None:
    run = make_ensemble("runs/a", 11)
    assert not run.is_finished
    run.write_metrics({})

    found = find_model()

    assert found.name == "runs/a"
    assert found.files == tuple(Path(f"runs/a/member-{n}/model.keras") for n in range(1, 12))
    assert plots_dir(found, "mnist") == Path("runs/a/plots")


def test_several_models_are_averaged() -> None:
    make_ensemble("runs/a", 2)
    write_model(Path("mine.keras"))

    found = find_model("mine.keras", "a", "runs/a/member-1")

    assert found.name == "mine.keras + runs/a + runs/a/member-1"
    assert found.datasets == ("mnist", "digits")
    assert [str(file.parent) for file in found.files] == [
        ".", "runs/a/member-1", "runs/a/member-2", "runs/a/member-1",
    ]  # fmt: skip


def test_the_thresholds_are_the_lowest_of_several_models() -> None:
    finish("runs/a", min_confidence=0.6, min_digit_score=0.3)
    finish("runs/b", min_confidence=0.5, min_digit_score=0.4)
    finish("runs/c")

    assert find_model("a").digit_thresholds == (0.6, 0.3)
    assert find_model("a", "b").digit_thresholds == (0.5, 0.3)
    assert find_model("c").digit_thresholds == (0, 0)


@pytest.mark.parametrize("value", ["NaN", '"0.5"', "2", "true", "[]"])
def test_a_damaged_threshold_is_one_clear_error(value: str) -> None:
    run = finish("runs/a")
    (run.path / "metrics.json").write_text(f'{{"min_confidence": {value}}}')

    with pytest.raises(RunError, match=r"damaged file 'runs/a/metrics\.json': min_confidence"):
        _ = find_model("runs/a").digit_thresholds


# Descriptions


def test_the_description_says_recipe_dataset_and_test_accuracy() -> None:
    finish("runs/a", RECIPES["deep"].config, test_accuracy=0.99204)

    assert find_model().description == "runs/a (deep, trained on mnist, test accuracy 99.20 %)"
    assert find_model("pretrained").description == (
        "pretrained (distilled, trained on mnist, test accuracy 99.70 %)"
    )


def test_the_description_of_a_tuned_model_names_all_datasets() -> None:
    run = finish("runs/b", replace(RECIPES["tune"].config, dataset="/data/mine"))
    run.write_environment({"trained_on": ["/data/mine", "mnist"]})

    assert find_model("b").description == "runs/b (tune, trained on mine and mnist)"


def test_the_description_says_that_a_run_is_unfinished() -> None:
    start("runs/a", epochs=2)
    make_ensemble("runs/some", 5, trained=2)
    make_ensemble("runs/all", 2)

    assert find_model("a").description == (
        "runs/a (classic, trained on mnist, unfinished: 2 of 10 epochs)"
    )
    assert find_model("some").description == (
        "runs/some (classic, trained on mnist, unfinished: 2 of 5 members)"
    )
    assert find_model("all").description == (
        "runs/all (classic, trained on mnist, unfinished: 2 of 2 members)"
    )


def test_the_description_of_several_models_describes_each() -> None:
    finish("runs/a")
    finish("runs/b")

    assert find_model("a", "b").description == (
        "runs/a (classic, trained on mnist) + runs/b (classic, trained on mnist)"
    )


def test_a_damaged_config_does_not_prevent_the_description() -> None:
    run = finish("runs/a")
    (run.path / "config.json").write_text("{")

    assert find_model("a").description == "runs/a"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (TrainConfig(), False),
        (TrainConfig(augment=True), False),
        (TrainConfig(distort=True), True),
        (TrainConfig(non_digits=0.3), True),
        (TrainConfig(base_model="pretrained"), True),
        (TrainConfig(base_model="runs/plain"), False),
        (TrainConfig(base_model="runs/deleted"), False),
    ],
)
def test_a_model_is_for_photos_if_it_or_its_start_model_was_trained_for_them(
    config: TrainConfig, expected: bool
) -> None:
    finish("runs/plain")
    finish("runs/a", config)

    assert find_model("a").is_for_photos is expected


def test_the_packaged_model_is_for_photos_and_nothing_is_claimed_of_a_file() -> None:
    write_model(Path("mine.keras"))
    finish("runs/plain")

    assert find_model("pretrained").is_for_photos
    assert find_model("mine.keras").is_for_photos
    assert not find_model("pretrained", "plain").is_for_photos


def test_two_runs_that_start_from_each_other_end() -> None:
    finish("runs/a", TrainConfig(base_model="runs/b"))
    finish("runs/b", TrainConfig(base_model="runs/a"))

    assert not find_model("a").is_for_photos


def test_a_run_that_was_killed_before_its_first_model_can_be_resumed() -> None:
    start("r s").resume_file.touch()

    with pytest.raises(ModelError, match="no model in 'r s' yet: the run was stopped") as caught:
        find_model("r s")

    assert caught.value.hint == "mnistcli train --resume 'r s'"


def test_a_run_at_chance_is_not_the_default(tmp_path: Path, trained_run: Path) -> None:
    run = tmp_path / "runs" / "a"
    shutil.copytree(trained_run, run)
    assert find_model().run is not None

    metrics = json.loads((run / "metrics.json").read_text())
    (run / "metrics.json").write_text(json.dumps(metrics | {"at_chance": True}))

    assert find_model().name == "pretrained"
