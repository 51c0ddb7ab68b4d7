"""Fake run directories, written without training; their models look real from the outside."""

import os
import zipfile
from pathlib import Path

from mnistcli.config import TrainConfig
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run

ROW = EpochRow(epoch=1, loss=0.5, accuracy=0.8, learning_rate=0.1, seconds=2.5)


def write_model(path: Path) -> None:
    """Write a file that looks like a `.keras` file from the outside."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")


def start(path: str, config: TrainConfig | None = None, *, epochs: int = 0) -> Run:
    """Create an unfinished run."""
    run = Run.create(config or TrainConfig(), Path(path))
    if epochs:
        write_model(run.model_file)
        write_model(run.last_model_file)
        run.write_history([EpochRow(**{**vars(ROW), "epoch": n}) for n in range(1, epochs + 1)])
    return run


def finish(
    path: str, config: TrainConfig | None = None, *, modified: int = 0, **metrics: object
) -> Run:
    """Create a finished run."""
    run = start(path, config, epochs=1)
    run.write_metrics(metrics)
    if modified:
        os.utime(run.path / "metrics.json", (modified, modified))
    return run


def make_ensemble(path: str, members: int, *, trained: int | None = None) -> Run:
    """Create an ensemble, of which only some members may be trained."""
    run = Run.create(TrainConfig(ensemble=members), Path(path))
    for number in range(1, (members if trained is None else trained) + 1):
        member = run.create_member(number, TrainConfig(dataset="digits"))
        write_model(member.model_file)
    return run
