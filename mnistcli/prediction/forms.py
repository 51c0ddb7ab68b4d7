"""Prediction of forms (zonal OCR): crop the same regions from every scan and predict each."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.files.object_stores import FileName, StoredObject
from mnistcli.image_io import open_image, original_size
from mnistcli.prediction.form_regions import FormRegion
from mnistcli.prediction.image_listing import InputImage
from mnistcli.prediction.image_sources import Sources, find_images
from mnistcli.prediction.results import Prediction
from mnistcli.preprocessing.printed_form import PrintedForm, corners_of, find_printed_form
from mnistcli.preprocessing.registration import Matrix, crop_region, register, transform


@dataclass(frozen=True, eq=False)
class FormPrediction:
    """The predictions for one scan of a form.

    Attributes:
        path: The scan.
        names: The names of the regions.
        predictions: The predictions of the regions; one with an error for an unreadable scan.
        is_registered: Whether the scan was registered to the first one by its printed lines.
        error: The error of an unreadable scan; None for others.
    """

    path: FileName
    names: tuple[str, ...]
    predictions: tuple[Prediction, ...]
    is_registered: bool = False
    error: ImageError | None = None

    @property
    def regions(self) -> dict[str, Prediction]:
        """The predictions, keyed by the name of the region; empty for an unreadable scan."""
        if self.error is not None:
            return {}
        return dict(zip(self.names, self.predictions, strict=True))

    def as_dict(self, model_name: str | None = None) -> dict[str, Any]:
        """Return the predictions as plain values, ready for JSON.

        Args:
            model_name: The name of the model.

        Returns:
            The keys ``path``, ``model``, ``registered`` and ``regions``, which contains the object
            of an image for each region, with boxes in pixels of the region; ``error`` for an
            unreadable scan.
        """
        values: dict[str, Any] = {"path": str(self.path), "model": model_name}
        if self.error is not None:
            values["error"] = self.error.message
        regions = {
            name: prediction.as_dict(model_name) for name, prediction in self.regions.items()
        }
        return values | {"registered": self.is_registered, "regions": regions}


def predict_forms(
    predict: Callable[[Iterable[InputImage]], Iterator[Prediction]],
    sources: Sources,
    regions: Sequence[FormRegion],
    *,
    recursive: bool = False,
    on_note: Callable[[str], None] | None = None,
) -> Iterator[FormPrediction]:
    """Predict the regions of each scan of a form.

    Args:
        predict: Predicts images, in their order, as `predict_images` does.
        sources: The scans; see `find_images`.
        regions: The regions, in coordinates of the first scan that can be read.
        recursive: See `find_images`.
        on_note: Receives messages about files that were skipped, and about scans that could not be
            registered.

    Yields:
        The predictions of each scan, in the order of the sources.

    Raises:
        DataError: A region reaches beyond the first scan.
        ImageError: A source is a data file.
    """
    cropper = _Cropper(regions, on_note)
    names = tuple(region.name for region in regions)
    # Predictions arrive after their scans were cropped: several regions are predicted together.
    waiting: deque[tuple[FileName, int, bool, bool]] = deque()

    def crop_all() -> Iterator[InputImage]:
        for scan in find_images(sources, recursive=recursive, on_note=on_note):
            found, is_registered = cropper.crop(scan)
            waiting.append((scan.path, len(found), found[0].error is None, is_registered))
            yield from found

    collected: list[Prediction] = []
    for prediction in predict(crop_all()):
        collected.append(prediction)
        path, count, is_readable, is_registered = waiting[0]
        if len(collected) == count:
            waiting.popleft()
            error = None if is_readable else collected[0].error
            yield FormPrediction(path, names, tuple(collected), is_registered, error)
            collected = []


@dataclass
class _Cropper:
    """Crops the regions from scans; the first one that can be read is the reference.

    Attributes:
        regions: The regions, in coordinates of the reference.
        on_note: Receives a message about a scan that could not be registered.
        fractions: The edges of the regions as fractions of the reference's size, shape (n, 4).
        reference: The printed form of the reference (template); None before the first scan.
        skipped: The first scan that could not be read, if it came before the reference.
    """

    regions: Sequence[FormRegion]
    on_note: Callable[[str], None] | None
    fractions: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 4)))
    reference: PrintedForm | None = None
    skipped: str = ""

    def crop(self, scan: InputImage) -> tuple[list[InputImage], bool]:
        """Return the regions of a scan as images, or its error; and whether it was registered."""
        if scan.row:
            raise ImageError(f"a row of a data file is not a scan of a form: {str(scan.path)!r}")
        if scan.error is not None or scan.source is None:
            return self._fail(scan, scan.error)
        try:
            with ExitStack() as memory:
                image = open_image(scan.source, name=str(scan.path), memory=memory)
                return self._crop(image, scan.path)
        except ImageError as error:
            return self._fail(scan, error)
        except MemoryError:
            return self._fail(scan, ImageError(f"not enough memory: {str(scan.path)!r}"))

    def _fail(self, scan: InputImage, error: ImageError | None) -> tuple[list[InputImage], bool]:
        if self.reference is None:
            self.skipped = self.skipped or str(scan.path)
        return [InputImage(scan.path, error=error)], False

    def _crop(self, image: Image.Image, path: FileName) -> tuple[list[InputImage], bool]:
        form = find_printed_form(image)
        if self.reference is None:
            self.reference = self._start(form, original_size(image), str(path))
        reference = self.reference
        matrix = np.eye(3) if form is reference else register(reference, form)
        if matrix is None and len(reference.rectangles):
            self._note(f"not registered, the printed lines do not match: {str(path)!r}")
        parts = _crop_regions(image, form, self.fractions, reference, matrix)
        names = [f"{path} ({region.name})" for region in self.regions]
        found = [
            InputImage(StoredObject.parse(name) or Path(name), part)
            for name, part in zip(names, parts, strict=True)
        ]
        return found, matrix is not None and bool(len(form.rectangles))

    def _start(self, form: PrintedForm, size: tuple[int, int], name: str) -> PrintedForm:
        """Use a scan as the reference."""
        edges = [region.to_fractions(size, name) for region in self.regions]
        self.fractions = np.array(edges, np.float64)
        if self.skipped:
            self._note(f"the regions are those of {name!r}: {self.skipped!r} cannot be read")
        if not len(form.rectangles):
            self._note(f"scans are not registered: no printed frame found in {name!r}")
        return form

    def _note(self, text: str) -> None:
        if self.on_note is not None:
            self.on_note(text)


def _crop_regions(
    image: Image.Image,
    form: PrintedForm,
    fractions: NDArray[np.float64],
    reference: PrintedForm,
    matrix: Matrix | None,
) -> Iterator[Image.Image]:
    """Yield each region of a scan; one with nothing but printed lines is blank.

    Args:
        image: The scan.
        form: Its printed form.
        fractions: The edges of the regions as fractions of the reference's size, shape (n, 4).
        reference: The printed form of the reference.
        matrix: The transform; None if the regions are at the same fractions of the scan.
    """
    is_moved = matrix is not None and not np.array_equal(matrix, np.eye(3))
    printed = form.rectangles
    if matrix is not None:  # a rectangle is not found where digits cross its sides
        expected = transform(matrix, reference.rectangles.reshape(-1, 2)).reshape(-1, 4, 2)
        printed = np.concatenate([printed, expected])
    writing = form.remove_rectangles(printed)
    for edges in fractions * np.tile(reference.size if is_moved else form.size, 2):
        corners = corners_of(edges)
        if matrix is not None and is_moved:
            corners = transform(matrix, corners)
        part = crop_region(image, edges, matrix if is_moved else None)
        yield _blank(part) if form.has_only_lines(writing, corners) else part


def _blank(image: Image.Image) -> Image.Image:
    """Return an image of one color, the most frequent one: without the lines of an empty box."""
    color = np.median(np.asarray(image), axis=(0, 1)).astype(np.uint8)
    return Image.fromarray(np.broadcast_to(color, np.asarray(image).shape).copy())
