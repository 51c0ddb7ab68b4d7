"""Training configuration: `TrainConfig` declares each setting with default, limits and help.

A setting is a hyperparameter, such as the dropout rate with the limits ``at_least=0, below=1``, or
another choice, such as the device.
"""

import re
from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, fields
from types import MappingProxyType
from typing import Any, Self

from mnistcli.config_validation import setting_field, validate
from mnistcli.errors import ConfigError
from mnistcli.suggestions import find_similar

SEED_LIMIT = 2**32
"""Seeds are below this limit."""
ARCHITECTURE_NAMES = ("simple", "classic", "deep", "fast", "accurate", "wide", "record")
CUSTOM_ARCHITECTURE = r".+\.py(:\w*)?"
"""Regular expression of an architecture in a file of the user, such as ``net.py:build``."""
OPTIMIZERS: Mapping[str, float] = MappingProxyType(
    {"sgd": 0.1, "adam": 0.001, "adamw": 0.001, "rmsprop": 0.001}
)
"""The optimizers and their default learning rates: a rate for Adam is far too low for plain SGD."""
LOSSES = ("categorical", "sparse")
SCHEDULES = ("constant", "one-cycle")
DEVICES = ("auto", "cpu", "gpu", "all")


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """All settings of a training run; the same config and data reproduce the run.

    The help text of each field describes it. `mnistcli.config_validation.SettingMetadata` lists the
    metadata that a field can have; the options of `mnistcli train` are built from it.

    Raises:
        ConfigError: A value is invalid.
    """

    recipe: str = setting_field("classic", "Recipe from which the config was derived.")
    dataset: str = setting_field("mnist", "Dataset: mnist, digits or a path.")
    base_model: str | None = setting_field(
        None,
        "Fine-tune the last layers of this model instead of training a new one.",
        flags=("--from",),
        metavar="MODEL",
        default_text="a new model",
    )
    arch: str = setting_field(
        "classic",
        "Architecture of a new model: {choices}; or FILE.py:FUNCTION, code that returns a model.",
        choices=ARCHITECTURE_NAMES,
        pattern=CUSTOM_ARCHITECTURE,
        new_model_only=True,
    )
    arch_sha256: str | None = setting_field(
        None, "SHA-256 hash of the file of a custom architecture.", recorded=True
    )
    optimizer: str = setting_field(
        "adam",
        "Optimizer: {choices}. Changing it also sets the learning rate to the default of the new "
        "optimizer.",
        choices=tuple(OPTIMIZERS),
    )
    learning_rate: float = setting_field(
        OPTIMIZERS["adam"],
        "Learning rate; the peak of a one-cycle schedule.",
        above=0,
        flags=("--learning-rate", "--lr"),
        default_text=f"{OPTIMIZERS['adam']:g}; with --optimizer sgd, {OPTIMIZERS['sgd']:g}",
    )
    schedule: str = setting_field(
        "constant",
        "Learning-rate schedule: {choices}. One-cycle rises for a quarter of the steps, then falls "
        "to 0.",
        choices=SCHEDULES,
    )
    beta_1: float = setting_field(
        0.9,
        "Exponential decay rate of the first-moment estimates (Adam, AdamW).",
        at_least=0,
        below=1,
        optimizers=("adam", "adamw"),
    )
    beta_2: float = setting_field(
        0.999,
        "Exponential decay rate of the second-moment estimates (Adam, AdamW).",
        at_least=0,
        below=1,
        optimizers=("adam", "adamw"),
    )
    weight_decay: float = setting_field(
        0.004,
        "Weight decay of AdamW; each step multiplies it by the learning rate.",
        at_least=0,
        optimizers=("adamw",),
    )
    loss: str = setting_field(
        "categorical",
        "Cross-entropy loss: {choices}. Categorical takes one-hot labels, sparse takes integers.",
        choices=LOSSES,
    )
    label_smoothing: float = setting_field(
        0.0,
        "Label smoothing: fraction of each one-hot label that is spread over all classes.",
        at_least=0,
        below=1,
        example=0.05,
    )
    epochs: int = setting_field(
        10, "Maximum number of epochs.", at_least=1, flags=("--epochs", "-e")
    )
    batch_size: int = setting_field(128, "Images per training step.", at_least=1)
    dropout: float = setting_field(
        0.5,
        "Fraction of units dropped before the dense layers of a new model.",
        at_least=0,
        below=1,
        new_model_only=True,
    )
    validation_split: float = setting_field(
        0.1, "Fraction of the training images held out for validation.", at_least=0, below=1
    )
    augment: bool = setting_field(
        False, "Randomly rotate, shear, scale and shift the training images."
    )
    distort: bool = setting_field(
        False, "Randomly blur, thin, scratch and otherwise degrade the training images."
    )
    non_digits: float = setting_field(
        0.0,
        "Synthetic non-digit images to add, as a fraction of the training images.",
        at_least=0,
        at_most=10,
        example=0.3,
    )
    rare_styles: float = setting_field(
        0.0,
        "Synthetic digits to add in styles rare in MNIST (such as European 1s, 4s and 7s, slashed "
        "0s, wide or narrow digits), as a fraction of the training images.",
        at_least=0,
        at_most=10,
        example=0.05,
    )
    early_stopping: int = setting_field(
        0,
        "Stop after N epochs without a lower validation loss; 0 turns it off.",
        at_least=0,
        example=3,
    )
    reduce_lr: int = setting_field(
        0,
        "Halve the learning rate after N epochs without a lower validation loss; 0 turns it off.",
        at_least=0,
        example=2,
    )
    limit: int | None = setting_field(
        None, "Use only N of the training images.", at_least=1, default_text="all", example=1000
    )
    ensemble: int = setting_field(
        1,
        "Train N models with successive seeds and average their probabilities.",
        at_least=1,
        example=5,
    )
    seed: int = setting_field(
        0,
        "Random seed. The same seed on the same CPU gives the same weights.",
        at_least=0,
        at_most=SEED_LIMIT - 1,
    )
    device: str = setting_field(
        "auto",
        "Device: {choices}. Auto uses a GPU if one is available; all trains one model on all GPUs.",
        choices=DEVICES,
    )

    def __post_init__(self) -> None:
        for field in fields(self):
            value = validate(field, getattr(self, field.name))
            object.__setattr__(self, field.name, value)
        self._check_combinations()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the config with these settings, such as those of a ``config.json``.

        Args:
            values: Field names and values; missing settings have their defaults. Former names are
                accepted.

        Raises:
            ConfigError: A setting is unknown, or a value is invalid.
        """
        values = with_current_names(values)
        for name in values:
            find_setting(name)
        return cls(**values)

    @property
    def keeps_last(self) -> bool:
        """Whether the last epoch is kept instead of the one with the lowest validation loss.

        At the end of a one-cycle schedule the learning rate is 0, and so is the noise. A lower loss
        of another epoch on a few validation images is due to chance.
        """
        return self.schedule == "one-cycle" or self.validation_split == 0

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain values for JSON, keyed by name."""
        return asdict(self)

    def _check_combinations(self) -> None:
        """Refuse incompatible settings, such as early stopping without validation images."""
        if self.loss == "sparse" and (self.label_smoothing or self.non_digits):
            name = "label-smoothing" if self.label_smoothing else "non-digits"
            raise ConfigError(f"--{name} requires --loss categorical", hint="--loss categorical")
        if self.reduce_lr and self.schedule != "constant":
            raise ConfigError(
                f"--reduce-lr cannot be combined with --schedule {self.schedule}",
                hint="--schedule constant",
            )
        if self.validation_split == 0 and (self.early_stopping or self.reduce_lr):
            name = "early-stopping" if self.early_stopping else "reduce-lr"
            raise ConfigError(
                f"--{name} requires validation images, but --validation-split is 0",
                hint="--validation-split 0.1",
            )


