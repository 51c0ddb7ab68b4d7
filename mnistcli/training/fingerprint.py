"""Fingerprint of a training run: the settings, data and versions that its weights depend on.

A run is resumed only with the same settings (hyperparameters), data and library versions, apart
from more epochs.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from mnistcli.config import TrainConfig, split_custom_architecture, with_current_names
from mnistcli.errors import RunError
from mnistcli.system.environment import describe_environment
from mnistcli.training.data import TrainingData

_BASE_WEIGHTS = "weights of the start model"  # a key of the file; messages say "base model"


@dataclass(frozen=True)
class Fingerprint:
    """Everything that the weights of a training run depend on.

    Attributes:
        settings: The settings, keyed by name.
        data: SHA-256 hashes of the images with their labels, and of the base model, keyed by their
            names.
        versions: Backend, device and versions of the packages.
    """

    settings: Mapping[str, Any]
    data: Mapping[str, str]
    versions: Mapping[str, str]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the fingerprint with the values of `as_dict`, even from an older version.

        Raises:
            AttributeError: The settings are not a JSON object.
            KeyError: A part is missing.
        """
        settings = with_current_names(values["settings"])
        return cls(settings, values["data"], values["versions"])

    def as_dict(self) -> dict[str, Any]:
        """Return the fingerprint as plain values for JSON."""
        return asdict(self)

    def require_same(self, current: "Fingerprint") -> None:
        """Check that a run can continue with the current settings, data and versions.

        Only the number of epochs may grow, and only with a constant learning rate.

        Args:
            current: The fingerprint to continue with; this one describes the run so far.

        Raises:
            RunError: The settings, data or versions differ; the message names the first difference.
        """
        for name, value in current.settings.items():
            before = self.settings.get(name)
            if value != before and not self._may_grow(name, before, value):
                raise _difference_error(name, before, value)
        for name, value in current.data.items():
            if value != self.data.get(name):
                data = "weights of the base model" if name == _BASE_WEIGHTS else name
                raise RunError(f"cannot resume: the {data} differ from those of the run")
        for name, value in current.versions.items():
            if value != self.versions.get(name):
                raise _difference_error(name, self.versions.get(name), value)

    def _may_grow(self, name: str, before: Any, value: Any) -> bool:
        """Return whether a setting is the number of epochs, and may change to a value."""
        if name != "epochs":
            return False
        if self.settings["schedule"] != "constant":
            raise RunError(
                f"cannot resume with {value} epochs instead of {before}: the learning rates of a "
                f"{self.settings['schedule']} schedule depend on the number"
            )
        if value < before:
            raise RunError(f"cannot resume with fewer epochs: {value} instead of {before}")
        return True


def hash_data(data: TrainingData, base_file: Path | None) -> dict[str, str]:
    """Return the hashes of `Fingerprint.data`.

    Args:
        data: The images.
        base_file: The file of the base model; None for a new model.
    """
    hashes = {
        "training images": data.train.sha256(),
        "validation images": "" if data.validation is None else data.validation.sha256(),
        "test images": data.test.sha256(),
    }
    if base_file is not None:
        hashes[_BASE_WEIGHTS] = hashlib.sha256(base_file.read_bytes()).hexdigest()
    return hashes


def take_fingerprint(config: TrainConfig, data: Mapping[str, str]) -> Fingerprint:
    """Return the fingerprint of a training run.

    Args:
        config: The config of the model.
        data: The hashes of its data.
    """
    environment = describe_environment(config.device)
    backend = environment["backend"]
    packages = environment["packages"]
    versions = {"backend": backend, "device": environment["device"]}
    for name in ("mnistcli", "keras", backend, "numpy"):
        versions[f"{name} version"] = packages.get(name, "unknown")
    settings = config.as_dict()
    if config.arch_sha256 is not None:  # the file may be elsewhere
        settings["arch"] = split_custom_architecture(config.arch)[1]
    return Fingerprint(settings, data, versions)


def _difference_error(name: str, before: Any, value: Any) -> RunError:
    return RunError(f"cannot resume: {name} was {before!r} and is now {value!r}")
