"""Archive: read the three members of a `.keras` file, with limits against zip bombs."""

import io
import json
import zipfile

from mnistcli.files.zip_files import open_zip
from mnistcli.model_check.refusal import RefusedModelError, require, shorten

CONFIG = "config.json"
METADATA = "metadata.json"
WEIGHTS = "model.weights.h5"

MAX_CONFIG_BYTES = 1 << 20
"""Largest configuration: 15 KB are usual, that of ResNet152 takes 700 KB."""
_MAX_METADATA_BYTES = 1 << 12
_MAX_DIRECTORY_BYTES = 1 << 12
_ENCRYPTED = 1


def read_members(content: bytes) -> tuple[bytes, bytes]:
    """Read the configuration and the weights in the content of a `.keras` file.

    Raises:
        RefusedModelError: The archive does not contain just the members that Keras writes, or is
            compressed or too large.
        zipfile.BadZipFile: The archive is damaged.
    """
    with open_zip(io.BytesIO(content), max_directory_bytes=_MAX_DIRECTORY_BYTES) as archive:
        members = {member.filename: member for member in archive.infolist()}
        expected = {CONFIG, METADATA, WEIGHTS}
        if set(members) != expected or len(archive.infolist()) != len(expected):
            raise RefusedModelError(_describe_members(set(members), expected))
        for member in members.values():
            _check_member(member)
        _check_metadata(archive.read(METADATA))
        return archive.read(CONFIG), archive.read(WEIGHTS)


def _check_member(member: zipfile.ZipInfo) -> None:
    require(
        member.compress_type == zipfile.ZIP_STORED
        and member.file_size == member.compress_size
        and not member.flag_bits & _ENCRYPTED,
        f"has a compressed or encrypted {member.filename}; Keras stores it uncompressed",
    )
    limit = {CONFIG: MAX_CONFIG_BYTES, METADATA: _MAX_METADATA_BYTES}.get(member.filename)
    require(
        limit is None or member.file_size <= limit,
        f"has a {member.filename} of {member.file_size:,} bytes; {limit or 0:,} are allowed",
    )


def _describe_members(found: set[str], expected: set[str]) -> str:
    if not found & expected:
        return "is an archive without a Keras model: unpack it first"
    if missing := sorted(expected - found):
        return f"is not a Keras model: it contains no {' and no '.join(missing)}"
    extra = sorted(found - expected)
    return f"contains more than a model: {shorten(extra[0]) if extra else 'a member twice'}"


def _check_metadata(content: bytes) -> None:
    metadata = json.loads(content)
    version = metadata.get("keras_version", "") if isinstance(metadata, dict) else ""
    require(
        not str(version).startswith("2."), 'was saved by Keras 2: save it with Keras 2 as "m.h5"'
    )
