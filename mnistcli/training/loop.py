"""Training a network: a config, data and a run directory in; a finished run out."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import keras
import numpy as np
import numpy.typing as npt

from mnistcli import checkpoints, datasets, device
from mnistcli.architectures import build_model, freeze_early, unfreeze
from mnistcli.config import CLASSES, TrainConfig
from mnistcli.datasets import Dataset, Splits
from mnistcli.environment import describe_environment
from mnistcli.errors import TrainingError
from mnistcli.evaluation import Evaluation, evaluate
from mnistcli.inference.classifier import Classifier
from mnistcli.inference.conversion import run_by_keras, save_litert
from mnistcli.model_store import find_model
from mnistcli.runs import EpochRow, Run
from mnistcli.synthetic.european import european_digits
from mnistcli.synthetic.non_digits import non_digits
from mnistcli.training.augmentation import RandomAffine, RandomDistortion
from mnistcli.training.calibration import divide_logits, fit_min_confidence, fit_temperature

# Both halve the rate, so a plateau costs at most `reduce_lr` epochs at a rate too high.
_REDUCTION = 0.5
_SMALLEST_RATE = 1e-6
# One number is fitted on them.
_CALIBRATION_IMAGES = 6000
# Enough that the way from Python and back costs nothing, and few enough for a lively progress bar.
_STEPS_PER_EXECUTION = 10


class Listener(Protocol):
    """Hears how a training goes. Every method may do nothing."""

    def on_train_begin(self, config: TrainConfig, steps: int) -> None:
        """Training starts; every epoch has so many steps."""

    def on_train_batch_end(self, step: int, loss: float, accuracy: float) -> None:
        """A step of the running epoch is done (counted from 1); means over the epoch so far."""

    def on_epoch_end(self, row: EpochRow, *, best: bool) -> None:
        """An epoch is done and saved; `best` says whether its model is the best so far."""


class _Silence:
    """The listener that does nothing."""

    def on_train_begin(self, config: TrainConfig, steps: int) -> None: ...

    def on_train_batch_end(self, step: int, loss: float, accuracy: float) -> None: ...

    def on_epoch_end(self, row: EpochRow, *, best: bool) -> None: ...


@dataclass(frozen=True)
class TrainResult:
    """A finished training.

    Attributes:
        run: Its directory.
        config: What was trained.
        best: The epoch whose model was kept: the one of the least validation loss, or the last
            where `TrainConfig.keeps_last`.
        epochs: Epochs that were trained.
        seconds: Wall time of the training with its validation, without imports and data loading.
        parameters: Numbers the network learned.
        min_confidence: How sure it must be of a picture to answer, so that hardly any digit is
            refused.
        test: The kept model on the test images.
    """

    run: Run
    config: TrainConfig
    best: EpochRow
    epochs: int
    seconds: float
    parameters: int
    min_confidence: float
    test: Evaluation

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain values, ready for JSON; None where nothing was held out."""
        validated = not math.isnan(self.best.val_loss)
        return {
            "run": str(self.run.path),
            "recipe": self.config.recipe,
            "dataset": self.config.dataset,
            "seed": self.config.seed,
            "epochs": self.epochs,
            "best_epoch": self.best.epoch,
            "seconds": round(self.seconds, 3),
            "parameters": self.parameters,
            "min_confidence": self.min_confidence,
            "accuracy": self.best.accuracy,
            "loss": self.best.loss,
            "val_accuracy": self.best.val_accuracy if validated else None,
            "val_loss": self.best.val_loss if validated else None,
            **{f"test_{name}": value for name, value in self.test.summary.items()},
        }


def train(
    config: TrainConfig, data: Splits, run: Run, *, listener: Listener | None = None
) -> TrainResult:
    """Train a network, keep the best model by validation loss, and measure it on the test images.

    A model that was trained on smoothed labels is calibrated on the validation images, or on
    training images where nothing is held out: it answers as before, and is as sure as it is right.

    Seeds Python's, NumPy's and the backend's random numbers: the same config and data on the same
    machine give the same weights, bit for bit.

    Args:
        config: What to train.
        data: Images to train on and to test on; part of the former is held out for validation.
        run: Where everything goes; made with `Run.create`.
        listener: Hears how it goes.

    Raises:
        DataError: Too few images to hold some out.
        DeviceError: A GPU was asked for and there is none.
        RunError: The run directory cannot be written.
        TrainingError: The loss is no number any more.
    """
    with device.select(config.device), run.writing():
        keras.utils.set_random_seed(config.seed)
        training, validation = _held_out(config, data.train)
        network = _network(config)
        recorder = _Recorder(config, network, run, listener or _Silence())
        run.write_environment(describe_environment(config.device))
        started = time.perf_counter()
        _fit(config, network, training, validation, recorder)
        seconds = time.perf_counter() - started
        min_confidence = _finish(config, run, training, validation)
        result = TrainResult(
            run=run,
            config=config,
            best=recorder.best,
            epochs=len(recorder.history),
            seconds=seconds,
            parameters=network.count_params(),
            min_confidence=min_confidence,
            test=evaluate(Classifier.load(run.model_file), data.test),
        )
        run.write_metrics(result.as_dict())
    return result


