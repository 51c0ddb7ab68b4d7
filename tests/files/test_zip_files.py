"""Zip archives of unknown origin: the size of the central directory is limited."""

import io
import struct
import zipfile

import pytest

from mnistcli.files.zip_files import open_zip


def make_archive(count: int = 3, comment: bytes = b"") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(count):
            archive.writestr(f"member-{number}", b"content")
        archive.comment = comment
    return stream.getvalue()


@pytest.mark.parametrize("comment", [b"", b"a comment"])
def test_a_small_archive_is_opened(comment: bytes) -> None:
    with open_zip(io.BytesIO(make_archive(comment=comment)), max_directory_bytes=1000) as archive:
        assert archive.read("member-1") == b"content"


def test_a_large_directory_is_refused() -> None:
    with pytest.raises(zipfile.BadZipFile, match="a directory of"):
        open_zip(io.BytesIO(make_archive(100)), max_directory_bytes=1000)


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06", b"no archive" * 10_000])
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(zipfile.BadZipFile, match="no end record"):
        open_zip(io.BytesIO(content), max_directory_bytes=1000)


def test_the_large_directory_of_a_zip64_record_is_refused() -> None:
    """`zipfile` reads the size of the directory from this record, if there is one."""
    content = make_archive()
    end = content.rfind(b"PK\x05\x06")
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 3, 3, 1 << 40, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)

    with pytest.raises(zipfile.BadZipFile, match="more than 4 GB"):
        open_zip(
            io.BytesIO(content[:end] + record + locator + content[end:]), max_directory_bytes=1000
        )