SETTINGS: Mapping[str, Field[Any]] = MappingProxyType(
    {field.name: field for field in fields(TrainConfig)}
)
"""The fields of `TrainConfig`, keyed by name."""

_FORMER_NAMES = {"european": "rare_styles", "start": "base_model"}  # for backward compatibility


def with_current_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings, with renamed settings under their current names.

    Args:
        values: The settings, keyed by name, such as those in a file of an older version.
    """
    return {_FORMER_NAMES.get(name, name): value for name, value in values.items()}


def split_custom_architecture(arch: str) -> tuple[str, str]:
    """Split the name of an architecture, such as ``net.py:build``, into file and function.

    The function can be empty. Both are empty for a name in `ARCHITECTURE_NAMES`.
    """
    if not re.fullmatch(CUSTOM_ARCHITECTURE, arch):
        return "", ""
    if arch.endswith(".py"):
        return arch, ""
    file, _, function = arch.rpartition(":")
    return file, function


def find_setting(name: str) -> Field[Any]:
    """Return the field of a setting.

    Raises:
        ConfigError: There is no such setting; a similar name is suggested.
    """
    if name in SETTINGS:
        return SETTINGS[name]
    similar = find_similar(name, SETTINGS)
    suggestion = f"; did you mean {similar!r}?" if similar else ""
    raise ConfigError(f"unknown setting {name!r}{suggestion}")
