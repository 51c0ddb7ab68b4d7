"""Loading of classifiers from model files: one model, or an ensemble of several."""

import os
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from mnistcli.inference.classifier import Classifier
from mnistcli.inference.digit_classifier import BATCH_SIZE, DigitClassifier
from mnistcli.inference.ensemble import Ensemble


def load_classifier(
    files: Sequence[str | os.PathLike[str]],
    *,
    batch_size: int = BATCH_SIZE,
    pixel_scale: str | None = None,
    on_note: Callable[[str], None] | None = None,
    on_batch: Callable[[int], None] | None = None,
) -> DigitClassifier:
    """Load the classifier in one model file, or the ensemble of several.

    Args:
        files: The files, at least one.
        batch_size: Images per batch.
        pixel_scale: As in `Classifier.load`.
        on_note: Receives a line about each model whose interface was detected.
        on_batch: Receives the number of images of each batch that a model has computed.

    Raises:
        ModelError: A file cannot be loaded, or is not a digit classifier.
        ConfigError: There is no such pixel scale.
    """
    members = [
        Classifier.load(
            file,
            batch_size=batch_size,
            pixel_scale=pixel_scale,
            on_note=on_note,
            on_batch=on_batch,
        )
        for file in files
    ]
    return members[0] if len(members) == 1 else Ensemble(members)


def cached_classifier(files: Sequence[Path]) -> DigitClassifier:
    """Load a classifier as `load_classifier` does, or return it if it has been loaded before.

    A program that predicts one image at a time would otherwise load the model for each.

    Args:
        files: The files, at least one.

    Raises:
        ModelError: A file cannot be loaded, or is not a digit classifier.
    """
    versions = [(file.resolve(), file.stat().st_mtime_ns if file.exists() else 0) for file in files]
    return _load_version(tuple(versions))


@lru_cache(maxsize=4)
def _load_version(versions: tuple[tuple[Path, int], ...]) -> DigitClassifier:
    """Load a classifier from files with their modification times."""
    return load_classifier([file for file, _ in versions])
