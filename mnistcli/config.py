"""What a training is made of: `TrainConfig`, the named recipes, and the choices they draw on."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from mnistcli.errors import ConfigError

CLASSES = 10
SEEDS = 2**32
ARCHITECTURES = ("simple", "classic", "deep", "fast", "accurate", "record")
LOSSES = ("categorical", "sparse")
SCHEDULES = ("constant", "one-cycle")
DEVICES = ("auto", "cpu", "gpu")
PLOTS = ("history", "confusion", "samples", "mistakes", "filters")
# The rate each optimizer starts from when it replaces a recipe's own and no rate is named:
# a rate that suits Adam barely moves plain SGD.
LEARNING_RATES = MappingProxyType({"sgd": 0.1, "adam": 1e-3, "adamw": 1e-3, "rmsprop": 1e-3})
OPTIMIZERS = tuple(LEARNING_RATES)

_CHOICES = {
    "arch": ARCHITECTURES,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "loss": LOSSES,
    "device": DEVICES,
}
# Field: what must hold, in words, and a value to suggest.
_BOUNDS: dict[str, tuple[Callable[[Any], bool], str, object]] = {
    "epochs": (lambda value: value >= 1, "at least 1", 10),
    "batch_size": (lambda value: value >= 1, "at least 1", 128),
    "learning_rate": (lambda value: 0 < value < float("inf"), "above 0", 0.001),
    "weight_decay": (lambda value: 0 <= value < float("inf"), "at least 0", 0.004),
    "label_smoothing": (lambda value: 0 <= value < 1, "at least 0 and below 1", 0.05),
    "dropout": (lambda value: 0 <= value < 1, "at least 0 and below 1", 0.5),
    "validation_split": (lambda value: 0 <= value < 1, "at least 0 and below 1", 0.1),
    "non_digits": (lambda value: 0 <= value <= 10, "between 0 and 10", 0.3),
    "european": (lambda value: 0 <= value <= 10, "between 0 and 10", 0.05),
    "early_stopping": (lambda value: value >= 0, "at least 0 (0 turns it off)", 3),
    "reduce_lr": (lambda value: value >= 0, "at least 0 (0 turns it off)", 2),
    "limit": (lambda value: value is None or value >= 1, "at least 1", 1000),
    "ensemble": (lambda value: value >= 1, "at least 1", 5),
    "seed": (lambda value: 0 <= value < SEEDS, f"between 0 and {SEEDS - 1}", 0),
}


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Everything that decides how a training goes; the same config and data repeat the run.

    Attributes:
        recipe: Name of the recipe this config began as.
        dataset: ``mnist``, ``digits`` or a path, as `mnistcli.datasets.load` takes it.
        start: The model whose network is trained further, as `mnistcli.runs.find_model` takes it:
            its last convolution and what follows, without its normalization. None: a fresh one.
        arch: Name of the fresh network, one of `ARCHITECTURES`.
        optimizer: One of `OPTIMIZERS`.
        learning_rate: Step size at the start; the largest of a one-cycle schedule.
        schedule: ``constant``, or ``one-cycle``: up to the learning rate over a quarter of the
            steps, then down to nothing along a cosine.
        beta_1: How much of the mean gradient Adam and AdamW keep from step to step.
        beta_2: How much of the mean squared gradient they keep.
        weight_decay: How fast AdamW shrinks every weight, as a share of the rate.
        loss: ``categorical`` (one-hot labels) or ``sparse`` (integer labels) cross-entropy.
        label_smoothing: Share of each label spread over all digits; for one-hot labels.
        epochs: Passes over the training images, at most.
        batch_size: Images per step.
        dropout: Share of the units dropped before the classifying layers.
        validation_split: Share of the training images held out for validation.
        augment: Whether training images are randomly moved, turned and scaled.
        distort: Whether training images are also blurred, thinned, scratched and so on, at random.
        non_digits: Pictures of something else to train on, with equal probabilities as the right
            answer, as a share of the training images; for one-hot labels.
        european: Drawn 1s, 4s and 7s as they are written in Europe to train on too, as a share of
            the training images.
        early_stopping: Epochs without a better validation loss before training stops; 0: never.
        reduce_lr: Epochs without a better validation loss before the rate is halved; 0: never.
        limit: Use only this many of the training images; None: all.
        ensemble: Networks to train, with the seeds from `seed` on, whose answers are averaged.
        seed: Decides the initial weights, the order of images, dropout and augmentation.
        device: ``auto``, ``cpu`` or ``gpu``.

    Raises:
        ConfigError: A value that cannot be.
    """

    recipe: str = "classic"
    dataset: str = "mnist"
    start: str | None = None
    arch: str = "classic"
    optimizer: str = "adam"
    learning_rate: float = LEARNING_RATES["adam"]
    schedule: str = "constant"
    beta_1: float = 0.9
    beta_2: float = 0.999
    weight_decay: float = 0.004
    loss: str = "categorical"
    label_smoothing: float = 0.0
    epochs: int = 10
    batch_size: int = 128
    dropout: float = 0.5
    validation_split: float = 0.1
    augment: bool = False
    distort: bool = False
    non_digits: float = 0.0
    european: float = 0.0
    early_stopping: int = 0
    reduce_lr: int = 0
    limit: int | None = None
    ensemble: int = 1
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            require_choice(name, getattr(self, name), choices)
        for name, (holds, wanted, suggestion) in _BOUNDS.items():
            value = getattr(self, name)
            if not holds(value):
                raise ConfigError(
                    f"{_flag(name)} must be {wanted}, not {value}",
                    hint=f"mnistcli train {_flag(name)} {suggestion}",
                )
        for name in ("label_smoothing", "non_digits"):
            if getattr(self, name) and self.loss == "sparse":
                raise ConfigError(
                    f"{_flag(name)} needs one-hot labels, and --loss is sparse",
                    hint=f"mnistcli train {_flag(name)} {getattr(self, name)} --loss categorical",
                )
        if self.reduce_lr and self.schedule != "constant":
            raise ConfigError(
                f"--reduce-lr changes the rate, and so does --schedule {self.schedule}",
                hint=f"mnistcli train --reduce-lr {self.reduce_lr} --schedule constant",
            )
        if self.validation_split == 0 and (self.early_stopping or self.reduce_lr):
            name = "early_stopping" if self.early_stopping else "reduce_lr"
            raise ConfigError(
                f"{_flag(name)} needs validation data, and --validation-split is 0",
                hint=f"mnistcli train {_flag(name)} {getattr(self, name)} --validation-split 0.1",
            )

    @property
    def keeps_last(self) -> bool:
        """Whether the last epoch's model is kept, not that of the least validation loss.

        The rate of one cycle falls to nothing at its end, and the noise with it: that another
        epoch looks better on a few validation images is chance.
        """
        return self.schedule == "one-cycle" or self.validation_split == 0

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, ready for JSON."""
        return asdict(self)


def require_choice(
    name: str, value: str, choices: tuple[str, ...], *, command: str = "train"
) -> None:
    """Check that a value is one of the choices.

    Args:
        name: The field the value is for, such as ``optimizer``.
        value: What was asked for.
        choices: What there is.
        command: The command it was asked of, for the hint.

    Raises:
        ConfigError: It is none of them; the close match is named where there is one.
    """
    if value in choices:
        return
    matches = get_close_matches(value.lower(), choices, n=1)
    if matches:
        message = f"unknown {name} {value!r}; did you mean {matches[0]!r}?"
    else:
        message = f"unknown {name} {value!r}: choose from {', '.join(choices)}"
    raise ConfigError(message, hint=f"mnistcli {command} {_flag(name)} {(matches or choices)[0]}")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
