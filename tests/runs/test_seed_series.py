"""The directory of a series of runs with several seeds."""

from dataclasses import replace
from pathlib import Path

import pytest

from mnistcli.config import TrainConfig
from mnistcli.errors import RunError
from mnistcli.runs.run import Run
from mnistcli.runs.seed_series import RunSeries

CONFIG = TrainConfig(epochs=3)


def test_new_series_have_directories_of_their_own() -> None:
    paths = [RunSeries.create(CONFIG).path for _ in range(3)]

    assert len(set(paths)) == 3
    assert all(path.parent == Path("runs") and "_classic_seeds" in path.name for path in paths)


def test_the_directory_of_one_run_is_no_series() -> None:
    Run.create(CONFIG, Path("r"))

    with pytest.raises(RunError, match="'r' is the directory of a run, not of a series"):
        RunSeries.create(CONFIG, Path("r"))


def test_a_file_is_no_series() -> None:
    Path("f").touch()

    with pytest.raises(RunError, match="cannot create run directory 'f': file exists"):
        RunSeries.create(CONFIG, Path("f"))


def test_a_run_that_was_killed_before_its_settings_were_written_is_trained_again() -> None:
    series = RunSeries.create(CONFIG, Path("s"))
    series.run(0).path.mkdir()
    (series.run(0).path / "config.json").touch()

    series.require_same_config(CONFIG)

    series.run(0).model_file.touch()
    with pytest.raises(RunError):
        series.require_same_config(CONFIG)


OTHER = [
    ({"arch": "simple"}, {"arch": "deep"}, "different settings: arch 'simple', not 'deep'"),
    ({"base_model": "/a"}, {"base_model": "/b"}, "different settings: base_model '/a', not '/b'"),
    ({}, {"base_model": "/b"}, "different settings: base_model None, not '/b'"),
    (
        {"arch": "/d/net.py:build", "arch_sha256": "0" * 64},
        {"arch": "/d/net.py:wide", "arch_sha256": "0" * 64},
        "different settings: arch 'build', not 'wide'",
    ),
    (
        {"arch": "/d/net.py:build", "arch_sha256": "0" * 64},
        {"arch": "/e/net.py:build", "arch_sha256": "1" * 64},
        "a different version of '/e/net.py'",
    ),
]


def make_config(settings: dict[str, str]) -> TrainConfig:
    return TrainConfig.from_dict(CONFIG.as_dict() | settings)


@pytest.mark.parametrize(("recorded", "given", "difference"), OTHER)
def test_another_architecture_or_start_model_is_refused(
    recorded: dict[str, str], given: dict[str, str], difference: str
) -> None:
    series = RunSeries.create(CONFIG, Path("s"))
    Run.create(make_config(recorded), series.run(0).path)

    with pytest.raises(RunError) as caught:
        series.require_same_config(make_config(given))

    assert caught.value.message == f"'s/seed-0' was trained with {difference}"
    assert caught.value.hint == "--run-dir DIR"


def test_the_file_of_a_custom_architecture_may_have_another_path() -> None:
    series = RunSeries.create(CONFIG, Path("s"))
    custom = replace(CONFIG, arch="/d/net.py:build", arch_sha256="0" * 64)
    Run.create(custom, series.run(0).path)

    series.require_same_config(replace(custom, arch="/e/copy.py:build"))


def test_only_an_empty_series_is_removed() -> None:
    series = RunSeries.create(CONFIG)
    Run.create(CONFIG, series.run(0).path)
    empty = RunSeries.create(CONFIG)

    series.remove_if_empty()
    empty.remove_if_empty()

    assert list(Path("runs").iterdir()) == [series.path]