def _finish(config: TrainConfig, run: Run, training: Dataset, validation: Dataset | None) -> float:
    """Make of the kept model what is used: calibrated, nothing frozen, with a LiteRT file.

    Args:
        config: What was trained.
        run: Where the kept model is.
        training: The images it was trained on; it is calibrated on them where none were held out.
        validation: The images held out.

    Returns:
        How sure it must be to answer; 0 where nothing was held out to tell.
    """
    network = checkpoints.load(run.model_file)
    unfreeze(network)
    some = (validation or training).limited(_CALIBRATION_IMAGES)
    classifier = Classifier(run_by_keras(network))
    if config.label_smoothing:
        divide_logits(network, fit_temperature(classifier.predict(some.images), some.labels))
    checkpoints.save(network, run.model_file)
    save_litert(network, run.model_file)
    if config.start is not None:  # what it was tuned on is too little to tell anew
        return find_model(config.start).min_confidence
    return 0.0 if validation is None else fit_min_confidence(classifier.predict(some.images))


def _held_out(config: TrainConfig, dataset: Dataset) -> tuple[Dataset, Dataset | None]:
    if config.limit is not None:
        dataset = dataset.limited(config.limit)
    if config.validation_split == 0:
        return dataset, None
    return datasets.hold_out(dataset, config.validation_split)


def _fit(
    config: TrainConfig,
    network: keras.Model,
    training: Dataset,
    validation: Dataset | None,
    recorder: "_Recorder",
) -> None:
    """Run Keras's own training loop over image numbers instead of images.

    The images lie in memory once, as bytes; a step picks its own out by number. Feeding float
    images through `fit` costs up to half as much again as the training of a small network.
    """
    images, targets = _examples(config, training)
    count = len(images)
    checked = None
    if validation is not None:
        checked = np.arange(count, count + len(validation)), _targets(config, validation)
        images = np.concatenate([images, validation.images])
    index = keras.Input((), dtype="int32")
    batch = _ImageStore(images)(index)
    if config.augment:
        batch = RandomAffine(seed=config.seed)(batch)
    if config.distort:
        batch = RandomDistortion(seed=config.seed)(batch)
    model = keras.Model(index, network(batch))
    model.compile(
        optimizer=_optimizer(config, math.ceil(count / config.batch_size)),
        loss=_loss(config),
        metrics=[_accuracy(config)],
        steps_per_execution=_STEPS_PER_EXECUTION,
    )
    # Left to `fit`, this would happen inside the compiled step and have it compiled twice.
    model.optimizer.build(model.trainable_variables)
    model.fit(
        np.arange(count, dtype=np.int32),
        targets,
        batch_size=config.batch_size,
        epochs=config.epochs,
        validation_data=checked,
        validation_batch_size=max(config.batch_size, 256),
        callbacks=[recorder, *_plateau_callbacks(config)],
        verbose=0,
    )


def _network(config: TrainConfig) -> keras.Model:
    """Return a fresh network, or one to be trained further."""
    if config.start is None:
        return build_model(config.arch, dropout=config.dropout)
    file, *others = find_model(config.start).files
    if others:
        raise TrainingError(
            f"cannot start from {config.start!r}: it is an ensemble",
            hint=f"mnistcli train --from {file.parent}",
        )
    network = checkpoints.load(file)
    freeze_early(network)
    return network


def _examples(
    config: TrainConfig, training: Dataset
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]:
    """Return the images to learn from, and what is to be answered."""
    count = len(training)
    if config.european:
        drawn = european_digits(round(config.european * count), seed=config.seed)
        training = training.joined(drawn)
    targets = _targets(config, training)
    if not config.non_digits:
        return training.images, targets
    others = non_digits(training, round(config.non_digits * count), seed=config.seed)
    unsure = np.full((len(others), CLASSES), 1 / CLASSES, targets.dtype)
    return np.concatenate([training.images, others]), np.concatenate([targets, unsure])


def _accuracy(config: TrainConfig) -> "str | keras.metrics.Metric":
    if not config.non_digits:
        return "accuracy"
    return keras.metrics.MeanMetricWrapper(_accuracy_on_digits, name="accuracy")


def _accuracy_on_digits(
    targets: keras.KerasTensor, answers: keras.KerasTensor
) -> keras.KerasTensor:
    """Return the share of right answers among the images of digits, as one-hot targets tell."""
    digits = keras.ops.cast(keras.ops.max(targets, axis=-1) > 0.5, "float32")
    right = keras.ops.cast(
        keras.ops.argmax(targets, axis=-1) == keras.ops.argmax(answers, axis=-1), "float32"
    )
    return keras.ops.sum(right * digits) / keras.ops.maximum(keras.ops.sum(digits), 1)


