"""Results of a training run: metrics, kept epoch, time and size."""

from dataclasses import dataclass
from typing import Any

from mnistcli.config import TrainConfig
from mnistcli.digit_thresholds import DigitThresholds, lowest_thresholds
from mnistcli.evaluation import Evaluation
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run


@dataclass(frozen=True, eq=False)
class TrainResult:
    """The result of training one model.

    Attributes:
        run: The run directory.
        config: The config.
        kept: The epoch whose model was kept: the one with the lowest validation loss, or the last
            if `TrainConfig.keeps_last`. Its losses are values of the training objective,
            with smoothed labels.
        epochs: Number of epochs trained.
        seconds: Wall time of the training with validation, without imports and data loading.
        parameters: Parameter count of the model.
        trained_parameters: Number of trainable parameters, without frozen layers and the moving
            statistics of batch normalization.
        training_images: Number of images trained on, without synthetic ones.
        digit_thresholds: The rejection thresholds; none if there was nothing to fit them on.
        is_at_chance: Whether the kept model predicts the validation images, and training images if
            those are few, no better than chance.
        test: Metrics of the kept model on the test images.
        validation: Metrics of the kept model, calibrated, on the validation images; None without
            validation.
        base_validation: Metrics of the base model on the same images, before fine-tuning; None
            for a new model or without validation.
        base_trained_on: The datasets that the base model was trained on. If they include the
            dataset of this run, the validation images were not new to it.
    """

    run: Run
    config: TrainConfig
    kept: EpochRow
    epochs: int
    seconds: float
    parameters: int
    trained_parameters: int
    training_images: int
    digit_thresholds: DigitThresholds
    is_at_chance: bool
    test: Evaluation
    validation: Evaluation | None = None
    base_validation: Evaluation | None = None
    base_trained_on: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the metrics as plain values for JSON; None without validation."""
        start = {}
        if self.config.base_model is not None:
            start = {
                "start_val_accuracy": _accuracy(self.base_validation),
                "start_val_loss": _loss(self.base_validation),
                "start_trained_on": list(self.base_trained_on),
            }
        validated = self.validation is not None
        return {
            "run": str(self.run.path),
            "recipe": self.config.recipe,
            "dataset": self.config.dataset,
            "seed": self.config.seed,
            "epochs": self.epochs,
            "best_epoch": self.kept.epoch,
            "kept_epoch": self.kept.epoch,
            "seconds": round(self.seconds, 3),
            "parameters": self.parameters,
            "trained_parameters": self.trained_parameters,
            "training_images": self.training_images,
            "validation_images": self.validation.samples if self.validation else 0,
            **self.digit_thresholds._asdict(),
            "accuracy": self.kept.accuracy,
            "loss": self.kept.loss,
            "val_accuracy": _accuracy(self.validation),
            "val_loss": _loss(self.validation),
            "kept_epoch_val_accuracy": self.kept.val_accuracy if validated else None,
            "kept_epoch_val_loss": self.kept.val_loss if validated else None,
            **start,
            **_chance_metrics(self),
            **{f"test_{name}": value for name, value in self.test.summary.items()},
        }


@dataclass(frozen=True, eq=False)
class EnsembleResult:
    """The result of training an ensemble.

    Attributes:
        run: The run directory, which contains the directories of the members.
        config: The config.
        members: The result of each member, in the order of their seeds; none is left out.
        test: Metrics of the averaged probabilities and of each member on the test images.
    """

    run: Run
    config: TrainConfig
    members: tuple[TrainResult, ...]
    test: Evaluation

    @property
    def seconds(self) -> float:
        """Wall time of the training of all members, one after the other."""
        return sum(member.seconds for member in self.members)

    @property
    def parameters(self) -> int:
        """Number of parameters of all members."""
        return sum(member.parameters for member in self.members)

    @property
    def digit_thresholds(self) -> DigitThresholds:
        """The rejection thresholds: the lowest of the members."""
        return lowest_thresholds(member.digit_thresholds for member in self.members)

    @property
    def is_at_chance(self) -> bool:
        """Whether all members are no better than chance."""
        return all(member.is_at_chance for member in self.members)

    def as_dict(self) -> dict[str, Any]:
        """Return the metrics as plain values for JSON."""
        mean, deviation = self.test.member_accuracy
        return {
            "run": str(self.run.path),
            "recipe": self.config.recipe,
            "dataset": self.config.dataset,
            "seed": self.config.seed,
            "seconds": round(self.seconds, 3),
            "parameters": self.parameters,
            **self.digit_thresholds._asdict(),
            "members": [member.as_dict() for member in self.members],
            "member_test_accuracy_mean": mean,
            "member_test_accuracy_sd": deviation,
            **_chance_metrics(self),
            **{f"test_{name}": value for name, value in self.test.summary.items()},
        }


def _chance_metrics(result: TrainResult | EnsembleResult) -> dict[str, bool]:
    """Return `at_chance` for a model that is no better than chance; empty for any other."""
    return {"at_chance": True} if result.is_at_chance else {}


def _accuracy(evaluation: Evaluation | None) -> float | None:
    return None if evaluation is None else evaluation.accuracy


def _loss(evaluation: Evaluation | None) -> float | None:
    return None if evaluation is None else evaluation.loss
