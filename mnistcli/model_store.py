"""ModelRef lookup: the run directory, `.keras` file or packaged model that a name stands for."""

import os
from dataclasses import dataclass
from pathlib import Path

from mnistcli.config import TrainConfig
from mnistcli.errors import CheckpointError
from mnistcli.runs import RUNS_DIR, Run

MODEL_VARIABLE = "MNISTCLI_MODEL"


PRETRAINED = "pretrained"


_PRETRAINED_DIR = Path(__file__).with_name(PRETRAINED)


@dataclass(frozen=True)
class ModelRef:
    """A model that was found: a network, or several that answer together.

    Attributes:
        files: The `.keras` file of each network.
        run: The run they belong to; None for a file on its own, and where several were named.
        parts: The models that were named, where there are several.
    """

    files: tuple[Path, ...]
    run: Run | None = None
    parts: tuple["ModelRef", ...] = ()

    @property
    def name(self) -> str:
        """What to call it: the run directory, or the file."""
        if self.parts:
            return " + ".join(part.name for part in self.parts)
        if self.run and self.run.path == _PRETRAINED_DIR:
            return PRETRAINED
        return str(self.run.path if self.run else self.files[0])

    @property
    def datasets(self) -> tuple[str, ...]:
        """The data sets it was trained on, as far as is known: ``mnist`` for a file on its own."""
        if self.parts:
            return tuple(dict.fromkeys(name for part in self.parts for name in part.datasets))
        return (self.run.read_config().dataset if self.run else TrainConfig.dataset,)

    @property
    def min_confidence(self) -> float:
        """How sure it must be to answer, 0 to 1; 0, always, where its run does not know."""
        if self.parts:
            return min(part.min_confidence for part in self.parts)
        if self.run is None or not self.run.finished:
            return 0.0
        return float(self.run.read_metrics().get("min_confidence", 0.0))

    def plots_dir(self, dataset: str) -> Path:
        """Return where pictures of it on a data set go.

        That is in the run, or beside a file on its own, or, of the pretrained model, in the
        directory one is in; those on other data than it was trained on
        have a folder of their own, so that neither replaces the other.

        Args:
            dataset: The data set's name.
        """
        if self.run and self.run.path != _PRETRAINED_DIR:
            own = self.run.plots_dir
        else:
            first = Path(self.parts[0].name if self.parts else self.name)
            others = f"_and_{len(self.parts) - 1}_more" if self.parts else ""
            own = first.with_name(f"{first.stem}{others}_plots")
        return own if dataset == self.datasets[0] else own / Path(dataset).name


def find_model(*models: str, root: Path = RUNS_DIR) -> ModelRef:
    """Find the model that is meant.

    Args:
        models: Run directories, `.keras` files or ``pretrained``; several answer together. None:
            what ``$MNISTCLI_MODEL`` names, else the newest finished run, else ``pretrained``.
        root: Where the runs are.

    Raises:
        CheckpointError: There is no such model.
    """
    if len(models) > 1:
        parts = tuple(find_model(model) for model in models)
        return ModelRef(tuple(file for part in parts for file in part.files), parts=parts)
    wanted = models[0] if models else os.environ.get(MODEL_VARIABLE) or _newest_run(root)
    path = _PRETRAINED_DIR if wanted == PRETRAINED else Path(wanted)
    if path.is_dir():
        run = Run(path)
        if not os.access(path, os.R_OK | os.X_OK):
            raise CheckpointError(f"not allowed to read: {str(path)!r}", hint=f"ls -ld {path}")
        if not run.model_files:
            raise CheckpointError(
                f"no model in {str(path)!r}: it is not the directory of a run with an epoch done",
                hint="mnistcli train",
            )
        return ModelRef(run.model_files, run)
    if not path.exists():
        raise CheckpointError(f"no such model: {str(path)!r}", hint="mnistcli train")
    if path.name == Run(path.parent).model_file.name and Run(path.parent).finished:
        return ModelRef((path,), Run(path.parent))
    return ModelRef((path,))


def _newest_run(root: Path) -> str:
    finished = [run for path in root.glob("*/") if (run := Run(path)).finished]
    newest = max(finished, key=lambda run: run.finished_at, default=None)
    return PRETRAINED if newest is None else str(newest.path)
