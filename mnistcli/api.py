"""Python API: `predict`, `train`, `evaluate` and `plot`, the commands as functions.

This public API is re-exported by `mnistcli`. Imports are lazy: each function imports its
dependencies when it is called, so that `predict` does not wait for Keras. Nothing is printed,
except the progress of training in an interactive session.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast, overload

from mnistcli.errors import ConfigError
from mnistcli.file_formats import FIGURE_FORMATS
from mnistcli.model_lookup import ModelName, ModelRef, find_model
from mnistcli.notebook import epoch_progress, is_interactive, show_in_notebook

if TYPE_CHECKING:
    from mnistcli.datasets import Dataset, Splits
    from mnistcli.evaluation import Evaluation
    from mnistcli.image_io import ImageSource
    from mnistcli.inference.digit_classifier import DigitClassifier
    from mnistcli.prediction.results import Prediction
    from mnistcli.training import EnsembleResult, TrainingCallback, TrainResult

    _Image = TypeVar("_Image", bound=ImageSource)
    DatasetSource: TypeAlias = str | os.PathLike[str] | Splits

__all__ = ["evaluate", "load_classifier", "plot", "predict", "train"]

Models = ModelName | Sequence[ModelName]
"""A model or several, whose probabilities are averaged, as accepted by
`mnistcli.model_lookup.find_model`: run directories, `.keras` files, ``latest`` or
``pretrained``."""


@overload
def predict(
    images: "ImageSource",
    *,
    model: Models | None = None,
    single: bool = False,
    min_confidence: float | None = None,
    digits: int | tuple[int, int] | None = None,
) -> "Prediction": ...


@overload
def predict(
    images: "list[_Image] | tuple[_Image, ...] | Iterator[_Image]",
    *,
    model: Models | None = None,
    single: bool = False,
    min_confidence: float | None = None,
    digits: int | tuple[int, int] | None = None,
) -> "list[Prediction]": ...


def predict(
    images: "ImageSource | list[_Image] | tuple[_Image, ...] | Iterator[_Image]",
    *,
    model: Models | None = None,
    single: bool = False,
    min_confidence: float | None = None,
    digits: int | tuple[int, int] | None = None,
) -> "Prediction | list[Prediction]":
    """Predict the digits in one image or in several.

    Args:
        images: An image, or a list, tuple or iterator of images. An image is a path, a binary file
            object, a PIL image or an array, shape (height, width) or (height, width, 3 or 4), as
            accepted by `mnistcli.image_io.open_image`; dark on light or light on dark.
        model: The model. Defaults to ``$MNISTCLI_MODEL``, else the newest finished run under
            ``runs/``, else ``pretrained``.
        single: Whether to treat each whole image as a single digit.
        min_confidence: The minimum probability that all digits are correct, 0 to 1; images below it
            are rejected. Defaults to the thresholds of the model for one digit, 0.8 for two and 0.6
            for more.
        digits: The number of digits in each line, or a pair (minimum, maximum). Defaults to any.

    Returns:
        The prediction of the image, or a list with one prediction per image. In a list, an image
        that cannot be read has a prediction with `Prediction.error`.

    Raises:
        ModelError: The model cannot be found or loaded.
        ConfigError: The number of digits is not in 1..100, or the minimum exceeds the maximum.
        ImageError: The only image cannot be read.
        TypeError: An image is none of the above.
    """
    from mnistcli.image_io.image_input import is_file_object, source_name
    from mnistcli.inference.loading import cached_classifier
    from mnistcli.prediction.image_listing import InputImage
    from mnistcli.prediction.predict import predict_images
    from mnistcli.prediction.rejection import choose_thresholds

    # A file object is an iterator, too: of lines.
    has_several = isinstance(images, (list, tuple, Iterator)) and not is_file_object(images)
    sources = images if has_several else [images]
    found = (
        InputImage(
            Path(source_name(image) or f"image {number}"),
            Path(image) if isinstance(image, (str, os.PathLike)) else image,
        )
        for number, image in enumerate(cast("Iterator[ImageSource]", sources), start=1)
    )
    model_ref = _find(model)
    classifier = cached_classifier(model_ref.files)
    predictions = list(
        predict_images(
            classifier,
            found,
            single=single,
            thresholds=choose_thresholds(min_confidence, model_ref.digit_thresholds),
            digit_counts=_digit_counts(digits),
        )
    )
    if has_several:
        return predictions
    if predictions[0].error is not None:
        raise predictions[0].error
    return predictions[0]


def train(
    recipe: str | None = None,
    *,
    dataset: "DatasetSource | None" = None,
    data_dir: str | os.PathLike[str] | None = None,
    run_dir: str | os.PathLike[str] | None = None,
    callback: "TrainingCallback | None" = None,
    **settings: object,
) -> "TrainResult | EnsembleResult":
    """Train a model, or an ensemble, and write its run directory.

    Args:
        recipe: A name in `mnistcli.recipes.RECIPES`. Defaults to ``tune`` if `base_model` is given,
            else ``classic``.
        dataset: ``mnist``, ``digits``, a path, or images in memory. Defaults to the recipe's.
        data_dir: The directory of the MNIST files. Defaults to ``$MNISTCLI_DATA_DIR``, else the
            user's cache, into which missing files are downloaded.
        run_dir: A directory that is empty or does not exist. Defaults to a new one under ``runs/``.
        callback: Receives the progress. Defaults to a bar and an epoch table in a notebook, to
            one line per epoch in another interactive session, else to none.
        settings: Settings of `mnistcli.config.TrainConfig` that replace the recipe's, such as
            ``epochs=5``, ``ensemble=3``, ``base_model="pretrained"`` or ``arch="net.py:build"``.

    Returns:
        The result with the metrics on the test images; an `EnsembleResult` if `ensemble` is above
        1.

    Raises:
        ConfigError: The recipe or a setting is unknown, or a value is invalid.
        DataError: The dataset is missing, damaged or too small, or cannot be downloaded.
        ModelError: The base model cannot be found or loaded.
        DeviceError: A GPU was requested and there is none, or the batches cannot be divided by the
            number of GPUs.
        RunError: The run directory cannot be created or written.
        TrainingError: The training diverged, or the base model is an ensemble.
    """
    from mnistcli.recipes import resolve
    from mnistcli.runs.run import Run
    from mnistcli.system.keras_startup import start_quietly

    config = resolve(recipe, dataset=_dataset_name(dataset), **settings)
    start_quietly()
    from mnistcli import training

    splits = _load_splits(config.dataset if dataset is None else dataset, data_dir)
    run = Run.create(config, None if run_dir is None else Path(run_dir))
    if callback is None and is_interactive():
        with epoch_progress() as progress:
            return training.train(config, splits, run, callback=progress)
    return training.train(config, splits, run, callback=callback)


def evaluate(
    model: Models | None = None,
    *,
    dataset: "DatasetSource | Dataset | None" = None,
    data_dir: str | os.PathLike[str] | None = None,
    batch_size: int = 256,
) -> "Evaluation":
    """Evaluate a model on images that it was not trained on.

    Args:
        model: The model. Defaults as in `predict`.
        dataset: ``mnist``, ``digits``, a path, or images in memory; all images of a `Dataset` are
            used. Defaults to the dataset that the model was trained on.
        data_dir: As in `train`.
        batch_size: Images per batch.

    Returns:
        The metrics, and the probabilities of each image.

    Raises:
        ModelError: The model cannot be found or loaded.
        DataError: The dataset is missing, damaged or empty, or cannot be downloaded.
        RunError: A file of the run is damaged.
    """
    from mnistcli import evaluation
    from mnistcli.datasets import Dataset
    from mnistcli.inference import loading

    found = _find(model)
    if isinstance(dataset, Dataset):
        images = dataset
    else:
        splits = _load_splits(found.datasets[0] if dataset is None else dataset, data_dir)
        images = splits.images_not_trained_on(*found.datasets)
    classifier = loading.load_classifier(found.files, batch_size=batch_size)
    return evaluation.evaluate(classifier, images)


def plot(
    model: Models | None = None,
    *,
    kinds: Sequence[str] | None = None,
    dataset: "DatasetSource | None" = None,
    data_dir: str | os.PathLike[str] | None = None,
    output_dir: str | os.PathLike[str] | None = None,
    count: int = 24,
    seed: int = 0,
    file_format: str = FIGURE_FORMATS[0],
) -> list[Path]:
    """Plot a model's history, predictions, mistakes, calibration, activations and more.

    A Jupyter notebook shows each figure once.

    Args:
        model: The model. Defaults as in `predict`.
        kinds: Names in `mnistcli.plotting.registry.PLOT_KINDS`. Defaults to all that the model
            allows.
        dataset: ``mnist``, ``digits``, a path, or images in memory. Defaults to the dataset that
            the model was trained on.
        data_dir: As in `train`.
        output_dir: Directory for the files. Defaults to ``plots/`` in the run.
        count: Maximum number of digits in samples, mistakes and occlusion maps.
        seed: Random seed of the samples and of the digits in the embedding.
        file_format: Format of the files: ``png``, ``svg`` or ``pdf``.

    Returns:
        The files.

    Raises:
        ModelError: The model cannot be found or loaded.
        ConfigError: There is no such kind of plot or format.
        DataError: The dataset is missing, damaged or empty, or cannot be downloaded.
        RunError: A file of the run is damaged.
        PlotError: A plot that was asked for is not available for the model.
        OutputError: A file cannot be written.
    """
    from mnistcli.config_validation import require_choice
    from mnistcli.plotting.directories import plots_dir
    from mnistcli.plotting.registry import PLOT_KINDS, save_plots

    chosen = (
        None if kinds is None else [require_choice("kind", k, tuple(PLOT_KINDS)) for k in kinds]
    )
    found = _find(model)
    splits = _load_splits(found.datasets[0] if dataset is None else dataset, data_dir)
    files = save_plots(
        found,
        splits.name,
        splits.images_not_trained_on(*found.datasets),
        plots_dir(found, splits.name) if output_dir is None else Path(output_dir),
        kinds=chosen,
        count=count,
        seed=seed,
        splits=splits,
        file_format=require_choice("file_format", file_format, FIGURE_FORMATS),
    )
    show_in_notebook(files)
    return files


def load_classifier(
    model: Models | None = None, *, batch_size: int = 64, pixel_scale: str | None = None
) -> "DigitClassifier":
    """Load the classifier of a model, to predict 28x28 digits in MNIST format.

    Its method `predict` takes uint8 (n, 28, 28), light digits on a dark background, and returns
    probabilities, float32 (n, 10). For images of any other kind, use `predict` of this module.

    Args:
        model: The model. Defaults as in `predict`.
        batch_size: Images per batch.
        pixel_scale: The pixel scale that an external model expects, a name in
            `mnistcli.pixel_scales.PIXEL_SCALES`, or ``auto``. Remembered for the file by all
            functions. Defaults to the one that is detected with reference digits.

    Raises:
        ModelError: The model cannot be found or loaded.
        ConfigError: There is no such pixel scale.
    """
    from mnistcli.inference import loading

    return loading.load_classifier(
        _find(model).files, batch_size=batch_size, pixel_scale=pixel_scale
    )


def _digit_counts(digits: int | tuple[int, int] | None) -> range | None:
    if digits is None:
        return None
    from mnistcli.prediction.digit_counts import MAX_DIGITS, digit_count_range

    minimum, maximum = (digits, digits) if isinstance(digits, int) else digits
    try:
        return digit_count_range(minimum, maximum)
    except ValueError as error:
        raise ConfigError(
            f"digits must be a number from 1 to {MAX_DIGITS} or (minimum, maximum), not {digits!r}"
        ) from error


def _find(model: Models | None) -> ModelRef:
    if model is None:
        return find_model()
    return find_model(model) if isinstance(model, (str, os.PathLike)) else find_model(*model)


def _dataset_name(dataset: "DatasetSource | None") -> str | None:
    if isinstance(dataset, (str, os.PathLike)):
        return os.fspath(dataset)
    return None if dataset is None else dataset.name


def _load_splits(dataset: "DatasetSource", data_dir: str | os.PathLike[str] | None) -> "Splits":
    from mnistcli import datasets

    if isinstance(dataset, datasets.Splits):
        return dataset
    return datasets.load(os.fspath(dataset), data_dir=None if data_dir is None else Path(data_dir))
