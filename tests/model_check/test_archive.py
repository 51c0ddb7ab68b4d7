"""Archives: exactly the three members of Keras, uncompressed (no zip bomb) and of limited size."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mnistcli.errors import ModelError
from mnistcli.model_check import check_model
from tests.support.model_files import (
    CONFIG,
    WEIGHTS,
    layer,
    model_file,
    read_members,
    sequential,
    write_members,
)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    config = sequential(layer("Flatten"), layer("Dense", units=10))
    return model_file(tmp_path / "good.keras", config)


def message_of(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        check_model(path)
    return caught.value.message


def test_a_good_file_is_accepted(good: Path) -> None:
    assert check_model(good).weights == read_members(good)[WEIGHTS]


def test_an_additional_member_is_refused(good: Path, tmp_path: Path) -> None:
    members = read_members(good) | {"assets/../../x\x1b[31m": b""}

    message = message_of(write_members(tmp_path / "m.keras", members))

    assert message.endswith(r"contains more than a model: assets/../../x\x1b[31m")


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS, "metadata.json"])
def test_a_missing_member_is_named(good: Path, tmp_path: Path, name: str) -> None:
    members = {key: value for key, value in read_members(good).items() if key != name}

    assert f"it contains no {name}" in message_of(write_members(tmp_path / "m.keras", members))


def test_a_member_that_is_there_twice_is_refused(good: Path) -> None:
    """Two programs could read different ones."""
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(good, "a") as archive:
        archive.writestr(CONFIG, b"{}")

    assert "a member twice" in message_of(good)


def test_compressed_members_are_refused(good: Path, tmp_path: Path) -> None:
    """A megabyte can decompress to a gigabyte."""
    path = write_members(tmp_path / "m.keras", read_members(good), compression=zipfile.ZIP_DEFLATED)

    assert "has a compressed or encrypted" in message_of(path)


def test_a_large_config_is_refused(good: Path, tmp_path: Path) -> None:
    members = read_members(good)
    members[CONFIG] += b" " * (1 << 20)

    assert "has a config.json of" in message_of(write_members(tmp_path / "m.keras", members))


def test_a_wrong_checksum_is_damage(good: Path) -> None:
    content = bytearray(good.read_bytes())
    content[content.find(b"Flatten")] ^= 1
    good.write_bytes(content)

    assert "not a Keras model, or a damaged file" in message_of(good)


def test_a_model_of_keras_2_is_named_as_one(good: Path, tmp_path: Path) -> None:
    members = read_members(good) | {"metadata.json": b'{"keras_version": "2.15.0"}'}

    assert "was saved by Keras 2" in message_of(write_members(tmp_path / "m.keras", members))


@pytest.mark.parametrize(
    "cut", [lambda content: content[:-30], lambda content: content[:500], lambda _: b"PK\x03\x04"]
)
def test_a_truncated_file_is_damage(good: Path, cut: Callable[[bytes], bytes]) -> None:
    good.write_bytes(cut(good.read_bytes()))

    assert "not a Keras model, or a damaged file" in message_of(good)
