"""Run directory: the output directory of a training run, and the files that it writes.

Only `Run` knows the names of these files.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from mnistcli.config import TrainConfig
from mnistcli.digit_thresholds import DigitThresholds
from mnistcli.errors import OTHER_MODEL, OTHER_RUN_DIR, ConfigError, RunError, os_reason
from mnistcli.files.atomic import write_atomically
from mnistcli.files.locks import try_lock
from mnistcli.runs.directories import RUNS_DIR, new_run_paths, numbered_names
from mnistcli.runs.history import EpochRow, read_history, write_history
from mnistcli.runs.json_files import damaged_error, read_json, regular_file_exists, write_json

_MEMBER = "member-"


class Run:
    """A run directory and the artifacts in it.

    Args:
        path: The directory. It need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.model_file = path / "model.keras"  # the checkpoint of the kept epoch
        self.last_model_file = path / "last.keras"
        self.resume_file = path / "resume.npz"
        self.plots_dir = path / "plots"
        self.tensorboard_dir = path / "tensorboard"
        self.architecture_file = path / "architecture.py"
        """The source of a custom architecture, for the reader. It is never executed by itself."""
        self._config_file = path / "config.json"
        self._environment_file = path / "environment.json"
        self._history_file = path / "history.csv"
        self._metrics_file = path / "metrics.json"
        self._created = False

    @classmethod
    def create(cls, config: TrainConfig, path: Path | None = None) -> Self:
        """Create a run directory that contains the config.

        Nothing is overwritten, and no two processes get the same directory.

        Args:
            config: The config of the run.
            path: A directory that is empty or does not exist. Defaults to a new name under
                ``runs/``, composed of the time, the recipe and the seed.

        Raises:
            RunError: The directory is not empty or cannot be created.
        """
        usual = f"{config.recipe}_seed{config.seed}"
        for target in new_run_paths(usual) if path is None else [path]:
            run = cls(target)
            try:
                if run._claim():
                    run.write_config(config)
                    return run
            except OSError as error:
                raise RunError(
                    f"cannot create run directory {str(target)!r}: {os_reason(error)}",
                    hint=OTHER_RUN_DIR,
                ) from error
        raise RunError(
            f"run directory {str(path)!r} exists and is not empty",
            hint=_free_name(Path(path or "")),
        )

    @property
    def has_config(self) -> bool:
        """Whether this is the directory of a run, finished or not."""
        return self._config_file.is_file()

    @property
    def is_finished(self) -> bool:
        """Whether the training has been completed: there are metrics and a model."""
        return self._metrics_file.is_file() and bool(self.model_files)

    @property
    def model_files(self) -> tuple[Path, ...]:
        """The `.keras` files: one, or one per member of an ensemble."""
        if self.model_file.is_file():
            return (self.model_file,)
        return tuple(file for member in self._members if (file := member.model_file).is_file())

    @property
    def is_resumable(self) -> bool:
        """Whether an epoch of a run that is not finished has ended."""
        states = [run.resume_file for run in (self, *self._members)]
        return not self.is_finished and any(state.is_file() for state in states)

    @property
    def finished_at(self) -> int:
        """The time at which a finished run ended, in nanoseconds since 1970."""
        return self._metrics_file.stat().st_mtime_ns

    @property
    def changed_at(self) -> int:
        """The time of the last change, in nanoseconds since 1970.

        It is the time of the metrics of a finished run, otherwise of the settings and the history.
        It is 0 if the directory has neither.
        """
        if self._metrics_file.is_file():
            return self._metrics_file.stat().st_mtime_ns
        files = [file for file in (self._config_file, self._history_file) if file.is_file()]
        times = [file.stat().st_mtime_ns for file in files]
        return max([*times, *(member.changed_at for member in self._members)], default=0)

    @property
    def trained_on(self) -> tuple[str, ...]:
        """The datasets that the model was trained on: the run's own, then its base model's.

        Raises:
            RunError: ``config.json`` is missing, or a file is damaged.
        """
        dataset = self.read_config().dataset
        names = (read_json(self._environment_file) or {}).get("trained_on")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return (dataset,)
        return tuple(dict.fromkeys([dataset, *names]))

    @property
    def digit_thresholds(self) -> DigitThresholds:
        """The rejection thresholds of the model; 0 for each that the metrics lack.

        Raises:
            RunError: ``metrics.json`` is missing or damaged.
        """
        metrics = self.read_metrics()
        values = [metrics.get(name, 0.0) for name in DigitThresholds._fields]
        for name, value in zip(DigitThresholds._fields, values, strict=True):
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
                raise damaged_error(self._metrics_file, f"{name} must be a number from 0 to 1")
        return DigitThresholds(*map(float, values))

    @property
    def is_at_chance(self) -> bool:
        """Whether the model of a finished run is no better than chance.

        Raises:
            RunError: ``metrics.json`` is missing or damaged.
        """
        return self.read_metrics().get("at_chance") is True

    def create_member(self, number: int, config: TrainConfig) -> "Run":
        """Create the run directory of one member of an ensemble inside this one.

        Args:
            number: Number of the member, counted from 1.
            config: The config of the member.

        Raises:
            RunError: The directory is not empty or cannot be created.
        """
        return Run.create(config, self.member(number).path)

    def member(self, number: int) -> "Run":
        """Return the run of one member of an ensemble, which may not exist."""
        return Run(self.path / f"{_MEMBER}{number}")

    def remove_resume_state(self) -> None:
        """Remove the resume state of a finished run and of its members."""
        for run in (self, *self._members):
            run.resume_file.unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove the directory of a run that failed without a model.

        A directory that existed before is kept, and so is any file that the run did not write.

        Raises:
            OSError: A file cannot be removed.
        """
        for member in self._members:
            member.discard()
            with suppress(OSError):
                member.path.rmdir()
        for file in (self._config_file, self._environment_file, self.architecture_file):
            file.unlink(missing_ok=True)
        with suppress(OSError):  # not empty, or in use
            if self._created:
                self.path.rmdir()
            if self.path.parent == RUNS_DIR:
                RUNS_DIR.rmdir()

    def require_resumable(self) -> None:
        """Check that the run can be resumed.

        If a run was killed between its metrics and the end, its resume state is removed.

        Raises:
            RunError: This is not the directory of a run, or the run is finished.
        """
        if not self.has_config:
            raise RunError(f"cannot resume {str(self.path)!r}: not a run directory")
        if self.is_finished:
            self.remove_resume_state()
            raise RunError(f"cannot resume {str(self.path)!r}: the run is finished")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the file lock that keeps other processes from training in the directory.

        Raises:
            OSError: The directory cannot be opened.
            RunError: Another process trains in the directory.
        """
        with try_lock(self.path) as has_lock:
            if not has_lock:
                raise RunError(
                    f"another process is training in {str(self.path)!r}", hint=OTHER_RUN_DIR
                )
            yield

    @contextmanager
    def translate_write_errors(self) -> Iterator[None]:
        """Turn an operating system error while writing into a `RunError`.

        Raises:
            RunError: A file cannot be written.
        """
        try:
            yield
        except OSError as error:
            raise RunError(
                f"cannot write to {str(self.path)!r}: {os_reason(error)}", hint=OTHER_RUN_DIR
            ) from error

    def write_config(self, config: TrainConfig) -> None:
        """Write the settings."""
        write_json(self._config_file, config.as_dict())

    def read_config(self) -> TrainConfig:
        """Return the settings of the run.

        Raises:
            RunError: The file is missing or damaged, or a setting in it is unknown or invalid.
        """
        return read_config_file(self._config_file)

    def write_architecture(self, source: bytes) -> None:
        """Write the source of a custom architecture."""
        write_atomically(self.architecture_file, source)

    def write_environment(self, environment: Mapping[str, Any]) -> None:
        """Write the environment: versions, device, command line, datasets trained on."""
        write_json(self._environment_file, environment)

    def write_history(self, rows: Sequence[EpochRow]) -> None:
        """Write the history."""
        write_history(self._history_file, rows)

    @property
    def has_history(self) -> bool:
        """Whether there is a history; the packaged model has none."""
        return regular_file_exists(self._history_file)

    def read_history(self) -> list[EpochRow]:
        """Return the epochs so far, in order.

        Raises:
            RunError: There is no history, or the file is damaged.
        """
        rows = read_history(self._history_file)
        if not rows:
            raise RunError(f"no history in {str(self.path)!r}", hint=OTHER_MODEL)
        return rows

    def read_epochs(self) -> list[EpochRow]:
        """Return the epochs so far, of all members of an ensemble; none before the first.

        Raises:
            RunError: A history file is damaged.
        """
        rows = read_history(self._history_file)
        return rows or [row for member in self._members for row in member.read_epochs()]

    def write_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Write the metrics of the run; this marks it as finished."""
        write_json(self._metrics_file, metrics)

    def read_metrics(self) -> dict[str, Any]:
        """Return the metrics of the finished run.

        Raises:
            RunError: The run is not finished, or the file is damaged.
        """
        return _require_json(self._metrics_file)

    @property
    def _members(self) -> list["Run"]:
        paths = [path for path in self.path.glob(f"{_MEMBER}*/") if _is_member(path)]
        return [Run(path) for path in sorted(paths, key=lambda path: (len(path.name), path.name))]

    def _claim(self) -> bool:
        """Make the directory this run's own; return False if it belongs to another."""
        self._created = not self.path.exists()
        self.path.mkdir(parents=True, exist_ok=True)
        if any(self.path.iterdir()):
            return False
        try:  # no race condition: only one process can create the file
            self._config_file.open("x").close()
        except FileExistsError:
            return False
        return True


