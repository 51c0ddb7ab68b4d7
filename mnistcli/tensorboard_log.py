"""TensorBoard log of a run: event files with scalars, and figures of the test images.

It needs the package `tensorboard` (extra ``tensorboard``), whose protobuf classes encode the
events. The files are written without TensorFlow, so that training computes the same with or without
a log.
"""

import io
import math
import socket
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import MappingProxyType

from matplotlib.figure import Figure
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from mnistcli.config import TrainConfig
from mnistcli.datasets import Dataset
from mnistcli.evaluation import Evaluation
from mnistcli.plotting.confusion import plot_confusion
from mnistcli.plotting.mistakes import plot_mistakes
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run
from mnistcli.training import EnsembleResult, TrainingCallback, TrainResult

_VERSION = "brain.Event:2"  # of the file format, in the first event of each file
_PREFIX = "events.out.tfevents."  # TensorBoard reads files with this name
_DPI = 100
_RGBA = 4  # the color space of an image
_TAGS = MappingProxyType(
    {
        "loss": "loss/training",
        "val_loss": "loss/validation",
        "accuracy": "accuracy/training",
        "val_accuracy": "accuracy/validation",
        "learning_rate": "learning_rate",
        "seconds": "seconds",
    }
)


class TensorBoardLog:
    """Training callback that logs each epoch for TensorBoard, and forwards the progress.

    The event files are in ``tensorboard/`` of the run, or of each member of an ensemble.

    Args:
        run: The run directory.
        callback: Receives the progress.
    """

    def __init__(self, run: Run, callback: TrainingCallback) -> None:
        self._run = run
        self._callback = callback
        self._directory = run.tensorboard_dir

    def on_train_begin(
        self, config: TrainConfig, steps: int, *, member: int, members: int, first_epoch: int
    ) -> None:
        """Start a log. The log of a resumed run contains the earlier epochs.

        Raises:
            OSError: The log cannot be written.
        """
        run = self._run.member(member) if members > 1 else self._run
        self._directory = run.tensorboard_dir
        _start_log(self._directory, run.read_history() if first_epoch > 1 else ())
        self._callback.on_train_begin(
            config, steps, member=member, members=members, first_epoch=first_epoch
        )

    def on_train_batch_end(self, step: int, loss: float, accuracy: float) -> None:
        """Forward the progress."""
        self._callback.on_train_batch_end(step, loss, accuracy)

    def on_epoch_end(self, row: EpochRow, *, kept: bool) -> None:
        """Log the metrics and the learning rate of the epoch.

        Raises:
            OSError: The log cannot be written.
        """
        _append(self._directory, [_epoch_event(row)])
        self._callback.on_epoch_end(row, kept=kept)


def log_result(result: TrainResult | EnsembleResult, test: Dataset) -> None:
    """Log the test metrics, the confusion matrix and the worst mistakes of a finished run.

    Args:
        result: The result.
        test: The test images.

    Raises:
        OutputError: The log cannot be written.
    """
    with result.run.translate_write_errors():
        step = 0
        if isinstance(result, TrainResult):
            step = result.kept.epoch
        _append(result.run.tensorboard_dir, [_test_event(result.test, test, step, result)])


def _test_event(
    evaluation: Evaluation, test: Dataset, step: int, result: TrainResult | EnsembleResult
) -> Event:
    model, dataset = str(result.run.path), result.config.dataset
    confusion = plot_confusion(evaluation.confusion_matrix, model_name=model, dataset_name=dataset)
    mistakes = plot_mistakes(test, evaluation.probabilities, model_name=model, dataset_name=dataset)
    scalars = {"loss/test": evaluation.loss, "accuracy/test": evaluation.accuracy}
    values = [
        *_scalars(scalars.items()),
        _image("confusion_matrix", confusion),
        _image("worst_mistakes", mistakes),
    ]
    return Event(wall_time=time.time(), step=step, summary=Summary(value=values))


def _epoch_event(row: EpochRow) -> Event:
    values = _scalars((tag, getattr(row, name)) for name, tag in _TAGS.items())
    return Event(wall_time=time.time(), step=row.epoch, summary=Summary(value=values))


def _scalars(scalars: Iterable[tuple[str, float]]) -> list[Summary.Value]:
    """Return the scalars that are numbers: without validation, its metrics are NaN."""
    return [
        Summary.Value(tag=tag, simple_value=value)
        for tag, value in scalars
        if not math.isnan(value)
    ]


def _image(tag: str, figure: Figure) -> Summary.Value:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=_DPI)
    width, height = (round(inches * _DPI) for inches in figure.get_size_inches())
    image = Summary.Image(
        height=height, width=width, colorspace=_RGBA, encoded_image_string=stream.getvalue()
    )
    return Summary.Value(tag=tag, image=image)


def _start_log(directory: Path, rows: Sequence[EpochRow]) -> None:
    """Replace the log in a directory with a new one of some epochs."""
    directory.mkdir(exist_ok=True)
    for file in directory.glob(f"{_PREFIX}*"):
        file.unlink()
    _append(directory, [_epoch_event(row) for row in rows])


def _append(directory: Path, events: Sequence[Event]) -> None:
    """Append events (TFRecord) to the log in a directory, which is created if it does not exist."""
    directory.mkdir(exist_ok=True)
    now = time.time()
    files = sorted(directory.glob(f"{_PREFIX}*"))
    if not files:
        files = [directory / f"{_PREFIX}{int(now):010d}.{socket.gethostname()}"]
        events = [Event(wall_time=now, file_version=_VERSION), *events]
    with files[-1].open("ab") as stream:
        writer = RecordWriter(stream)
        for event in events:
            writer.write(event.SerializeToString())
