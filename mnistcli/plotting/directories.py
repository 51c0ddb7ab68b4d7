"""Directories of plots: the default output directory for the figures of a model on a dataset."""

import hashlib
from pathlib import Path

from mnistcli.model_lookup import PRETRAINED_DIR, ModelRef

_MAX_NAME = 100  # characters of a directory name
_ENSEMBLE_PLOTS_DIR = Path("ensemble_plots")
_COMPARISON_PLOTS_DIR = Path("comparison_plots")


def plots_dir(model: ModelRef, dataset_name: str) -> Path:
    """Return the default directory for plots of a model on a dataset.

    It is in the run, beside a file outside a run, or in the working directory for the packaged
    model and for several models. Different models and datasets have different directories.

    Args:
        model: The model.
        dataset_name: The name of the dataset.

    Raises:
        RunError: A file of the run is damaged.
    """
    return _dataset_directory(_model_directory(model), model, dataset_name)


def comparison_dir(models: ModelRef, dataset_name: str) -> Path:
    """Return the default directory for a comparison of models on a dataset.

    Args:
        models: The models.
        dataset_name: The name of the dataset.
    """
    directory = _COMPARISON_PLOTS_DIR / _unique_name(models)
    return _dataset_directory(directory, models, dataset_name)


def _model_directory(model: ModelRef) -> Path:
    if model.members:
        return _ENSEMBLE_PLOTS_DIR / _unique_name(model)
    if model.run is not None and model.is_kept_model and model.run.path != PRETRAINED_DIR:
        return model.run.plots_dir
    path = Path(model.name)
    return path.with_name(f"{path.stem}_plots")


def _unique_name(models: ModelRef) -> str:
    """Return a directory name for several models: the names of the first ones and a hash of all."""
    paths = "\n".join(str(file.resolve()) for file in models.files)
    digest = hashlib.sha256(paths.encode(errors="surrogateescape")).hexdigest()[:8]
    names = [Path(member.name).name.removesuffix(".keras")[:40] for member in models.members[:3]]
    return f"{'+'.join(names)}-{digest}"


def _dataset_directory(directory: Path, model: ModelRef, dataset_name: str) -> Path:
    """Return the directory for a dataset: a subdirectory, except for that of the training."""
    if dataset_name == model.datasets[0]:
        return directory
    path = Path(dataset_name)
    parts = path.relative_to(path.anchor).parts or ("dataset",)
    return directory / "_".join(parts)[-_MAX_NAME:]
