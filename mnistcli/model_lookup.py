"""Model lookup: the run, `.keras` file or packaged model of a name; by default, the newest run."""

import os
import shlex
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from mnistcli.config import TrainConfig
from mnistcli.digit_thresholds import NO_DIGIT_THRESHOLDS, DigitThresholds, lowest_thresholds
from mnistcli.errors import OTHER_MODEL, ModelError, RunError
from mnistcli.files.signatures import identify_folder
from mnistcli.formatting import percent
from mnistcli.model_files import check_model_file, is_complete, unreadable_error
from mnistcli.runs.directories import RUNS_DIR, find_run_directories
from mnistcli.runs.run import Run, describe_progress

MODEL_VARIABLE = "MNISTCLI_MODEL"
PRETRAINED = "pretrained"
"""The name of the packaged model, the bundled weights."""
LATEST = "latest"
"""The name of the newest finished run."""
PRETRAINED_DIR = Path(__file__).with_name(PRETRAINED)
"""The directory of the packaged model."""

ModelName = str | os.PathLike[str]


@dataclass(frozen=True)
class ModelRef:
    """A model that was found: its files, and the run that created it.

    Attributes:
        files: The `.keras` files; several are an ensemble, whose probabilities are averaged.
        run: The run that the files belong to; None for a file outside a run, and for `members`.
        members: The models that were named, if several were.
        skipped: Newer finished runs that cannot be used, each with the reason.
    """

    files: tuple[Path, ...]
    run: Run | None = None
    members: tuple["ModelRef", ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name for messages: the run directory, the file, or ``pretrained``."""
        if self.members:
            return " + ".join(member.name for member in self.members)
        if self.run is None or not self.is_kept_model:
            return str(self.files[0])
        return PRETRAINED if self.run.path == PRETRAINED_DIR else str(self.run.path)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets it was trained on: first those of its run, then those of its base models.

        A file outside a run is assumed to be trained on ``mnist``.

        Raises:
            RunError: A file of the run is damaged.
        """
        if self.members:
            return tuple(dict.fromkeys(name for member in self.members for name in member.datasets))
        return self.run.trained_on if self.run else (TrainConfig.dataset,)

    @property
    def digit_thresholds(self) -> DigitThresholds:
        """The rejection thresholds; none without a finished run, the lowest of several models.

        Raises:
            RunError: The metrics of the run are damaged.
        """
        if self.members:
            return lowest_thresholds(member.digit_thresholds for member in self.members)
        if self.run is None or not self.is_kept_model or not self.run.is_finished:
            return NO_DIGIT_THRESHOLDS
        return self.run.digit_thresholds

    @property
    def description(self) -> str:
        """The name with recipe, datasets and test accuracy, or with the progress of the run.

        For example ``runs/a (classic, trained on mnist, test accuracy 99.20 %)``. Details that
        cannot be read are omitted.
        """
        if self.members:
            return " + ".join(member.description for member in self.members)
        details: list[str] = []
        if self.run is not None:
            with suppress(RunError, OSError):
                details += _describe(self.run)
        details += self.skipped
        return f"{self.name} ({', '.join(details)})" if details else self.name

    @property
    def is_for_photos(self) -> bool:
        """Whether it was trained for photos: with distorted images or non-digits.

        Models that were fine-tuned from such a model count as well. Nothing is known about a file
        outside a run, which is assumed to be for photos.
        """
        if self.members:
            return all(member.is_for_photos for member in self.members)
        if self.run is None:
            return True
        with suppress(RunError, ModelError):
            return any(config.distort or config.non_digits for config in self._lineage())
        return False

    @property
    def is_kept_model(self) -> bool:
        """Whether the files are the model that the run keeps, not its last epoch."""
        return self.run is not None and self.files == self.run.model_files

    def _lineage(self) -> Iterator[TrainConfig]:
        """Yield the config of the model, of its base model, and so on."""
        model, seen = self, set[Path]()
        while model.run is not None and model.run.path not in seen:
            seen.add(model.run.path)
            config = model.run.read_config()
            yield config
            if config.base_model is None:
                return
            model = find_model(config.base_model)


def find_model(*names: ModelName, root: Path = RUNS_DIR) -> ModelRef:
    """Find a model by its name.

    Args:
        names: Run directories, names of runs in `root`, `.keras` files, ``latest`` (the newest
            finished run) or ``pretrained`` (the packaged model). Several models are averaged.
            Defaults, by precedence: ``$MNISTCLI_MODEL``, newest finished run, ``pretrained``.
        root: The directory of the runs.

    Raises:
        ModelError: There is no such model, or the file is not a `.keras` file.
    """
    if len(names) > 1:
        members = tuple(find_model(name, root=root) for name in names)
        files = tuple(file for member in members for file in member.files)
        return ModelRef(files, members=members)
    if names:
        return _find(os.fspath(names[0]), root)
    if variable := os.environ.get(MODEL_VARIABLE):
        try:
            return _find(variable, root)
        except ModelError as error:
            message = f"{error.message} (from ${MODEL_VARIABLE})"
            raise ModelError(message, hint=f"unset {MODEL_VARIABLE}") from error
    newest, skipped = _newest_run(root)
    if newest is None:
        return replace(_find(PRETRAINED, root), skipped=skipped)
    return ModelRef(newest.model_files, newest, skipped=skipped)


def _find(name: str, root: Path) -> ModelRef:
    if not name:
        raise ModelError("the name of the model is empty", hint=OTHER_MODEL)
    if name == LATEST:
        newest, skipped = _newest_run(root)
        if newest is None:
            raise ModelError(f"no finished run in {str(root)!r}", hint=OTHER_MODEL)
        return ModelRef(newest.model_files, newest, skipped=skipped)
    path = PRETRAINED_DIR if name == PRETRAINED else Path(name)
    try:
        if not path.is_absolute() and not path.exists() and (root / path).is_dir():
            path = root / path
        return _find_in_directory(path) if path.is_dir() else _find_file(path)
    except OSError as error:
        raise unreadable_error(path, error) from error


def _find_in_directory(path: Path) -> ModelRef:
    if not os.access(path, os.R_OK | os.X_OK):
        raise ModelError(f"permission denied: {str(path)!r}", hint=OTHER_MODEL)
    run = Run(path)
    if run.model_files:
        # A model without a config has been copied out of its run.
        return ModelRef(run.model_files, run if run.has_config else None)
    if run.is_resumable:  # killed after the state of the first epoch and before its model
        raise ModelError(
            f"no model in {str(path)!r} yet: the run was stopped",
            hint=f"mnistcli train --resume {shlex.quote(str(path))}",
        )
    newest, _ = _newest_run(path)
    if newest is None and (kind := identify_folder(path)) is not None:
        raise ModelError(f"{str(path)!r} {kind.model_message}", hint=OTHER_MODEL)
    raise ModelError(
        f"no model in {str(path)!r}: not a run directory, or no epoch has finished",
        hint=OTHER_MODEL if newest is None else f"--model {shlex.quote(str(newest.path))}",
    )


def _find_file(path: Path) -> ModelRef:
    check_model_file(path)
    run = Run(path.parent)
    is_of_run = path.name in {run.model_file.name, run.last_model_file.name} and run.has_config
    return ModelRef((path,), run if is_of_run else None)


def _newest_run(root: Path) -> tuple[Run | None, tuple[str, ...]]:
    """Return the newest finished run that can be used, and the newer ones that cannot."""
    paths: list[Path] = []
    with suppress(OSError):
        paths = find_run_directories(root)
    finished = [(_finished_at(Run(path)), path) for path in paths]
    skipped: list[str] = []
    for _, path in sorted((pair for pair in finished if pair[0]), reverse=True):
        run = Run(path)
        reason = _reason_to_skip(run)
        if not reason:
            return run, tuple(skipped)
        skipped.append(f"skipped {path}, which is {reason}")
    return None, tuple(skipped)


def _finished_at(run: Run) -> int:
    """Return the time at which a run ended; 0 if it has not ended or cannot be read."""
    with suppress(OSError):
        return run.finished_at if run.is_finished else 0
    return 0


def _reason_to_skip(run: Run) -> str:
    """Return why a finished run cannot be the default model; empty if it can."""
    try:
        run.read_config()
        _ = run.digit_thresholds  # raises if it is damaged
        is_whole = all(map(is_complete, run.model_files))
        is_at_chance = run.is_at_chance
    except (RunError, OSError):
        return "damaged"
    if not is_whole:
        return "damaged"
    return "no better than chance" if is_at_chance else ""


def _describe(run: Run) -> list[str]:
    """Return the recipe and datasets of a run, and its test accuracy or progress."""
    config, members = run.read_config(), len(run.model_files)
    details = [config.recipe, "trained on " + " and ".join(Path(n).name for n in run.trained_on)]
    if members < config.ensemble or not run.is_finished:
        return [*details, describe_progress(config, members, len(run.read_epochs()))]
    if config.ensemble > 1:
        details.insert(1, f"ensemble of {members}")
    accuracy = run.read_metrics().get("test_accuracy")
    if isinstance(accuracy, float) and 0 <= accuracy <= 1:
        details.append(f"test accuracy {percent(accuracy)}")
    return details