def describe_progress(config: TrainConfig, members: int, epochs: int) -> str:
    """Describe the progress of an unfinished run, such as ``unfinished: 3 of 10 epochs``.

    Args:
        config: The config of the run.
        members: The members of an ensemble that have a model.
        epochs: The epochs that have ended; not used for an ensemble.
    """
    if config.ensemble > 1:
        return f"unfinished: {members} of {config.ensemble} members"
    return f"unfinished: {epochs} of {config.epochs} epochs"


def read_config_file(path: Path) -> TrainConfig:
    """Return the settings in a file such as ``config.json``.

    Raises:
        RunError: The file is missing or damaged, or a setting in it is unknown or invalid.
    """
    try:
        return TrainConfig.from_dict(_require_json(path))
    except ConfigError as error:
        # Fields have their own names in the file: `batch_size`, not `--batch-size`.
        reason = re.sub(r"--([a-z][a-z-]*)", lambda m: m[1].replace("-", "_"), error.message)
        raise damaged_error(path, reason) from error


def _require_json(path: Path) -> dict[str, Any]:
    content = read_json(path)
    if content is None:
        raise RunError(f"no {path.name} in {str(path.parent)!r}", hint=OTHER_MODEL)
    return content


def _free_name(path: Path) -> str:
    """Return a hint with a directory beside `path` that does not exist."""
    named = path if path.name not in {"", ".."} else path.resolve()
    if not named.name:
        return OTHER_RUN_DIR
    return f"--run-dir {next(free for free in numbered_names(named) if not free.exists())}"


def _is_member(path: Path) -> bool:
    return path.name.removeprefix(_MEMBER).isdecimal()
