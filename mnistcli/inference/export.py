"""Export: convert a model for other runtimes, and compare the file with the model.

An exported file is loaded again in its own runtime before it gets its name, and its outputs are
compared with the model's (numerical parity), so that a file that disagrees does not remain.
"""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnistcli.errors import ModelError, OutputError, os_reason
from mnistcli.extras import require_packages
from mnistcli.files.atomic import replace_atomically, temporary_name
from mnistcli.formatting import percent
from mnistcli.inference import litert
from mnistcli.inference.litert_conversion import build_keras_predictor, quiet_tensorflow, to_litert
from mnistcli.inference.litert_files import attach_files
from mnistcli.inference.onnx_conversion import load_onnx, write_onnx
from mnistcli.inference.quantization import quantize
from mnistcli.mnist_format import to_model_input
from mnistcli.system.stderr_capture import hold_back_stderr

# Fraction of the predictions that must agree, and largest difference of a probability.
_EXACT = (1.0, 1e-3)
_REQUIRED = {"litert": _EXACT, "int8": (0.99, 1.0), "saved_model": _EXACT, "onnx": _EXACT}
_SUFFIXES = {
    "litert": ".tflite",
    "int8": "_int8.tflite",
    "saved_model": "_saved_model",
    "onnx": ".onnx",
}

Images = NDArray[np.uint8]
_Compute = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True)
class ExportResult:
    """An exported file and its comparison with the model.

    Attributes:
        path: The file or directory.
        size: Its size in bytes.
        images: Number of images compared.
        agreement: Fraction of the images with the same prediction, 0..1.
        largest_difference: Largest difference of a probability.
        milliseconds: Time per image (latency) in the runtime of the format, one image at a time.
    """

    path: Path
    size: int
    images: int
    agreement: float
    largest_difference: float
    milliseconds: float


def default_output(name: str, file_format: str) -> Path:
    """Return the default path of an export, in the working directory.

    Args:
        name: Name of the model.
        file_format: A name in `mnistcli.file_formats.EXPORT_FORMATS`.
    """
    stem = Path(name).name.removesuffix(".keras").removesuffix(".h5")
    return Path(f"{stem}{_SUFFIXES[file_format]}")


def export(
    model: keras.Model, file_format: str, path: Path, images: Images, training_images: Images
) -> ExportResult:
    """Export a model and compare the file with it.

    Args:
        model: Maps float32 (n, 28, 28, 1) in 0..1 to probabilities (n, 10).
        file_format: A name in `mnistcli.file_formats.EXPORT_FORMATS`: LiteRT with float32 weights,
            LiteRT with int8 weights and activations, a TensorFlow SavedModel, or ONNX.
        path: The file or, for a SavedModel, the directory. It must not exist.
        images: Images to compare on, uint8 (n, 28, 28).
        training_images: Images that show the range of the activations for int8.

    Raises:
        ModelError: The model cannot be converted, the file disagrees with it, or a package for
            ONNX is missing.
        OutputError: The path exists or cannot be written.
    """
    if os.path.lexists(path):
        raise OutputError(f"already exists: {str(path)!r}", hint="--output PATH")
    try:
        if file_format == "saved_model":
            return _export_directory(model, path, images)
        if file_format == "onnx":
            return _export_onnx(model, path, images)
        content = to_litert(model) if file_format == "litert" else quantize(model, training_images)
        if content is None:
            raise ModelError(
                "LiteRT cannot compute a layer of the model", hint="--format saved_model"
            )
        with replace_atomically(path) as temporary:
            temporary.write_bytes(attach_files(content))
            runner = litert.Runner(temporary.read_bytes())
            return _compare(model, file_format, path, images, runner, size=temporary.stat().st_size)
    except OSError as error:
        raise OutputError(
            f"cannot write {str(path)!r}: {os_reason(error)}", hint="--output PATH"
        ) from error
    except RuntimeError as error:  # of the LiteRT interpreter
        raise ModelError(
            "LiteRT cannot compute a layer of the model", hint="--format saved_model"
        ) from error


def _export_onnx(model: keras.Model, path: Path, images: Images) -> ExportResult:
    packages = ("onnx", "onnxruntime", "tf2onnx")
    require_packages(*packages, extra="export", needed_by="ONNX", error=ModelError)
    with replace_atomically(path) as temporary:
        try:
            write_onnx(model, temporary)
            runner = load_onnx(temporary)
        except Exception as error:  # both can raise any exception
            raise ModelError(
                "ONNX cannot compute a layer of the model", hint="--format saved_model"
            ) from error
        return _compare(model, "onnx", path, images, runner, size=temporary.stat().st_size)


def _export_directory(model: keras.Model, path: Path, images: Images) -> ExportResult:
    temporary = path.with_name(temporary_name())
    try:
        with hold_back_stderr(), quiet_tensorflow():
            model.export(temporary, format="tf_saved_model", verbose=False)
            loaded = tf.saved_model.load(str(temporary))
        size = sum(file.stat().st_size for file in temporary.rglob("*") if file.is_file())
        result = _compare(
            model, "saved_model", path, images, lambda batch: loaded.serve(batch).numpy(), size=size
        )
        temporary.rename(path)
        return result
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _compare(
    model: keras.Model,
    file_format: str,
    path: Path,
    images: Images,
    compute: _Compute,
    *,
    size: int,
) -> ExportResult:
    """Compare the exported file with the model, one image at a time.

    Raises:
        ModelError: The exported file and the model disagree by more than the tolerance.
    """
    expected = build_keras_predictor(model)(to_model_input(images))
    compute(to_model_input(images[:1]))  # the first call prepares the runtime
    started = time.perf_counter()
    found = np.concatenate([compute(to_model_input(image[None])) for image in images])
    seconds = time.perf_counter() - started
    agreement = float(np.mean(found.argmax(axis=1) == expected.argmax(axis=1)))
    difference = float(np.abs(found - expected).max())
    required, tolerance = _REQUIRED[file_format]
    if not (agreement >= required and difference <= tolerance):
        raise ModelError(
            f"the exported file disagrees with the model and is deleted: {percent(agreement, 1)} "
            f"of {len(images)} predictions agree, probabilities differ by up to {difference:.2g}",
            hint="--format litert",
        )
    return ExportResult(
        path, size, len(images), agreement, difference, 1000 * seconds / len(images)
    )
