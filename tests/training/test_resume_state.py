"""Resume state: written, read, and refused if damaged."""

import copy
import io
import os
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnistcli.errors import RunError
from mnistcli.runs.history import EpochRow
from mnistcli.training.fingerprint import Fingerprint
from mnistcli.training.resume_state import ResumeState

STATE = ResumeState(
    fingerprint=Fingerprint({"seed": 1, "limit": None}, {"test images": "ab"}, {"backend": "x"}),
    rows=(EpochRow(epoch=1, loss=0.1 + 0.2, accuracy=0.5, learning_rate=0.1, seconds=2),),
    kept=1,
    seconds=2.5,
    stopped_early=True,
    calibrating=False,
    counters={"EarlyStopping": {"best": 1 / 3, "wait": 2}},
    variables=[np.array(0.1, np.float32), np.arange(6).reshape(2, 3)],
)
PATH = Path("resume.npz")


def test_a_state_is_read_as_it_was_written() -> None:
    STATE.write(PATH)
    state = ResumeState.read(PATH)

    assert state is not None
    assert state.fingerprint == STATE.fingerprint
    assert str(state.rows) == str(STATE.rows)
    assert (state.kept, state.seconds, state.stopped_early, state.calibrating) == (
        1,
        2.5,
        True,
        False,
    )
    assert state.counters == STATE.counters
    for one, other in zip(state.variables, STATE.variables, strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        np.testing.assert_array_equal(one, other)
    assert list(Path().iterdir()) == [PATH]


def test_a_state_of_an_older_version_has_the_former_name_of_a_setting() -> None:
    former = Fingerprint({"european": 0.1}, {}, {})
    replace(STATE, fingerprint=former).write(PATH)
    state = ResumeState.read(PATH)

    assert state is not None
    state.fingerprint.require_same(Fingerprint({"rare_styles": 0.1}, {}, {}))
    with pytest.raises(RunError, match=r"rare_styles was 0.1 and is now 0.2"):
        state.fingerprint.require_same(Fingerprint({"rare_styles": 0.2}, {}, {}))


def test_no_file_is_no_state() -> None:
    assert ResumeState.read(PATH) is None


def test_a_state_of_another_model_is_refused() -> None:
    STATE.require_shapes([(), (2, 3)])
    with pytest.raises(RunError, match="belongs to another model"):
        STATE.require_shapes([(), (3, 2)])


def test_every_truncated_or_changed_state_is_refused_or_read() -> None:
    STATE.write(PATH)
    content = PATH.read_bytes()
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(300):
        changed = bytearray(content)
        for position in rng.integers(len(content), size=rng.integers(1, 4)):
            changed[position] = rng.integers(256)
        PATH.write_bytes(changed[: rng.integers(1, 2 * len(content))])
        try:
            ResumeState.read(PATH)
        except RunError as error:
            errors.append(error.message)

    assert len(errors) > 200
    assert set(errors) == {"damaged file 'resume.npz': the run cannot be resumed"}


def huge() -> bytes:
    """Create an archive that declares an array of 8 TB."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }\n"
        data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
        archive.writestr("state.npy", data)
    return stream.getvalue()


def compressed() -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, state=np.zeros(10**7))
    return stream.getvalue()


def overlapping() -> bytes:
    """Create an archive whose 200 members have the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("state.npy", b"x" * 10_000)
        (first,) = archive.infolist()
        for number in range(200):
            member = copy.copy(first)
            member.filename = f"variable{number}.npy"
            archive.filelist.append(member)
    return stream.getvalue()


def many_members() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(6000):
            archive.writestr(f"variable{number}.npy", b"")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no end record"),
        (b"PK", "no end record"),
        (huge(), "the size does not fit the header"),
        (compressed(), "compressed"),
        (overlapping(), "overlapping members"),
        (many_members(), r"a directory of \d+ bytes"),
    ],
)
def test_archives_that_are_no_state(content: bytes, reason: str) -> None:
    PATH.write_bytes(content)

    with pytest.raises(RunError, match="damaged file") as caught:
        ResumeState.read(PATH)

    assert re.match(reason, str(caught.value.__cause__))


def test_a_file_that_is_too_large_is_not_read() -> None:
    with PATH.open("wb") as file:
        file.truncate(30 << 30)

    with pytest.raises(RunError, match="damaged file"):
        ResumeState.read(PATH)


def test_a_fifo_is_not_opened() -> None:
    os.mkfifo(PATH)

    with pytest.raises(RunError, match="not a regular file"):
        ResumeState.read(PATH)
