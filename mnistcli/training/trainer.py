"""Training runs: `train` makes a finished run of a config, a dataset and a run directory."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from mnistcli import checkpoints, device
from mnistcli.architectures import build_model, freeze_early, unfreeze
from mnistcli.config import TrainConfig
from mnistcli.datasets import Splits
from mnistcli.environment import describe_environment
from mnistcli.errors import TrainingError
from mnistcli.evaluation import Evaluation, evaluate, score
from mnistcli.inference.classifier import Classifier
from mnistcli.inference.conversion import run_by_keras, save_litert
from mnistcli.model_store import PRETRAINED, ModelRef, find_model
from mnistcli.runs import Run
from mnistcli.training.calibration import (
    apply_temperature,
    divide_logits,
    fit_min_confidence,
    fit_temperature,
)
from mnistcli.training.callbacks import RunRecorder, SilentCallback, TrainingCallback
from mnistcli.training.data import TrainingData, hold_out_validation
from mnistcli.training.ensembles import combine_members, member_configs
from mnistcli.training.loop import fit
from mnistcli.training.results import EnsembleResult, TrainResult

# Training images to fit the temperature on if there are no validation images: it is one number.
_CALIBRATION_IMAGES = 6000


def train(
    config: TrainConfig, splits: Splits, run: Run, *, callback: TrainingCallback | None = None
) -> TrainResult | EnsembleResult:
    """Train one model or an ensemble, keep the best epoch, and evaluate on the test images.

    A model that was trained with label smoothing is calibrated on the validation images, or on
    training images without validation.

    The random generators of Python, NumPy and the backend are seeded: the same config and data on
    the same machine give the same weights, bit for bit. If training fails before the first model is
    saved, the run directory is removed.

    Args:
        config: The config. The run records the name of `splits` as its dataset.
        splits: Training and test images; validation images are held out from the former.
        run: The run directory, made by `Run.create`. Each member of an ensemble has a run directory
            inside it.
        callback: Receives the progress. Defaults to none.

    Returns:
        A `TrainResult`, or an `EnsembleResult` if `config.ensemble` is above 1.

    Raises:
        CheckpointError: The start model cannot be found or loaded.
        DataError: There are too few images.
        DeviceError: A GPU was requested and there is none.
        RunError: The run directory cannot be written.
        TrainingError: The start model is an ensemble, or the training diverged.
    """
    with _discard_if_empty(run), run.writing(), device.select(config.device):
        start = None if config.start is None else _find_start(config.start)
        data = hold_out_validation(config, splits)
        config = replace(config, dataset=splits.name)
        if start is not None:
            config = replace(config, start=_absolute_name(start))
        trainer = _Trainer(data, start, callback or SilentCallback())
        if config.ensemble == 1:
            return trainer.train_model(config, run)
        trainer.describe(config, run)
        members = [
            trainer.train_model(own, run.create_member(number, own), number, config.ensemble)
            for number, own in enumerate(member_configs(config), start=1)
        ]
        result = combine_members(config, run, members)
        run.write_metrics(result.as_dict())
        return result


class _Trainer:
    """Trains models on the same images, from the same start model.

    Args:
        data: The images.
        start: The model to fine-tune; None for new models.
        callback: Receives the progress.
    """

    def __init__(
        self, data: TrainingData, start: ModelRef | None, callback: TrainingCallback
    ) -> None:
        self._data = data
        self._start = start
        self._callback = callback

    def describe(self, config: TrainConfig, run: Run) -> None:
        """Write the config and the environment of a run."""
        datasets = dict.fromkeys([self._data.name, *(self._start.datasets if self._start else ())])
        run.write_config(config)
        run.write_environment(describe_environment(config.device) | {"trained_on": list(datasets)})

    def train_model(
        self, config: TrainConfig, run: Run, member: int = 1, members: int = 1
    ) -> TrainResult:
        """Train one model and write its run."""
        keras.utils.set_random_seed(config.seed)
        model = self._build(config)
        start_validation = self._evaluate_start(model)
        recorder = RunRecorder(config, model, run, self._callback, member=member, members=members)
        self.describe(config, run)
        started = time.perf_counter()
        fit(config, model, self._data, recorder)
        seconds = time.perf_counter() - started
        trained_parameters = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
        validation, min_confidence = self._finish(config, run)
        result = TrainResult(
            run=run,
            config=config,
            kept=recorder.kept,
            epochs=len(recorder.history),
            seconds=seconds,
            parameters=model.count_params(),
            trained_parameters=trained_parameters,
            training_images=len(self._data.train),
            min_confidence=min_confidence,
            test=evaluate(Classifier.load(run.model_file), self._data.test),
            validation=validation,
            start_validation=start_validation,
            start_trained_on=self._start.datasets if self._start else (),
        )
        run.write_metrics(result.as_dict())
        return result

    def _build(self, config: TrainConfig) -> keras.Model:
        """Return a new model, or the start model with its early layers frozen."""
        if self._start is None:
            return build_model(config.arch, dropout=config.dropout)
        model = checkpoints.load(self._start.files[0])
        freeze_early(model)
        return model

    def _evaluate_start(self, model: keras.Model) -> Evaluation | None:
        if self._start is None or self._data.validation is None:
            return None
        return evaluate(Classifier(run_by_keras(model)), self._data.validation)

    def _finish(self, config: TrainConfig, run: Run) -> tuple[Evaluation | None, float]:
        """Calibrate the kept model, unfreeze it, and write it with its LiteRT file.

        Returns:
            The metrics of the kept model on the validation images, and the rejection threshold.
        """
        model = checkpoints.load(run.model_file)
        unfreeze(model)
        count = _CALIBRATION_IMAGES if config.label_smoothing else 0
        images = self._data.validation or self._data.train.subset(count)
        probabilities = Classifier(run_by_keras(model)).predict(images.images)
        if config.label_smoothing:
            temperature = fit_temperature(probabilities, images.labels)
            divide_logits(model, temperature)
            probabilities = apply_temperature(probabilities, temperature)
        checkpoints.save(model, run.model_file)
        save_litert(model, run.model_file)
        validation = None
        if self._data.validation is not None:
            validation = score(images.labels, probabilities)
        if self._start is not None:  # the images to fine-tune on are too few for a new threshold
            return validation, self._start.min_confidence
        return validation, fit_min_confidence(probabilities) if validation else 0.0


def _find_start(name: str) -> ModelRef:
    """Find the model to fine-tune.

    Raises:
        CheckpointError: There is no such model, or it cannot be loaded.
        TrainingError: It is an ensemble.
    """
    start = find_model(name)
    if len(start.files) > 1:
        raise TrainingError(
            f"cannot fine-tune an ensemble: {name!r}", hint=f"--from {start.files[0].parent}"
        )
    return start


def _absolute_name(model: ModelRef) -> str:
    """Return a name that leads to the same model from any directory."""
    return PRETRAINED if model.name == PRETRAINED else str(Path(model.name).resolve())


@contextmanager
def _discard_if_empty(run: Run) -> Iterator[None]:
    """Remove the run directory on failure if no model was saved."""
    try:
        yield
    except BaseException:
        with suppress(OSError):  # the first failure matters more
            if not run.model_files:
                run.discard()
        raise
