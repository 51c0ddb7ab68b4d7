"""Execution of `train` for one run: progress, result, and error and hint for a model at chance."""

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mnistcli.cli.metrics_table import print_training
from mnistcli.cli.training.resuming import resume_command
from mnistcli.cli.training.tensorboard import train_with_log
from mnistcli.cli.training.training_progress import EpochBar, TrainingProgress
from mnistcli.config import OPTIMIZERS, TrainConfig
from mnistcli.errors import TrainingError
from mnistcli.formatting import percent

if TYPE_CHECKING:  # these modules load Keras, which help and errors do without
    from mnistcli.cluster.addresses import ClusterAddress
    from mnistcli.datasets import Splits
    from mnistcli.runs.run import Run
    from mnistcli.training import EnsembleResult, TrainResult


class TrainFunction(Protocol):
    """Trains as `mnistcli.training.train` does."""

    def __call__(
        self, config: TrainConfig, splits: "Splits", run: "Run", *, callback: EpochBar, resume: bool
    ) -> "TrainResult | EnsembleResult":
        """Train one model or an ensemble."""


def train_run(
    config: TrainConfig,
    splits: "Splits",
    run: "Run",
    *,
    resume: bool,
    address: "ClusterAddress | None",
    data_dir: Path | None,
    tensorboard: bool,
    as_json: bool,
) -> None:
    """Train in one run directory with progress, and print the result.

    Args:
        config: The config.
        splits: Training and test images.
        run: The run directory.
        resume: Whether to continue a run that was stopped.
        address: The cluster to train on; None for this process.
        data_dir: Directory of the MNIST files; None for the default.
        tensorboard: Whether to write a log for TensorBoard.
        as_json: Whether to print one JSON object.

    Raises:
        TrainingError: The model is no better than chance (random guessing).
    """
    train_model = _choose_trainer(address, data_dir, tensorboard=tensorboard)
    command = resume_command(run, data_dir, config, tensorboard=tensorboard)
    with TrainingProgress(run, command) as progress:
        result = train_model(config, splits, run, callback=progress, resume=resume)
    print_training(result, as_json=as_json)
    if result.is_at_chance:
        raise TrainingError(
            f"the model is no better than chance: {percent(result.test.accuracy)} accuracy on the "
            "test images, and no better on the validation images; a lower learning rate or more "
            "epochs may help; predict does not use it by default",
            hint=f"--learning-rate {OPTIMIZERS[config.optimizer] / 10:g}",
        )


def _choose_trainer(
    address: "ClusterAddress | None", data_dir: Path | None, *, tensorboard: bool
) -> TrainFunction:
    """Return the function that trains: on a cluster, with a log, or as usual."""
    if address is not None:
        return _cluster_ensemble_trainer(address, data_dir)
    if tensorboard:
        return train_with_log
    from mnistcli.training import train

    return train


def _cluster_ensemble_trainer(address: "ClusterAddress", data_dir: Path | None) -> TrainFunction:
    """Return a function that trains an ensemble on a cluster and shows how many members are done.

    Args:
        address: The cluster.
        data_dir: Directory of the MNIST files; None for the default.
    """
    from mnistcli.training.cluster_training import train_ensemble_on_cluster

    def train(
        config: TrainConfig, splits: "Splits", run: "Run", *, callback: EpochBar, resume: bool
    ) -> "TrainResult | EnsembleResult":
        trained = count(1)

        def show() -> None:
            callback.show_count(next(trained), config.ensemble, "members")

        callback.show_count(0, config.ensemble, "members")
        return train_ensemble_on_cluster(
            address, config, splits, run, data_dir=data_dir, resume=resume, on_member_end=show
        )

    return train
