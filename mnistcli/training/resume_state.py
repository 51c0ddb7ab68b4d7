"""Resume state: optimizer state, counters and states of the random generators of a stopped run.

Keras saves neither the states of the seed generators (RNG states) of dropout and augmentation nor
the counters of its callbacks, and its `BackupAndRestore` forgets the best score. All of them are in
one file of the run directory, which is written after each epoch and removed when the run is
finished.
"""

import io
import json
import os
import stat
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.npy import check_header
from mnistcli.errors import RunError, os_reason
from mnistcli.files.atomic import write_atomically
from mnistcli.files.regular_files import open_regular
from mnistcli.files.zip_files import open_zip
from mnistcli.runs.history import EpochRow
from mnistcli.training.fingerprint import Fingerprint

_DESCRIPTION = "state"
_VARIABLE = "variable"
# A state is three times the size of the model: the weights, and Adam's two moments of each.
_MAX_BYTES = 2 << 30
_MAX_DESCRIPTION_BYTES = 16 << 20
_MAX_DIRECTORY_BYTES = 1 << 18

Counters = dict[str, dict[str, Any]]
"""The counters of each plateau callback, keyed by class name."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ResumeState:
    """State of a training run after an epoch.

    Attributes:
        fingerprint: Settings, data and versions of the training.
        rows: The history so far.
        kept: Number of the epoch whose model is kept.
        seconds: Wall time of the training so far.
        stopped_early: Whether no further epoch follows, regardless of the number of epochs.
        calibrating: Whether `variables` are the weights of the kept model before calibration; the
            training has ended then. Otherwise they are all variables of model and optimizer.
        counters: Counters of the plateau callbacks.
        variables: The values of the variables, in the order of the model and the optimizer.
    """

    fingerprint: Fingerprint
    rows: tuple[EpochRow, ...]
    kept: int
    seconds: float
    stopped_early: bool
    calibrating: bool
    counters: Counters
    variables: Sequence[NDArray[Any]]

    def write(self, path: Path) -> None:
        """Write the state atomically.

        Raises:
            OSError: The file cannot be written.
        """
        description = {
            "fingerprint": self.fingerprint.as_dict(),
            "rows": [asdict(row) for row in self.rows],
            "kept": self.kept,
            "seconds": self.seconds,
            "stopped_early": self.stopped_early,
            "calibrating": self.calibrating,
            "counters": self.counters,
        }
        encoded = np.frombuffer(json.dumps(description).encode(), np.uint8)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            _write_array(archive, _DESCRIPTION, encoded)
            for number, value in enumerate(self.variables):
                _write_array(archive, f"{_VARIABLE}{number}", value)
        write_atomically(path, stream.getbuffer())

    @classmethod
    def read(cls, path: Path) -> "ResumeState | None":
        """Return the state in a file, or None if there is no file.

        Raises:
            RunError: The file cannot be read or is damaged.
        """
        try:
            file = open_regular(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RunError(f"cannot read {str(path)!r}: {os_reason(error)}") from error
        try:
            with file:
                return _decode(file)
        except Exception as error:  # damaged files can raise any exception
            raise RunError(f"damaged file {str(path)!r}: the run cannot be resumed") from error

    def require_shapes(self, shapes: Sequence[tuple[int, ...]]) -> None:
        """Check that the state belongs to a model with variables of these shapes.

        Raises:
            RunError: The state belongs to another model.
        """
        if [value.shape for value in self.variables] != [tuple(shape) for shape in shapes]:
            raise RunError("cannot resume: the state belongs to another model")


def _decode(file: IO[bytes]) -> ResumeState:
    """Return the state in a file.

    Raises:
        Exception: The content is damaged.
    """
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_BYTES:
        raise ValueError("not a regular file, or too large")
    with open_zip(file, max_directory_bytes=_MAX_DIRECTORY_BYTES) as archive:
        # Stored members that do not overlap are at most as large as the file.
        members = archive.infolist()
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise ValueError("compressed")
        if sum(member.file_size for member in members) > status.st_size:
            raise ValueError("overlapping members")
        description = _read_array(archive, _DESCRIPTION, _MAX_DESCRIPTION_BYTES).tobytes()
        names = [f"{_VARIABLE}{number}" for number in range(len(members) - 1)]
        return _parse(json.loads(description), [_read_array(archive, name) for name in names])


def _write_array(archive: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
        np.lib.format.write_array(stream, array, allow_pickle=False)


def _read_array(archive: zipfile.ZipFile, name: str, max_bytes: int = _MAX_BYTES) -> NDArray[Any]:
    """Read an array after its header has been checked.

    Raises:
        Exception: The array is damaged or too large.
    """
    with archive.open(f"{name}.npy") as stream:
        size = archive.getinfo(f"{name}.npy").file_size
        if check_header("", name, stream, size) > max_bytes:
            raise ValueError("an array that is too large")
        stream.seek(0)
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
        return array


def _parse(description: Mapping[str, Any], variables: Sequence[NDArray[Any]]) -> ResumeState:
    """Return a state as it was written.

    Raises:
        AttributeError: A part is not a JSON object.
        KeyError: A part is missing.
        TypeError: A part is of the wrong type.
        ValueError: A part is invalid.
    """
    rows = tuple(EpochRow(**row) for row in description["rows"])
    kept = int(description["kept"])
    if [row.epoch for row in rows] != list(range(1, len(rows) + 1)) or not 1 <= kept <= len(rows):
        raise ValueError("epochs")
    return ResumeState(
        fingerprint=Fingerprint.from_dict(description["fingerprint"]),
        rows=rows,
        kept=kept,
        seconds=float(description["seconds"]),
        stopped_early=bool(description["stopped_early"]),
        calibrating=bool(description["calibrating"]),
        counters={str(name): dict(values) for name, values in description["counters"].items()},
        variables=variables,
    )
