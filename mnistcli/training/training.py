"""Training runs: `train` turns a config, a dataset and a run directory into a finished run."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from mnistcli.config import TrainConfig, split_custom_architecture
from mnistcli.datasets import Splits
from mnistcli.errors import TrainingError
from mnistcli.model_lookup import PRETRAINED, ModelRef, find_model
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run
from mnistcli.system.devices import find_devices, select_device
from mnistcli.training.callbacks import SilentCallback, TrainingCallback
from mnistcli.training.custom_architecture import CustomArchitecture
from mnistcli.training.data import hold_out_validation
from mnistcli.training.ensembles import combine_members
from mnistcli.training.model_trainer import ModelTrainer
from mnistcli.training.replicas import require_equal_parts
from mnistcli.training.results import EnsembleResult, TrainResult


def train(
    config: TrainConfig,
    splits: Splits,
    run: Run,
    *,
    callback: TrainingCallback | None = None,
    resume: bool = False,
    train_remotely: Callable[[TrainConfig, Run], None] | None = None,
) -> TrainResult | EnsembleResult:
    """Train one model or an ensemble, and evaluate the kept model on the test images.

    A model that was trained with label smoothing is calibrated on the validation images or, without
    validation, on training images.

    Training is reproducible: the random generators of Python, NumPy and the backend are seeded, and
    the same config and data on the same CPU give the same weights, bit for bit, even if the run
    is stopped and resumed. If training fails before the first epoch is saved, the run directory is
    removed.

    Args:
        config: The config. The run records the name of `splits` as its dataset.
        splits: Training and test images; validation images are held out from the former.
        run: The run directory, created by `Run.create`. Each member of an ensemble has a run
            directory inside it.
        callback: Receives the progress. Defaults to none.
        resume: Whether to continue a run that was stopped, after the last epoch that has ended.
            Finished members of an ensemble are not trained again. The config is the run's;
            only the number of epochs may grow, and only with a constant learning rate.
        train_remotely: Trains the members of an ensemble in other processes, which call
            `train_member`. Defaults to this process.

    Returns:
        A `TrainResult`, or an `EnsembleResult` if `config.ensemble` is above 1.

    Raises:
        ModelError: The base model cannot be found or loaded.
        DataError: There are too few images.
        DeviceError: A GPU was requested and there is none, or the batches cannot be divided by the
            number of GPUs.
        RunError: The run directory cannot be written, or another process trains in it. The run to
            resume is finished, or its settings, data or versions differ.
        TrainingError: The base model is an ensemble, the file of a custom architecture fails or
            has changed since the run started, or the training diverged.
    """
    with (
        _discard_if_empty(run, keep=resume),
        run.translate_write_errors(),
        run.lock(),
        select_device(config.device),
    ):
        if resume:
            run.require_resumable()
        config, trainer = _prepare(
            config,
            splits,
            run.architecture_file,
            callback,
            resume=resume or train_remotely is not None,
        )
        if config.ensemble == 1:
            result: TrainResult | EnsembleResult = trainer.train_model(config, run)
        else:
            if not resume:
                trainer.write_description(config, run)
            if train_remotely is not None:
                train_remotely(config, run)
            result = combine_members(config, run, trainer.train_members(config, run))
        run.write_metrics(result.as_dict())
        run.remove_resume_state()
        return result


def train_member(config: TrainConfig, splits: Splits, run: Run, number: int) -> None:
    """Train or resume one member of an ensemble, whose run directory `train` has created.

    Args:
        config: The config of the ensemble.
        splits: See `train`.
        run: The run directory of the ensemble.
        number: The number of the member, counted from 1.

    Raises:
        MnistCliError: The errors of `train`.
    """
    with run.translate_write_errors(), select_device(config.device):
        config, trainer = _prepare(config, splits, run.architecture_file, None, resume=True)
        trainer.train_member(config, run, number)


def _prepare(
    config: TrainConfig,
    splits: Splits,
    architecture_copy: Path,
    callback: TrainingCallback | None,
    *,
    resume: bool,
) -> tuple[TrainConfig, ModelTrainer]:
    """Return the config as a run records it, and the trainer of its models."""
    require_equal_parts(config.batch_size, find_devices(config.device))
    base_model = None if config.base_model is None else find_base_model(config.base_model)
    data = hold_out_validation(config, splits)
    config = replace(config, dataset=splits.name)
    if base_model is not None:
        config = replace(config, base_model=absolute_name(base_model))
    architecture = read_architecture(config, architecture_copy)
    if architecture is not None:
        architecture.require_digest(config.arch_sha256, architecture_copy)
        config = replace(config, arch=architecture.name, arch_sha256=architecture.digest)
    callback = callback or SilentCallback()
    trainer = ModelTrainer(data, base_model, callback, architecture=architecture, resume=resume)
    return config, trainer


def train_unsaved(config: TrainConfig, splits: Splits, callback: TrainingCallback) -> EpochRow:
    """Train one model without writing files, and return its kept epoch with the validation metrics.

    The test images are not used: this is a trial of a search over settings.

    Args:
        config: The config, with validation and without an ensemble.
        splits: Training images; validation images are held out from them.
        callback: Receives the progress. An exception it raises stops training.

    Returns:
        The epoch that `train` would keep.

    Raises:
        MnistCliError: The errors of `train`.
    """
    with select_device(config.device):
        config, trainer = _prepare(config, splits, Path("architecture.py"), callback, resume=False)
        return trainer.train_unsaved(config)


def read_architecture(config: TrainConfig, copy: Path) -> CustomArchitecture | None:
    """Read the custom architecture of a config; None if it has a built-in one or a base model.

    Args:
        config: The config.
        copy: The copy of its file in the run, if the run has started.

    Raises:
        TrainingError: The file is missing or cannot be read, or no function is named.
    """
    if config.base_model is not None or not split_custom_architecture(config.arch)[0]:
        return None
    return CustomArchitecture.read(config.arch, copy)


def find_base_model(name: str) -> ModelRef:
    """Find the model to fine-tune.

    Raises:
        ModelError: There is no such model, or it cannot be loaded.
        TrainingError: The base model is an ensemble.
    """
    base_model = find_model(name)
    if len(base_model.files) > 1:
        raise TrainingError(
            f"cannot fine-tune an ensemble: {name!r}", hint=f"--from {base_model.files[0].parent}"
        )
    return base_model


def absolute_name(model: ModelRef) -> str:
    """Return a name that is valid in any working directory."""
    return PRETRAINED if model.name == PRETRAINED else str(Path(model.name).resolve())


def with_absolute_names(config: TrainConfig) -> TrainConfig:
    """Return a config whose base model and custom architecture are found from any directory.

    Raises:
        ModelError: The base model cannot be found.
        TrainingError: The base model is an ensemble.
    """
    if config.base_model is not None:
        config = replace(config, base_model=absolute_name(find_base_model(config.base_model)))
    file, function = split_custom_architecture(config.arch)
    if file:
        name = os.path.abspath(file)  # noqa: PTH100 - a link keeps its name
        config = replace(config, arch=f"{name}:{function}" if function else name)
    return config


@contextmanager
def _discard_if_empty(run: Run, *, keep: bool) -> Iterator[None]:
    """Remove the run directory on failure if no epoch was saved.

    Args:
        run: The run directory.
        keep: Whether to keep it anyway.
    """
    try:
        yield
    except BaseException:
        with suppress(OSError):  # the first failure matters more
            if not keep and not run.model_files and not run.is_resumable:
                run.discard()
        raise
