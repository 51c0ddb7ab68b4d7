"""Check of a whole `.keras` file: archive, configuration, sizes and weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnistcli.config import CLASSES
from mnistcli.errors import CheckpointError
from mnistcli.model_check.archive import read_members
from mnistcli.model_check.configuration import parse_config, rebuild_model
from mnistcli.model_check.graph import measure
from mnistcli.model_check.refusal import Refusal, require
from mnistcli.model_check.weights import check_weights
from mnistcli.model_files import OTHER_MODEL, read_model_file

INPUT_SHAPE = (28, 28, 1)

MAX_OUTPUT = 1 << 20
"""Most values of the output of one layer for one image: 256 MB for a batch of 64."""


@dataclass(frozen=True)
class CheckedModel:
    """A model file that has passed the check.

    Attributes:
        path: The file, for messages.
        config: The configuration, made of known parts only and without compilation.
        weights: The content of its HDF5 file.
    """

    path: Path
    config: dict[str, Any]
    weights: bytes


def check_model(path: Path) -> CheckedModel:
    """Check a `.keras` file.

    Args:
        path: The file.

    Raises:
        CheckpointError: The file is missing, damaged or not acceptable.
    """
    return check_content(path, read_model_file(path))


def check_content(path: Path, content: bytes) -> CheckedModel:
    """Check the content of a `.keras` file.

    Args:
        path: The file, for messages.
        content: Its content, as `read_model_file` returns it.

    Raises:
        CheckpointError: The file is damaged or not acceptable.
    """
    try:
        return _check(path, content)
    except Refusal as refusal:
        raise CheckpointError(f"{str(path)!r} {refusal.reason}", hint=OTHER_MODEL) from refusal
    except Exception as error:  # zipfile, json and h5py raise anything on a damaged file
        raise damaged(path) from error


def damaged(path: Path) -> CheckpointError:
    """Return the error for a file that is not a Keras model or is damaged."""
    return CheckpointError(f"not a Keras model, or a damaged file: {str(path)!r}", hint=OTHER_MODEL)


def _check(path: Path, content: bytes) -> CheckedModel:
    config_text, weights = read_members(content)
    config = rebuild_model(parse_config(config_text))
    size = measure(config, INPUT_SHAPE)
    input_shape, output_shape = ((None, *shape) for shape in (size.input, size.output))
    expected = (None, *INPUT_SHAPE), (None, CLASSES)
    require(
        (input_shape, output_shape) == expected,
        f"is not a digit classifier: it maps {input_shape} to {output_shape}, "
        f"not {expected[0]} to {expected[1]}",
    )
    require(
        # A weight has at least two bytes (float16).
        size.parameters * 2 <= len(weights),
        f"declares {size.parameters:,} parameters but has {len(weights):,} bytes of weights",
    )
    require(
        size.largest_output <= MAX_OUTPUT,
        f"has a layer with {size.largest_output:,} outputs; at most {MAX_OUTPUT:,} are allowed",
    )
    check_weights(weights)
    return CheckedModel(path, config, weights)
