"""Run series: repeated runs of one config, one per seed, in subdirectories of one directory."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from mnistcli.config import TrainConfig, split_custom_architecture
from mnistcli.errors import OTHER_RUN_DIR, RunError, os_reason
from mnistcli.runs.directories import RUNS_DIR, create_unique_directory, find_seeds, seed_directory
from mnistcli.runs.run import Run


class RunSeries:
    """The runs of one config with several seeds, which have a common directory.

    Args:
        path: The directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, config: TrainConfig, path: Path | None = None) -> Self:
        """Create the directory of a series, unless it exists.

        Args:
            config: The config of the runs.
            path: The directory. Defaults to a new one under ``runs/``, composed of the time and the
                recipe.

        Raises:
            RunError: The directory cannot be created, or is a run directory.
        """
        try:
            if path is None:
                return cls(create_unique_directory(f"{config.recipe}_seeds"))
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            name = str(path or RUNS_DIR)
            raise RunError(
                f"cannot create run directory {name!r}: {os_reason(error)}", hint=OTHER_RUN_DIR
            ) from error
        if Run(path).has_config:
            raise RunError(
                f"{str(path)!r} is the directory of a run, not of a series", hint=OTHER_RUN_DIR
            )
        return cls(path)

    @classmethod
    def find(cls, name: str) -> Self:
        """Find the directory of a series by its path, or by its name under ``runs/``."""
        path = Path(name)
        return cls(path if path.exists() or path.is_absolute() else RUNS_DIR / path)

    def run(self, seed: int) -> Run:
        """Return the run of a seed, which may not exist."""
        return Run(seed_directory(self.path, seed))

    def require_finished(self, seeds: Sequence[int] | None = None) -> list[int]:
        """Check that the runs of seeds are finished, and return the seeds.

        Args:
            seeds: The seeds. Defaults to all whose runs are finished, in ascending order.

        Raises:
            RunError: The run of a seed is not finished, there is no finished one, or the directory
                cannot be read.
        """
        name = repr(str(self.path))
        try:
            finished = [seed for seed in find_seeds(self.path) if self.run(seed).is_finished]
        except OSError as error:
            raise RunError(f"cannot read {name}: {os_reason(error)}") from error
        if not finished:
            raise RunError(f"no finished run of a seed in {name}", hint="mnistcli runs")
        missing = [seed for seed in seeds or () if seed not in finished]
        if missing:
            raise RunError(f"no finished run of seed {missing[0]} in {name}", hint="--seeds all")
        return finished if seeds is None else list(seeds)

    def remove_if_empty(self) -> None:
        """Remove the directory if it contains no run."""
        with suppress(OSError):  # not empty
            self.path.rmdir()
            if self.path.parent == RUNS_DIR:
                RUNS_DIR.rmdir()

    def require_same_config(self, config: TrainConfig) -> None:
        """Check that the run of a seed, if it exists, has the same settings.

        Args:
            config: The config with the seed, and as a run records it: with the name of the dataset
                that is loaded, the absolute name of the base model and the hash of the file of a
                custom architecture.

        Raises:
            RunError: A setting differs, or the config of a run with a model is damaged.
        """
        run = self.run(config.seed)
        try:
            recorded = run.read_config()
        except RunError:
            if run.model_files:
                raise
            return  # there is no run, or it was killed before its config was written
        values = _comparable(config)
        for name, value in _comparable(recorded).items():
            if value != values[name]:
                difference = f"different settings: {name} {value!r}, not {values[name]!r}"
                if name == "arch_sha256" and value and values[name]:
                    difference = (
                        f"a different version of {split_custom_architecture(config.arch)[0]!r}"
                    )
                raise RunError(
                    f"{str(run.path)!r} was trained with {difference}", hint=OTHER_RUN_DIR
                )


def _comparable(config: TrainConfig) -> dict[str, Any]:
    """Return the settings that the runs of a series share.

    The file of a custom architecture may have another path: its content is compared by its hash.
    """
    values = config.as_dict()
    del values["seed"]
    return values | {"arch": split_custom_architecture(config.arch)[1] or config.arch}
