"""Classifiers: class probabilities of 28x28 digits, fast and without TensorFlow.

A classifier runs a LiteRT model in LiteRT's interpreter, which starts in a fraction of a second.
The LiteRT file is beside the `.keras` file or in the user's cache. If neither was created by this
machine from these weights, the model file is checked and converted once, which loads TensorFlow.
Keras is the fallback for a model that cannot be converted. The probabilities of our models are
calibrated: training puts the temperature into the weights of the last layer. External models are
adapted first, see `mnistcli.inference.interface_detection`.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mnistcli.config_validation import require_choice
from mnistcli.errors import OTHER_MODEL, ModelError
from mnistcli.files.hashing import sha256
from mnistcli.inference import litert, litert_files
from mnistcli.inference.digit_classifier import BATCH_SIZE
from mnistcli.inference.interface_cache import read_interface
from mnistcli.mnist_format import NUM_CLASSES, to_model_input
from mnistcli.model_files import read_model_file
from mnistcli.pixel_scales import AUTO_SCALE, PIXEL_SCALES
from mnistcli.system.keras_startup import start_quietly

Compute = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Computes probabilities, float32 (n, 10), of images, float32 (n, 28, 28, 1) in 0..1."""


class Classifier:
    """A trained model that predicts the digits of 28x28 images.

    Args:
        compute: Returns probabilities, float32 (n, 10), of images, float32 (n, 28, 28, 1) in 0..1.
        batch_size: Images per call of `compute`.
        path: The model file that `compute` was built from. With it, a classifier can be pickled.
        on_batch: Receives the number of images of each batch that is computed.
    """

    def __init__(
        self,
        compute: Compute,
        *,
        batch_size: int = BATCH_SIZE,
        path: Path | None = None,
        on_batch: Callable[[int], None] | None = None,
    ) -> None:
        self._compute = compute
        self._batch_size = batch_size
        self._path = path
        self._on_batch = on_batch

    def __reduce__(self) -> tuple[Callable[[Path, int], "Classifier"], tuple[Path, int]]:
        """Pickle a classifier as the path of its model file, which is loaded again.

        Raises:
            TypeError: The classifier was not loaded from a file.
        """
        if self._path is None:
            raise TypeError("cannot pickle a classifier that was not loaded from a file")
        return _reload, (self._path.resolve(), self._batch_size)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        batch_size: int = BATCH_SIZE,
        pixel_scale: str | None = None,
        on_note: Callable[[str], None] | None = None,
        on_batch: Callable[[int], None] | None = None,
    ) -> Self:
        """Load the model in a `.keras` or `.h5` file.

        While a model is loaded, file descriptor 2 of the process (stderr) is redirected for a
        moment, to hold back log messages of LiteRT and TensorFlow.

        Args:
            path: The file.
            batch_size: Images per batch.
            pixel_scale: The pixel scale of an external model, a name in
                `mnistcli.pixel_scales.PIXEL_SCALES`; it is remembered for the file. ``auto``
                detects it again. Defaults to the scale known for the file, else detected.
            on_note: Receives a line about what was detected, if anything was.
            on_batch: Receives the number of images of each batch that is computed.

        Raises:
            ModelError: The file cannot be loaded, or is not a digit classifier.
            ConfigError: There is no such pixel scale.
        """
        path = Path(path)
        if pixel_scale is not None:
            pixel_scale = require_choice("pixel-scale", pixel_scale, (*PIXEL_SCALES, AUTO_SCALE))
        content = read_model_file(path)
        digest = sha256(content)
        if pixel_scale is None and (runner := _load_converted(path, digest)) is not None:
            return cls(runner, batch_size=batch_size, path=path, on_batch=on_batch)
        compute = _convert(path, content, pixel_scale, on_note)
        return cls(compute, batch_size=batch_size, path=path, on_batch=on_batch)

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the probability of each digit for each image.

        Args:
            images: uint8 (n, 28, 28) in MNIST format, the digit light (255) on a dark background
                (0); or one image, uint8 (28, 28).

        Returns:
            float32 (n, 10); each row sums to 1.

        Raises:
            TypeError: The images have another dtype or shape.
            ValueError: The pixels are 0 and 1 instead of 0 to 255.
        """
        images = _require_digits(images)
        starts = range(0, len(images), self._batch_size)
        batches = (images[start : start + self._batch_size] for start in starts)
        probabilities = []
        for batch in batches:
            probabilities.append(self._compute(to_model_input(batch)))
            if self._on_batch is not None:
                self._on_batch(len(batch))
        return np.concatenate(probabilities) if probabilities else np.empty((0, 10), np.float32)


def _reload(path: Path, batch_size: int) -> Classifier:
    """Load a classifier that was pickled."""
    return Classifier.load(path, batch_size=batch_size)


def _load_converted(path: Path, digest: str) -> litert.Runner | None:
    """Load the LiteRT model beside a model file or in the cache; None if there is none."""
    for converted in (
        litert_files.read_sidecar(path, digest),
        litert_files.read_cached(litert_files.cache_key(digest, read_interface(digest))),
    ):
        if converted is not None and (runner := _load_runner(converted)) is not None:
            return runner
    return None


def _convert(
    path: Path,
    content: bytes,
    pixel_scale: str | None,
    on_note: Callable[[str], None] | None,
) -> Compute:
    """Check, load and convert a model; return the function that computes its probabilities."""
    # Lazy imports: they load h5py and TensorFlow, which are not needed for a converted model.
    from mnistcli.model_check import check_content

    checked = check_content(path, content)
    start_quietly()
    from mnistcli.inference import interface_detection, litert_conversion

    model, interface = interface_detection.adapt(checked, pixel_scale=pixel_scale, on_note=on_note)
    converted = litert_conversion.to_litert(model)
    if converted is not None and (runner := _load_runner(converted)) is not None:
        litert_files.write_cached(converted, litert_files.cache_key(checked.digest, interface))
        return runner
    compute = litert_conversion.build_keras_predictor(model)
    if not _is_classifier(compute):
        raise ModelError(f"{str(path)!r} computes NaN or infinite probabilities", hint=OTHER_MODEL)
    return compute


def _load_runner(converted: bytes) -> litert.Runner | None:
    """Load a LiteRT model; None if LiteRT cannot run it or it is not a digit classifier."""
    try:
        runner = litert.Runner(converted)
        return runner if _is_classifier(runner) else None
    except Exception:  # noqa: BLE001 - LiteRT can raise any exception
        return None


def _is_classifier(compute: Compute) -> bool:
    """Return whether the output for one image has the expected shape and is finite."""
    image = np.linspace(0, 1, 28 * 28, dtype=np.float32).reshape(1, 28, 28, 1)
    probabilities = compute(image)
    return probabilities.shape == (1, NUM_CLASSES) and bool(np.isfinite(probabilities).all())


def _require_digits(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Check dtype and shape: pixels in 0..1 would silently be divided by 255."""
    if not isinstance(images, np.ndarray):
        raise TypeError(f"images must be a uint8 array (n, 28, 28), not {type(images).__name__}")
    if images.dtype != np.uint8 or images.shape[-2:] != (28, 28) or images.ndim not in {2, 3}:
        raise TypeError(
            f"images must be uint8 (n, 28, 28) with values 0 to 255, not {images.dtype} "
            f"{images.shape}"
        )
    if images.size and images.max() == 1:
        raise ValueError("images must have pixels of 0 to 255, not 0 and 1: multiply them by 255")
    return images[None] if images.ndim == 2 else images
