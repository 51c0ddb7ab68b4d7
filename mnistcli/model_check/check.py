"""Check of a whole `.keras` or `.h5` file: archive, configuration, size limits and weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnistcli.errors import OTHER_MODEL, ModelError
from mnistcli.files.hashing import sha256
from mnistcli.mnist_format import NUM_CLASSES
from mnistcli.model_check import legacy_h5
from mnistcli.model_check.archive import read_members
from mnistcli.model_check.configuration import parse_config, rebuild_model
from mnistcli.model_check.hdf5_weights import check_weights
from mnistcli.model_check.input_shapes import ImageShape, find_image_shape
from mnistcli.model_check.refusal import RefusedModelError, require
from mnistcli.model_check.shape_inference import measure
from mnistcli.model_files import read_model_file

MAX_OUTPUT = 1 << 20
"""Memory limit: maximum number of output values of a layer for one image, in all feature maps.

That is 256 MiB for 64 images.
"""


@dataclass(frozen=True)
class CheckedModel:
    """A model file that has passed the check.

    Attributes:
        path: The file, for messages.
        config: The configuration, built from known parts only and without compilation.
        weights: The content of its HDF5 file.
        image_shape: The shape of an image in its input.
        digest: SHA-256 of the file.
        is_legacy: Whether the weights are in the form of a `.h5` file, not of a `.keras` file.
    """

    path: Path
    config: dict[str, Any]
    weights: bytes
    image_shape: ImageShape
    digest: str
    is_legacy: bool = False


def check_model(path: Path) -> CheckedModel:
    """Check a `.keras` or `.h5` file.

    Args:
        path: The file.

    Raises:
        ModelError: The file is missing, damaged or not acceptable.
    """
    return check_content(path, read_model_file(path))


def check_content(path: Path, content: bytes) -> CheckedModel:
    """Check the content of a `.keras` or `.h5` file.

    Args:
        path: The file, for messages.
        content: Its content, as `read_model_file` returns it.

    Raises:
        ModelError: The file is damaged or not acceptable.
    """
    try:
        return _check(path, content)
    except RefusedModelError as refusal:
        raise ModelError(f"{str(path)!r} {refusal.reason}", hint=OTHER_MODEL) from refusal
    except Exception as error:  # zipfile, json and h5py can raise any exception on a damaged file
        raise damaged_error(path) from error


def damaged_error(path: Path) -> ModelError:
    """Return the error for a file that is not a Keras model or is damaged."""
    return ModelError(f"not a Keras model, or a damaged file: {str(path)!r}", hint=OTHER_MODEL)


def _check(path: Path, content: bytes) -> CheckedModel:
    is_legacy = content.startswith(legacy_h5.SIGNATURE)
    if is_legacy:
        weights = content
        parsed = legacy_h5.translate(parse_config(legacy_h5.read_config(content)))
    else:
        config_text, weights = read_members(content)
        parsed = parse_config(config_text)
    config = rebuild_model(parsed)
    image_shape = _check_sizes(config, len(weights))
    if is_legacy:
        weights = legacy_h5.copy_weights(content)
    else:
        check_weights(weights)
    return CheckedModel(path, config, weights, image_shape, sha256(content), is_legacy)


def _check_sizes(config: dict[str, Any], weights_bytes: int) -> ImageShape:
    """Check the parameter count and the layer sizes; return the image shape of the input."""
    size = measure(config)
    image_shape = find_image_shape(size.input)
    if image_shape is None or size.output != (NUM_CLASSES,):
        input_shape, output_shape = ((None, *shape) for shape in (size.input, size.output))
        raise RefusedModelError(
            f"is not a digit classifier: it maps {input_shape} to {output_shape}, "
            f"not an image such as {(None, 28, 28, 1)} to {(None, NUM_CLASSES)}"
        )
    require(
        # A weight has at least two bytes (float16).
        size.parameters * 2 <= weights_bytes,
        f"declares {size.parameters:,} parameters but has {weights_bytes:,} bytes of weights",
    )
    require(
        size.largest_output <= MAX_OUTPUT,
        f"has a layer with {size.largest_output:,} outputs; at most {MAX_OUTPUT:,} are allowed",
    )
    return image_shape
