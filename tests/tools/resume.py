"""Kill every recipe in each of its epochs, resume it in a new process, and compare the results.

Usage: python -m tests.tools.resume [--epochs N] [RECIPE ...]
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from mnistcli.config import TrainConfig
from mnistcli.datasets import Splits
from mnistcli.inference import litert_conversion
from mnistcli.recipes import RECIPES
from mnistcli.runs.run import Run
from mnistcli.training import train
from tests.support.kills import fork, verify_in_fork, wait
from tests.support.strokes import make_splits
from tests.support.training import RecordingCallback

_BATCH = 50  # the last batch of the 400 images is a partial one


class _KillAfter(RecordingCallback):
    """Kills the process after some steps of the epoch that follows a number of epochs."""

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self._epochs = epochs

    def on_train_batch_end(self, step: int, loss: float, accuracy: float) -> None:
        super().on_train_batch_end(step, loss, accuracy)
        if len(self.epochs) == self._epochs:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> int:
    """Try all recipes; return 1 if a result differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=[*RECIPES, "ensemble"], metavar="RECIPE")
    parser.add_argument("--epochs", type=int, default=4)
    options = parser.parse_args()
    splits = make_splits()
    different = 0
    for name in options.recipes:
        recipe = "classic" if name == "ensemble" else name
        config = replace(RECIPES[recipe].config, epochs=options.epochs, batch_size=_BATCH)
        if name == "ensemble":
            config = replace(config, ensemble=2)
        with tempfile.TemporaryDirectory() as folder:
            points, wrong = _try_points(config, splits, Path(folder))
        sys.stdout.write(f"{name}: {points} points, {wrong} different\n")
        sys.stdout.flush()
        different += wrong
    return int(different > 0)


def _try_points(config: TrainConfig, splits: Splits, folder: Path) -> tuple[int, int]:
    """Kill a run after each epoch; return the numbers of kills and of different results."""
    expected, wrong = "", 0
    for epochs in range(config.epochs * config.ensemble):
        run = folder / "run"
        code = wait(_train(config, splits, run, epochs or None))
        if epochs and code == 0:  # early stopping
            return epochs - 1, wrong
        assert code == (-signal.SIGKILL if epochs else 0)
        verified = wait(verify_in_fork(run, splits, config)) == 0
        result = (run / "result.txt").read_text() if verified else ""
        expected = expected or result
        wrong += result != expected
        shutil.rmtree(run)
    return epochs, wrong


def _train(config: TrainConfig, splits: Splits, run: Path, epochs: int | None) -> int:
    def work() -> None:
        litert_conversion.to_litert = lambda model: None
        callback = None if epochs is None else _KillAfter(epochs)
        train(config, splits, Run.create(config, run), callback=callback)

    return fork(work)


if __name__ == "__main__":
    sys.exit(main())
