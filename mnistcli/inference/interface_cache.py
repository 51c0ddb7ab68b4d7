"""Interface cache: the pixel scale and outputs of models, stored by the hash of their files.

The interface of a model is thus detected only once.
"""

import contextlib
import json
from pathlib import Path
from typing import NamedTuple

from mnistcli.files.atomic import write_atomically
from mnistcli.files.user_directories import cache_dir
from mnistcli.pixel_scales import PIXEL_SCALES

SOFTMAX, SIGMOID, LOGITS = "softmax", "sigmoid", "logits"
_MAX_BYTES = 400


class Interface(NamedTuple):
    """The interface of a model.

    Attributes:
        pixel_scale: A name in `mnistcli.pixel_scales.PIXEL_SCALES`.
        outputs: ``softmax``, ``sigmoid`` or ``logits``.
    """

    pixel_scale: str
    outputs: str


def read_interface(digest: str) -> Interface | None:
    """Read the interface of a model file from the user's cache; None if it is not stored.

    Args:
        digest: SHA-256 of the file.
    """
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        with _file(digest).open("rb") as stream:
            values = json.loads(stream.read(_MAX_BYTES))
        interface = Interface(values["pixel_scale"], values["outputs"])
        if interface.pixel_scale in PIXEL_SCALES and interface.outputs in {
            *(SOFTMAX, SIGMOID, LOGITS)
        }:
            return interface
    return None


def write_interface(digest: str, interface: Interface) -> None:
    """Write the interface of a model file to the user's cache, if there is one."""
    with contextlib.suppress(OSError):
        path = _file(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(interface._asdict()))


def _file(digest: str) -> Path:
    return cache_dir() / "interfaces" / f"{digest}.json"
