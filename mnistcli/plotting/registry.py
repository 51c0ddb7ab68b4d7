"""The pictures of a model: which kinds it allows, and what goes into each."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
from matplotlib.figure import Figure

from mnistcli.datasets import Dataset
from mnistcli.device import start_quietly
from mnistcli.errors import CheckpointError, RunError
from mnistcli.evaluation import Evaluation, evaluate
from mnistcli.inference.classifier import Predictor
from mnistcli.inference.ensemble import load_classifier
from mnistcli.model_store import ModelRef
from mnistcli.plotting import (
    plot_confusion,
    plot_filters,
    plot_history,
    plot_mistakes,
    plot_samples,
    save_figure,
)


def draw(
    model: ModelRef,
    dataset: Dataset,
    output_dir: Path,
    *,
    kinds: Sequence[str] | None = None,
    count: int = 24,
    seed: int = 0,
) -> list[Path]:
    """Draw pictures of a model, each into ``KIND.png``.

    Args:
        model: The model.
        dataset: Images it has not been trained on.
        output_dir: Where the pictures go; made if it is missing, older pictures are replaced.
        kinds: Names in `PLOTS` of `mnistcli.config`; None: all that the model allows.
        count: How many digits `samples` and `mistakes` show at most.
        seed: Decides which digits `samples` shows.

    Returns:
        The files, in the order they were drawn.

    Raises:
        CheckpointError: The model cannot be loaded, or has no filters and they were asked for.
        RunError: The model has no history and it was asked for, or a file cannot be written.
    """
    gallery = _Gallery(model, dataset, count, seed)
    saved = []
    for kind in kinds or _DRAWN_BY:
        try:
            figure = _DRAWN_BY[kind](gallery)
        except _NotAllowedError:
            if kinds:
                raise
            continue
        saved.append(save_figure(figure, output_dir / f"{kind}.png"))
    return saved


class _NotAllowedError(RunError):
    """The model lacks what this kind of picture shows."""


class _Gallery:
    """What the pictures share; nothing is computed before a picture needs it."""

    def __init__(self, model: ModelRef, dataset: Dataset, count: int, seed: int) -> None:
        self._model = model
        self._dataset = dataset
        self._count = count
        self._seed = seed

    @cached_property
    def _classifier(self) -> Predictor:
        return load_classifier(self._model.files)

    @cached_property
    def _evaluation(self) -> Evaluation:
        return evaluate(self._classifier, self._dataset)

    def _file(self, kind: str) -> Path:
        """The one file of the model, for what only a single network has."""
        file, *others = self._model.files
        if others:
            raise _NotAllowedError(
                f"no {kind}: {self._model.name!r} is an ensemble",
                hint=f"mnistcli plot {file.parent} --kind {kind}",
            )
        return file

    def history(self) -> Figure:
        self._file("history")
        if self._model.run is None:
            raise _NotAllowedError(
                f"no history: {self._model.name!r} is a file on its own, not a run",
                hint="mnistcli plot --kind confusion",
            )
        run = self._model.run
        return plot_history(run.read_history(), keeps_last=run.read_config().keeps_last)

    def confusion(self) -> Figure:
        return plot_confusion(self._evaluation.confusion_matrix)

    def samples(self) -> Figure:
        count = min(self._count, len(self._dataset))
        chosen = np.random.default_rng(self._seed).permutation(len(self._dataset))[:count]
        some = self._dataset.take(chosen)
        return plot_samples(
            some.images,
            some.labels,
            self._evaluation.probabilities[chosen],
            name="random test digits",
        )

    def mistakes(self) -> Figure:
        return plot_mistakes(
            self._dataset.images,
            self._dataset.labels,
            self._evaluation.probabilities,
            count=self._count,
        )

    def filters(self) -> Figure:
        file = self._file("filters")
        start_quietly()
        # These load TensorFlow, which the other kinds of picture do without.
        from mnistcli import checkpoints
        from mnistcli.architectures import first_convolution

        image = self._dataset.images[0]
        try:
            kernels, maps = first_convolution(checkpoints.load(file), image)
        except CheckpointError as error:
            raise _NotAllowedError(error.message, hint=error.hint) from error
        return plot_filters(kernels, image, maps)


_DRAWN_BY: Mapping[str, Callable[[_Gallery], Figure]] = MappingProxyType(
    {
        "history": _Gallery.history,
        "confusion": _Gallery.confusion,
        "samples": _Gallery.samples,
        "mistakes": _Gallery.mistakes,
        "filters": _Gallery.filters,
    }
)
