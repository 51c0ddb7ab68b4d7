"""Prediction on a cluster (distributed inference): workers prepare and classify image batches."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.cluster.connection import connect
from mnistcli.cluster.shared_files import ModelFile, find_models, not_shared_error
from mnistcli.cluster.tasks import TaskRunner
from mnistcli.cluster.worker import prepare_worker
from mnistcli.errors import ImageError
from mnistcli.files.regular_files import path_exists
from mnistcli.image_io.image_input import read_stream
from mnistcli.image_io.pages import ImagePage
from mnistcli.inference.digit_classifier import DigitClassifier
from mnistcli.inference.loading import load_classifier
from mnistcli.prediction.image_listing import InputImage
from mnistcli.prediction.object_downloads import prefetch_objects
from mnistcli.prediction.predict import classify_batch
from mnistcli.prediction.preparation import Preparation
from mnistcli.prediction.preparation_workers import file_of, is_process_specific, lost_prediction
from mnistcli.prediction.rejection import NO_THRESHOLDS, Thresholds, apply_rejection
from mnistcli.prediction.results import Prediction

_MIN_BATCH, _MAX_BATCH = 8, 512  # images
_SECONDS_PER_BATCH = 0.5  # longer than the overhead of a batch, short enough for early results
_TRIES_ALONE = 2  # one retry, as another batch may have killed the worker


@dataclass(frozen=True)
class PredictionJob:
    """Job of the workers: the models and settings of a prediction.

    Attributes:
        models: The model files; several are an ensemble.
        pixel_scale: See `load_classifier`.
        single: See `Preparation`.
        digit_counts: See `Preparation`.
        thresholds: The rejection thresholds.
    """

    models: tuple[ModelFile, ...]
    pixel_scale: str | None = None
    single: bool = False
    digit_counts: range | None = None
    thresholds: Thresholds = NO_THRESHOLDS


class _Result(NamedTuple):
    """The result of a batch.

    Attributes:
        predictions: The predictions, one per image.
        missing: Files that the worker does not have.
        seconds: The time that the batch took.
    """

    predictions: list[Prediction]
    missing: list[Path]
    seconds: float


_BatchTasks = TaskRunner[list[InputImage], _Result]


class _Batches:
    """Batches of images, larger ones if they are fast."""

    def __init__(self, images: Iterable[InputImage]) -> None:
        self._images = iter(images)
        self._size = _MIN_BATCH

    def __iter__(self) -> Iterator[list[InputImage]]:
        while batch := list(islice(self._images, self._size)):
            yield batch

    def adapt(self, count: int, seconds: float) -> None:
        """Adapt the batch size to the time that some images took."""
        wanted = count * _SECONDS_PER_BATCH / max(seconds, 1e-3)
        self._size = int(min(max(wanted, _MIN_BATCH), 2 * self._size, _MAX_BATCH))


def predict_on_cluster(
    address: ClusterAddress, job: PredictionJob, images: Iterable[InputImage]
) -> Iterator[Prediction]:
    """Predict the digits in images on the workers of a cluster.

    The number of images in memory does not depend on how many there are. An image is predicted as
    by `predict_images`, even if the worker that predicts it is killed. An image that kills one
    worker after another gets an error.

    Args:
        address: The cluster.
        job: The models and settings.
        images: Files or arrays, in any number.

    Yields:
        A prediction for each image, in order.

    Raises:
        ClusterError: The cluster cannot be used, or does not have the files.
    """
    with connect(address) as client:
        tasks = TaskRunner(client, address, partial(_predict_batch, job))
        yield from _predict_all(tasks, map(_for_workers, images))


def _predict_all(tasks: _BatchTasks, images: Iterable[InputImage]) -> Iterator[Prediction]:
    """Predict images in batches."""
    batches = _Batches(images)
    for batch, result in tasks.run_in_order(batches):
        if result is None:
            yield from _predict_alone(tasks, batch)
            continue
        _require_shared(result)
        batches.adapt(len(batch), result.seconds)
        yield from result.predictions


def _predict_alone(tasks: _BatchTasks, batch: Sequence[InputImage]) -> Iterator[Prediction]:
    """Predict the images of a batch that has crashed its workers, one after the other.

    A worker that dies because of another batch counts against the image as well, so the image is
    tried again.
    """
    for found in batch:
        for _ in range(_TRIES_ALONE):
            ((_, result),) = tasks.run_in_order([[found]])
            if result is not None:
                yield from result.predictions
                break
        else:
            yield lost_prediction(found)


def _require_shared(result: _Result) -> None:
    """Check that a worker had the files that this process has.

    Raises:
        ClusterError: A file exists here that the worker does not have.
    """
    for path in result.missing:
        if path_exists(path):
            raise not_shared_error(path)


def _predict_batch(job: PredictionJob, images: Sequence[InputImage]) -> _Result:
    """Predict images; runs on a worker."""
    start = time.perf_counter()
    prepare_worker()
    classifier = _load_classifier(job.models, job.pixel_scale)
    preparation = Preparation(job.single, job.digit_counts, threads=1)
    group = [preparation.prepare(found, classifier.predict) for found in prefetch_objects(images)]
    predictions = [
        apply_rejection(prediction, job.thresholds)
        for prediction in classify_batch(classifier, group)
    ]
    missing = [
        path
        for found, prediction in zip(images, predictions, strict=True)
        if prediction.error is not None and (path := file_of(found)) and not path_exists(path)
    ]
    return _Result(predictions, missing, time.perf_counter() - start)


@lru_cache(maxsize=2)
def _load_classifier(models: Sequence[ModelFile], pixel_scale: str | None) -> DigitClassifier:
    """Load a classifier once in a worker, and cache it for later batches.

    Raises:
        ClusterError: The worker does not have the files.
    """
    return load_classifier(find_models(models), pixel_scale=pixel_scale)


def _for_workers(image: InputImage) -> InputImage:
    """Return an image in a form that a worker can open: its absolute path or its content."""
    file = file_of(image)
    if file is None:
        return image
    if isinstance(image.source, ImagePage):
        return replace(image, source=replace(image.source, file=file.absolute()))
    if is_process_specific(file):
        with suppress(OSError, ImageError), file.open("rb") as stream:
            return replace(image, source=read_stream(stream, str(image.path)))
    return replace(image, source=file.absolute())
