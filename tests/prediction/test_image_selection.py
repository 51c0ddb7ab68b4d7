"""Image selection: deterministic shards by a hash of the name, and names that are counted."""

from itertools import chain
from pathlib import Path

import pytest

from mnistcli.errors import ConfigError
from mnistcli.prediction.image_listing import InputImage
from mnistcli.prediction.image_selection import NameCounts, Shard

NAMES = [f"scans/{number}.png" for number in range(400)]


def test_each_file_is_in_exactly_one_shard_of_about_the_same_size() -> None:
    shards = [Shard.parse(f"{number}/4") for number in range(1, 5)]

    parts = [[name for name in NAMES if shard.contains(Path(name))] for shard in shards]

    assert sorted(chain.from_iterable(parts)) == sorted(NAMES)
    assert all(70 <= len(part) <= 130 for part in parts)


def test_the_shard_of_a_name_is_the_same_in_every_process() -> None:
    first = [name for name in NAMES[:12] if Shard(1, 3).contains(Path(name))]

    assert first == [f"scans/{number}.png" for number in (2, 6, 8, 10)]


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/0", "a/b", "1/2/3", "-1/2", ""])
def test_an_invalid_shard_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--shard must be a number and a count"):
        Shard.parse(text)


def test_images_are_skipped_as_often_as_their_names_are_counted() -> None:
    odd = "b\udcff.png"  # a name that is not valid UTF-8
    images = [InputImage(Path(name)) for name in ("a.png", odd, "a.png", "a.png", "c.png")]

    with NameCounts() as names:
        for name in ("a.png", odd, "a.png", "gone.png"):
            names.add(name)
        left = [str(one.path) for one in names.skip(images, lambda image: str(image.path))]

    assert left == ["a.png", "c.png"]
    assert names.total == 4
