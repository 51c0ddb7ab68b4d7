"""Property-based tests of IDX files: exactly the valid ones are accepted, for any header."""

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistcli.datasets import idx
from mnistcli.errors import DataError

LABELS = st.lists(st.integers(0, 9), min_size=1, max_size=12)


def files(images: bytes, labels: bytes) -> list[tuple[Path, bytes]]:
    return [
        (Path(name), content) for name, content in zip(idx.NAMES, [images, labels] * 2, strict=True)
    ]


def images_content(count: int) -> bytes:
    return (
        struct.pack(">4B3I", 0, 0, 8, 3, count, 28, 28)
        + bytes(range(256)) * (784 * count // 256)
        + bytes(784 * count % 256)
    )


def labels_content(labels: list[int]) -> bytes:
    return struct.pack(">4BI", 0, 0, 8, 1, len(labels)) + bytes(labels)


@given(LABELS)
def test_valid_files_are_read_as_they_are(labels: list[int]) -> None:
    images = images_content(len(labels))

    splits = idx.parse_splits("d", files(images, labels_content(labels)))

    assert splits.train.labels.tolist() == labels
    assert splits.test.images.tobytes() == images[16:]
    assert splits.test.images.shape == (len(labels), 28, 28)


@given(LABELS, st.integers(0, 15), st.integers(1, 255))
def test_a_change_of_the_header_is_refused(labels: list[int], at: int, change: int) -> None:
    images = bytearray(images_content(len(labels)))
    images[at] ^= change

    with pytest.raises(DataError):
        idx.parse_splits("d", files(bytes(images), labels_content(labels)))


@given(LABELS, st.integers(1, 2000))
def test_missing_and_additional_bytes_are_refused(labels: list[int], count: int) -> None:
    images, content = images_content(len(labels)), labels_content(labels)

    for changed in (images[:-count], images + bytes(count)):
        with pytest.raises(DataError):
            idx.parse_splits("d", files(changed, content))
    for changed in (content[: -min(count, len(content))], content + bytes(count)):
        with pytest.raises(DataError):
            idx.parse_splits("d", files(images, changed))


@given(st.binary(max_size=100))
def test_other_content_is_refused(content: bytes) -> None:
    with pytest.raises(DataError):
        idx.parse_splits("d", files(content, labels_content([3])))


@given(st.binary(max_size=300))
def test_compressed_data_of_any_content_are_data_or_one_error(content: bytes) -> None:
    data = b"\x1f\x8b" + content

    with pytest.raises(ValueError, match="decompressed"):
        idx.decompress(data)


@given(st.tuples(*[st.integers(0, 2**32 - 1)] * 3))
def test_a_header_takes_no_memory(shape: tuple[int, int, int]) -> None:
    """The sizes in the header can promise 2**96 bytes."""
    content = struct.pack(">4B3I", 0, 0, 8, 3, *shape) + np.zeros(8, np.uint8).tobytes()

    with pytest.raises(DataError):
        idx.parse_splits("d", files(content, labels_content([3])))
