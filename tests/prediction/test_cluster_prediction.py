"""Prediction on a cluster: the same results as in this process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("distributed", reason="needs the extra cluster")

from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.cluster.shared_files import describe_models
from mnistcli.digit_thresholds import DigitThresholds
from mnistcli.errors import ClusterError
from mnistcli.inference.loading import load_classifier
from mnistcli.model_lookup import find_model
from mnistcli.prediction import cluster_prediction
from mnistcli.prediction.cluster_prediction import (
    PredictionJob,
    predict_on_cluster,
)
from mnistcli.prediction.image_listing import InputImage
from mnistcli.prediction.image_sources import find_images
from mnistcli.prediction.predict import predict_images
from mnistcli.prediction.rejection import Thresholds
from mnistcli.prediction.results import Prediction

FILES = find_model("pretrained").files
THRESHOLDS = Thresholds(DigitThresholds(0.99, 0.3), 0.6, 0.6)


@pytest.fixture
def folder(digit_pngs: Path) -> Path:
    """A folder, named relative to the working directory, of more images than a batch has."""
    folder = Path("images")
    folder.mkdir()
    for copy in range(3):
        for image in digit_pngs.iterdir():
            (folder / f"{copy}{image.name}").write_bytes(image.read_bytes())
    (folder / "damaged.png").write_bytes(b"\x89PNG\r\n")
    return folder


def predict(address: ClusterAddress, *sources: Any) -> list[Prediction]:
    job = PredictionJob(describe_models(FILES), thresholds=THRESHOLDS)
    return list(predict_on_cluster(address, job, find_images(sources)))


def test_predictions_equal_those_of_this_process(cluster: ClusterAddress, folder: Path) -> None:
    row = InputImage(Path("a.csv#1"), np.eye(28, dtype=np.uint8) * 255, row="1")
    sources: list[Any] = [folder, "missing.png", row]
    expected = predict_images(load_classifier(FILES), sources, thresholds=THRESHOLDS)
    assert [one.as_dict() for one in predict(cluster, *sources)] == [
        one.as_dict() for one in expected
    ]


def test_another_model_on_a_worker_is_refused(
    cluster: ClusterAddress, folder: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model.keras"
    model.write_bytes(FILES[0].read_bytes())
    job = PredictionJob(describe_models([model]))
    model.write_bytes(FILES[0].read_bytes() + b" ")
    with pytest.raises(ClusterError, match=f"a worker does not have '{model}': the file system"):
        list(predict_on_cluster(cluster, job, find_images([folder])))


class FakeTasks:
    """Tasks without a cluster.

    Args:
        results: The results of one batch after the other.
    """

    def __init__(self, *results: Any) -> None:
        self.results = iter(results)

    def run_in_order(self, items: Any) -> Iterator[tuple[Any, Any]]:
        return ((item, next(self.results)) for item in items)


def result(*predictions: Prediction, missing: tuple[Path, ...] = ()) -> Any:
    return cluster_prediction._Result(list(predictions), list(missing), 0.1)


def run(tasks: Any, found: list[InputImage]) -> list[Prediction]:
    return list(cluster_prediction._predict_all(tasks, found))


def test_an_image_that_ends_its_workers_is_an_error() -> None:
    good, bad = (InputImage(Path(name), Path(name)) for name in ("good.png", "bad.png"))
    tasks = FakeTasks(None, None, result(Prediction(good.path)), None, None)
    first, second = run(tasks, [good, bad])
    assert (first.path, first.error) == (good.path, None)
    assert second.path == bad.path
    assert second.error is not None
    assert second.error.message == "the worker process died while reading 'bad.png'"


def test_a_file_that_only_this_process_has_is_an_error() -> None:
    here, nowhere = Path("here.png"), Path("nowhere.png")
    here.touch()
    found = [InputImage(path, path) for path in (here, nowhere)]
    answer = result(*(Prediction(path) for path in (here, nowhere)), missing=(nowhere,))
    assert len(run(FakeTasks(answer), found)) == 2
    with pytest.raises(ClusterError, match=r"a worker does not have 'here\.png'"):
        run(FakeTasks(result(missing=(here,))), found)


def test_fast_images_come_in_longer_batches() -> None:
    batches = cluster_prediction._Batches(InputImage(Path(str(n))) for n in range(3000))
    sizes = []
    for batch in batches:
        sizes.append(len(batch))
        # A millisecond each, then a second each.
        batches.adapt(len(batch), len(batch) * (0.001 if len(sizes) < 9 else 1))
    assert sizes[:11] == [8, 16, 32, 64, 128, 256, 500, 500, 500, 8, 8]
    assert sum(sizes) == 3000