def _optimizer(config: TrainConfig, steps: int) -> keras.optimizers.Optimizer:
    """Return the optimizer for epochs of so many steps."""
    options: dict[str, Any] = {"learning_rate": config.learning_rate}
    if config.schedule == "one-cycle":
        total = config.epochs * steps
        rising = total // 4
        options["learning_rate"] = keras.optimizers.schedules.CosineDecay(
            config.learning_rate / 10,
            total - rising,
            warmup_target=config.learning_rate,
            warmup_steps=rising,
        )
    if config.optimizer in {"adam", "adamw"}:
        options |= {"beta_1": config.beta_1, "beta_2": config.beta_2}
    if config.optimizer == "adamw":
        options["weight_decay"] = config.weight_decay
    return keras.optimizers.get({"class_name": config.optimizer, "config": options})


def _loss(config: TrainConfig) -> keras.losses.Loss:
    if config.loss == "sparse":
        return keras.losses.SparseCategoricalCrossentropy()
    return keras.losses.CategoricalCrossentropy(label_smoothing=config.label_smoothing)


def _targets(config: TrainConfig, dataset: Dataset) -> npt.NDArray[Any]:
    if config.loss == "sparse":
        return dataset.labels
    one_hot: npt.NDArray[Any] = keras.utils.to_categorical(dataset.labels, CLASSES)
    return one_hot


def _plateau_callbacks(config: TrainConfig) -> list[keras.callbacks.Callback]:
    callbacks: list[keras.callbacks.Callback] = []
    if config.reduce_lr:
        callbacks.append(
            keras.callbacks.ReduceLROnPlateau(
                patience=config.reduce_lr, factor=_REDUCTION, min_lr=_SMALLEST_RATE
            )
        )
    if config.early_stopping:
        callbacks.append(keras.callbacks.EarlyStopping(patience=config.early_stopping))
    return callbacks


class _ImageStore(keras.layers.Layer):
    """Holds images as bytes and gives those that are asked for by number.

    Args:
        images: uint8 (n, 28, 28).
    """

    def __init__(self, images: npt.NDArray[np.uint8]) -> None:
        super().__init__()
        self.images = self.add_weight(
            shape=images.shape, dtype="uint8", trainable=False, initializer="zeros"
        )
        self.images.assign(images)

    def call(self, index: keras.KerasTensor) -> keras.KerasTensor:
        """Return float32 (batch, 28, 28, 1) in 0..1 for int32 (batch,)."""
        images = keras.ops.take(self.images, index, axis=0)
        return keras.ops.cast(images[..., None], "float32") / 255


class _Recorder(keras.callbacks.Callback):
    """Writes history and checkpoints to the run, and tells the listener."""

    def __init__(
        self, config: TrainConfig, network: keras.Model, run: Run, listener: Listener
    ) -> None:
        super().__init__()
        self.history: list[EpochRow] = []
        self._config = config
        self._network = network
        self._run = run
        self._listener = listener
        self._best: EpochRow | None = None
        self._epoch_started = 0.0

    @property
    def best(self) -> EpochRow:
        """The epoch whose model was kept."""
        if self._best is None:
            raise RuntimeError("no epoch has ended")
        return self._best

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002
        """Tell the listener."""
        self._listener.on_train_begin(self._config, self.params["steps"])

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002
        """Start the clock."""
        self._epoch_started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Tell the listener."""
        if logs is not None:
            # Keras counts a group of steps as if it were full.
            step = min(batch + 1, self.params["steps"])
            self._listener.on_train_batch_end(step, float(logs["loss"]), float(logs["accuracy"]))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Save the model, and once more if it is the best so far; add a line to the history."""
        logs = logs or {}
        row = EpochRow(
            epoch=epoch + 1,
            loss=logs["loss"],
            accuracy=logs["accuracy"],
            val_loss=logs.get("val_loss", math.nan),
            val_accuracy=logs.get("val_accuracy", math.nan),
            learning_rate=float(self.model.optimizer.learning_rate),
            seconds=time.perf_counter() - self._epoch_started,
        )
        # The loss can stay a number when the weights do not: a ReLU turns NaN into 0.
        if not all(np.isfinite(weights).all() for weights in self._network.get_weights()):
            raise TrainingError(
                f"training has diverged in epoch {row.epoch}: weights are no numbers any more",
                hint=f"mnistcli train --learning-rate {self._config.learning_rate / 10:g}",
            )
        best = self._best is None or self._config.keeps_last or row.val_loss < self._best.val_loss
        checkpoints.save(self._network, self._run.last_model_file)
        if best:
            self._best = row
            checkpoints.save(self._network, self._run.model_file)
        self.history.append(row)
        self._run.append_history(row)
        self._listener.on_epoch_end(row, best=best)
