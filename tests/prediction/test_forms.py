"""Tests of the prediction of forms: the same regions of every scan, registered to the first."""

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistcli.errors import DataError, ImageError
from mnistcli.inference.loading import load_classifier
from mnistcli.model_lookup import find_model
from mnistcli.prediction.form_regions import FormRegion, read_regions
from mnistcli.prediction.forms import FormPrediction, predict_forms
from mnistcli.prediction.image_listing import InputImage
from mnistcli.prediction.predict import predict_images
from mnistcli.prediction.results import Prediction
from tests.support.forms import REGIONS, SIZE, displace, draw_scan, write_regions

FILLED = {"date": "261126", "amount": "4718", "year": "2026", "account": "90817263", "count": "7"}


@pytest.fixture(scope="module")
def predict() -> "partial[Iterator[Prediction]]":
    return partial(predict_images, load_classifier(find_model("pretrained").files))


def keep(images: Iterable[InputImage]) -> Iterator[Prediction]:
    """Return the images as predictions without any model."""
    for image in images:
        yield Prediction(image.path, error=image.error, source=image.source)


def read_forms(
    scans: list[Image.Image | Path], regions: tuple[FormRegion, ...] | None = None
) -> tuple[list[FormPrediction], list[str]]:
    notes: list[str] = []
    regions = regions or read_regions(write_regions(Path("boxes.csv")))
    return list(predict_forms(keep, scans, regions, on_note=notes.append)), notes


def texts(form: FormPrediction) -> dict[str, str]:
    return {name: one.guess for name, one in form.regions.items()}


def test_numbers_of_displaced_scans_are_read(predict: "partial[Iterator[Prediction]]") -> None:
    regions = read_regions(write_regions(Path("boxes.csv"), zoom=1.5))
    filled = draw_scan(FILLED, zoom=1.5)
    scans = [
        draw_scan({}, zoom=1.5),
        filled,
        displace(filled, shift=(20, 20)),
        displace(filled, angle=3),
        displace(filled, scale=0.9),
        draw_scan(FILLED, zoom=2),
    ]

    empty, *forms = predict_forms(predict, scans, regions)

    assert texts(empty) == dict.fromkeys(REGIONS, "")
    assert [texts(form) for form in forms] == [FILLED] * 5
    assert all(form.is_registered for form in forms)


def test_fields_of_a_form_without_a_frame_are_read(
    predict: "partial[Iterator[Prediction]]",
) -> None:
    notes: list[str] = []
    regions = read_regions(write_regions(Path("boxes.csv"), zoom=1.5))
    scan = draw_scan({"date": "261126"}, zoom=1.5, framed=False, boxed=False)

    (form,) = predict_forms(predict, InputImage(Path("a.png"), scan), regions, on_note=notes.append)

    assert texts(form) == dict.fromkeys(REGIONS, "") | {"date": "261126"}
    assert notes == ["scans are not registered: no printed frame found in 'a.png'"]
    assert not form.is_registered


@pytest.mark.parametrize("margin", [-2, 0, 2, 6])
def test_the_printed_lines_of_empty_boxes_are_removed(margin: float) -> None:
    regions = read_regions(write_regions(Path("boxes.csv"), margin=margin))

    _, form = read_forms(
        [draw_scan({}), displace(draw_scan(FILLED | {"year": ""}), angle=2)], regions
    )[0]

    blank = [name for name, one in form.regions.items() if np.ptp(np.asarray(one.source)) == 0]
    assert blank == ["year"]


def test_a_scan_that_does_not_match_is_cut_without_registration() -> None:
    scans = [draw_scan({}), displace(draw_scan(FILLED), angle=20)]

    (_, form), notes = read_forms([*scans])

    assert notes == ["not registered, the printed lines do not match: 'image 2'"]
    assert not form.is_registered
    assert np.asarray(form.regions["date"].source).shape == (50, 240)


def test_regions_are_scaled_with_the_size_of_an_unregistered_scan() -> None:
    plain = draw_scan({"date": "1"}, framed=False, boxed=False)
    large = draw_scan({"date": "1"}, zoom=2, framed=False, boxed=False)

    (_, form), _ = read_forms([plain, large])

    assert np.asarray(form.regions["date"].source).shape == (100, 480)


def test_an_unreadable_scan_does_not_stop_the_rest() -> None:
    draw_scan({}).save("form.png")

    (first, second), notes = read_forms([Path("missing.png"), Path("form.png")])

    assert first.as_dict() == {
        "path": "missing.png",
        "model": None,
        "error": "no such file: 'missing.png'",
        "registered": False,
        "regions": {},
    }
    assert list(second.regions) == list(REGIONS)
    assert second.regions["date"].path == Path("form.png (date)")
    assert notes == ["the regions are those of 'form.png': 'missing.png' cannot be read"]


def test_regions_beyond_the_first_scan_are_refused() -> None:
    region = FormRegion("wide", (0, 0, SIZE[0] + 1, 10), is_relative=False)

    with pytest.raises(DataError, match="'wide' reaches beyond"):
        read_forms([draw_scan({})], (region,))


def test_rows_of_a_data_file_are_refused() -> None:
    row = InputImage(Path("test.csv#1"), np.zeros((28, 28), np.uint8), row="1")

    with pytest.raises(ImageError, match=r"not a scan of a form: 'test\.csv#1'"):
        next(predict_forms(keep, row, read_regions(write_regions(Path("boxes.csv")))))


def test_the_smallest_regions_have_a_pixel() -> None:
    region = FormRegion("dot", (0.999999, 0.999999, 1, 1), is_relative=True)

    (form,), _ = read_forms([draw_scan({})], (region,))

    assert np.asarray(form.regions["dot"].source).size == 1
