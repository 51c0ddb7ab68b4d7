"""Training with several seeds: the weights of single runs, continuation, and statistics."""

from dataclasses import replace
from pathlib import Path

import pytest

from mnistcli.config import TrainConfig
from mnistcli.datasets import Splits
from mnistcli.errors import RunError, TrainingError
from mnistcli.runs.run import Run
from mnistcli.runs.seed_series import RunSeries
from mnistcli.training import seed_training
from mnistcli.training.seed_training import SeedResult, SeriesResult, seed_configs, train_seeds
from mnistcli.training.training import train
from tests.support.training import RecordingCallback, hash_weights, train_model

CONFIG = TrainConfig(arch="simple", epochs=1, batch_size=64, dropout=0.25)


@pytest.mark.usefixtures("quick_training")
def test_the_weights_are_those_of_a_single_run(splits: Splits, tmp_path: Path) -> None:
    series = RunSeries.create(CONFIG, tmp_path / "s")
    callback, ended = RecordingCallback(), list[SeedResult]()
    results = train_seeds(CONFIG, splits, [4], series, callback=callback, on_seed_end=ended.append)
    single = train_model(replace(CONFIG, seed=4), splits)

    assert tuple(ended) == results.results
    assert [config.seed for config, _ in callback.begun] == [4]
    run = series.run(4)
    assert hash_weights(run.model_file) == hash_weights(single.run.model_file)
    assert ended[0].metrics["test_accuracy"] == single.test.accuracy
    assert run.read_config() == replace(CONFIG, seed=4, dataset=splits.name)


def test_finished_seeds_are_kept_and_stopped_ones_resumed(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[int, object]] = []

    def train(config: TrainConfig, splits: Splits, run: Run, **options: object) -> None:
        calls.append((config.seed, options["resume"]))
        run.model_file.touch()
        if len(calls) == 2:
            raise KeyboardInterrupt
        run.write_metrics({"seed": config.seed})

    monkeypatch.setattr(seed_training, "train", train)
    series = RunSeries.create(CONFIG, tmp_path / "s")
    with pytest.raises(KeyboardInterrupt):
        train_seeds(CONFIG, splits, [3, 4, 5], series)

    results = train_seeds(CONFIG, splits, [3, 4, 5], series)

    assert calls == [(3, False), (4, False), (4, True), (5, False)]
    assert [result.metrics["seed"] for result in results.results] == [3, 4, 5]


def test_a_series_is_not_continued_with_other_settings(splits: Splits, tmp_path: Path) -> None:
    series = RunSeries.create(CONFIG, tmp_path / "s")
    Run.create(replace(CONFIG, dataset=splits.name, seed=3), series.run(3).path)

    with pytest.raises(RunError, match=r"different settings: batch_size 64, not 32"):
        train_seeds(replace(CONFIG, batch_size=32), splits, [9, 3], series)

    assert not series.run(9).path.exists()


def test_a_series_has_one_start_model(
    splits: Splits, trained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained_run.parent)
    config = replace(CONFIG, base_model=trained_run.name)
    series = RunSeries.create(config, tmp_path / "s")

    (first,) = seed_configs(config, splits, [3], series)
    Run.create(first, series.run(3).path)

    assert first.base_model == str(trained_run.resolve())
    assert seed_configs(first, splits, [3], series) == [first]
    with pytest.raises(RunError, match=r"different settings: base_model '.*', not 'pretrained'"):
        seed_configs(replace(config, base_model="pretrained"), splits, [3], series)


def test_a_series_has_one_content_of_a_custom_architecture(splits: Splits, tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text("one", encoding="utf-8")
    config = replace(CONFIG, arch=f"{file}:build")
    series = RunSeries.create(config, tmp_path / "s")
    (first,) = seed_configs(config, splits, [3], series)
    Run.create(first, series.run(3).path)
    file.write_text("two", encoding="utf-8")

    with pytest.raises(RunError, match=r"was trained with a different version of '.*net\.py'"):
        seed_configs(config, splits, [3], series)
    with pytest.raises(TrainingError, match="has changed since the run started"):
        train(first, splits, Run.create(first, tmp_path / "r"))


def test_a_seed_that_fails_does_not_stop_the_others(
    splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(config: TrainConfig, splits: Splits, run: Run, **_: object) -> None:
        if config.seed == 1:
            raise TrainingError("the loss became NaN")
        run.model_file.touch()
        run.write_metrics({"seed": config.seed, "test_accuracy": 0.5 + config.seed / 10})

    monkeypatch.setattr(seed_training, "train", train)
    series = RunSeries.create(CONFIG, tmp_path / "s")

    results = train_seeds(CONFIG, splits, [0, 1, 2], series)

    first, failed, last = results.as_dict()["seeds"]
    assert failed == {"run": str(series.run(1).path), "seed": 1, "error": "the loss became NaN"}
    assert (first["seed"], last["seed"]) == (0, 2)


def result(seed: int, **metrics: float) -> SeedResult:
    return SeedResult(seed, Run(Path(f"seed-{seed}")), metrics)


def test_the_statistics_of_the_seeds_are_mean_and_deviation() -> None:
    runs = (result(0, test_accuracy=0.9), result(1, test_accuracy=0.8), result(2))
    results = SeriesResult(RunSeries(Path("s")), CONFIG, runs)

    assert results.as_dict()["test_accuracy"] == pytest.approx(
        {"mean": 0.85, "sd": 0.05 * 2**0.5, "minimum": 0.8, "maximum": 0.9}
    )
    assert results.statistics("test_loss") is None
    one = SeriesResult(RunSeries(Path("s")), CONFIG, runs[:1]).statistics("test_accuracy")
    assert one == (0.9, None, 0.9, 0.9)
