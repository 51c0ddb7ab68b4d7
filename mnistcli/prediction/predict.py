"""Prediction pipeline: read, preprocess and classify images in parallel; reject uncertain ones."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import chain, count, islice

from mnistcli.inference.digit_classifier import DigitClassifier
from mnistcli.prediction.image_listing import InputImage
from mnistcli.prediction.image_sources import Sources, find_images
from mnistcli.prediction.object_downloads import prefetch_objects
from mnistcli.prediction.preparation import Preparation, Prepared
from mnistcli.prediction.preparation_workers import PreparationWorkers
from mnistcli.prediction.rejection import NO_THRESHOLDS, Thresholds, apply_rejection
from mnistcli.prediction.results import PredictedDigit, Prediction
from mnistcli.prediction.worker_process import MAX_WITHOUT_WORKERS, WorkerProcess
from mnistcli.preprocessing.shapes import compute_probabilities

# Batch size in images: enough to keep all processors busy, few enough for early results.
_BATCH_SIZE = 32
_IMAGES_PER_TASK = 4  # images sent to a worker process together


def predict_images(
    classifier: DigitClassifier,
    sources: Sources,
    *,
    single: bool = False,
    thresholds: Thresholds = NO_THRESHOLDS,
    digit_counts: range | None = None,
    recursive: bool = False,
    on_note: Callable[[str], None] | None = None,
    processes: Sequence[WorkerProcess] = (),
) -> Iterator[Prediction]:
    """Predict the digits in images, in parallel; an unreadable image does not stop the rest.

    Batch inference with double buffering: the next batch is prepared while the current one
    is classified, so no more than two are in memory at a time, however many images there are.

    Args:
        classifier: The classifier. It is called from several threads at a time.
        sources: The sources of the images; see `find_images`.
        single: Whether to treat each whole image as a single digit.
        thresholds: The rejection thresholds. Defaults to none.
        digit_counts: The number of digits that a line may have. Defaults to any.
        recursive: See `find_images`.
        on_note: Receives messages, for example about skipped files.
        processes: Worker processes that have already been started, with the same `single` and
            `digit_counts`. Defaults to new ones, which start after some images.

    Yields:
        A prediction for each image, in the order of the sources.

    Raises:
        TypeError: A source is not an image.
    """
    images = prefetch_objects(find_images(sources, recursive=recursive, on_note=on_note))
    workers = PreparationWorkers(Preparation(single=single, digit_counts=digit_counts), processes)
    pool = ThreadPoolExecutor(max(2, workers.count))
    batches = _prepare_batches(classifier, images, workers, pool)
    try:
        pending = next(batches)
        while pending:
            # The next batch is prepared while this one is classified.
            next_batch = next(batches)
            batch = list(chain.from_iterable(future.result() for future in pending))
            for prediction in classify_batch(classifier, batch):
                yield apply_rejection(prediction, thresholds)
            pending = next_batch
    finally:  # even on Ctrl-C: the images that are being prepared are not waited for
        pool.shutdown(wait=False, cancel_futures=True)
        workers.stop()


def _prepare_batches(
    classifier: DigitClassifier,
    images: Iterator[InputImage],
    workers: PreparationWorkers,
    pool: ThreadPoolExecutor,
) -> Iterator[list[Future[list[Prepared]]]]:
    """Prepare images batch by batch; many images are prepared in worker processes.

    Yields:
        The images of a batch, in one or several tasks; at the end, empty batches.
    """
    for number in count():
        batch = list(islice(images, _BATCH_SIZE))
        accepted = workers.accepts(batch)
        if accepted and number * _BATCH_SIZE >= MAX_WITHOUT_WORKERS and len(batch) == _BATCH_SIZE:
            workers.start()
        size = _IMAGES_PER_TASK if accepted and workers.is_started else 1
        tasks = [batch[start : start + size] for start in range(0, len(batch), size)]
        yield [pool.submit(workers.prepare, task, classifier.predict) for task in tasks]


def classify_batch(classifier: DigitClassifier, batch: Sequence[Prepared]) -> Iterator[Prediction]:
    """Add the probabilities that the segmentation has not computed, in one batch."""
    digits = [digit for prepared in batch for digit in prepared.content.digits]
    probabilities = iter(compute_probabilities(digits, classifier.predict))
    for prediction, content in batch:
        predicted = [PredictedDigit(digit, next(probabilities)) for digit in content.digits]
        yield replace(prediction, digits=tuple(predicted))
