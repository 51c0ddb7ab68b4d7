"""The option ``--tensorboard`` of `train`: training with a log."""

from typing import TYPE_CHECKING

from mnistcli.cli.hints import quote_argument
from mnistcli.cli.streams import print_note

if TYPE_CHECKING:  # these modules load Keras, which help and errors do without
    from mnistcli.config import TrainConfig
    from mnistcli.datasets import Splits
    from mnistcli.runs.run import Run
    from mnistcli.training import EnsembleResult, TrainingCallback, TrainResult


def train_with_log(
    config: "TrainConfig",
    splits: "Splits",
    run: "Run",
    *,
    callback: "TrainingCallback",
    resume: bool,
) -> "TrainResult | EnsembleResult":
    """Train as `mnistcli.training.train` does, and write a log for TensorBoard.

    Args:
        config: The config.
        splits: Training and test images.
        run: The run directory.
        callback: Receives the progress.
        resume: Whether to continue a run that was stopped.

    Raises:
        OutputError: The log cannot be written.
    """
    from mnistcli.plotting.quiet_import import import_matplotlib
    from mnistcli.training import train

    import_matplotlib()
    from mnistcli.tensorboard_log import TensorBoardLog, log_result

    log = TensorBoardLog(run, callback)
    result = train(config, splits, run, callback=log, resume=resume)
    log_result(result, splits.test)
    print_note(f"show the log with: tensorboard --logdir {quote_argument(str(run.path))}")
    return result
