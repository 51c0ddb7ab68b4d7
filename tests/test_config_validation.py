"""Fields of the settings: types, bounds, help texts and flags."""

import math
from collections.abc import Sequence
from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistcli.config_validation import (
    flag,
    metadata_of,
    require_choice,
    setting_field,
    validate,
    value_type,
)
from mnistcli.errors import ConfigError


@dataclass(frozen=True)
class Example:
    rate: float = setting_field(0.5, "Rate.", above=0, at_most=1)
    count: int = setting_field(3, "Count.", at_least=1, example=7)
    name: str = setting_field("adam", "Name: {choices}.", choices=("adam", "sgd"))
    path: str | None = setting_field(None, "Path.", flags=("--from", "-f"))
    on: bool = setting_field(False, "Switch.")
    batch_size: int = setting_field(1, "Size.")


FIELDS: dict[str, Field[Any]] = {field.name: field for field in fields(Example)}


def test_the_default_stays_an_attribute_of_the_class() -> None:
    assert Example.rate == 0.5
    assert Example() == Example(rate=0.5, count=3)


def test_the_flag_is_the_name_of_the_field_unless_another_is_given() -> None:
    assert [flag(FIELDS[name]) for name in ("batch_size", "path")] == ["--batch-size", "--from"]


def test_the_type_of_a_value_is_that_of_its_annotation() -> None:
    assert [value_type(FIELDS[name]) for name in ("rate", "count", "path", "on")] == [
        float, int, str, bool,
    ]  # fmt: skip


def test_bounds_are_text() -> None:
    assert metadata_of(FIELDS["rate"]).bounds == "above 0 and at most 1"
    assert metadata_of(FIELDS["name"]).bounds == ""


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("rate", 1, 1.0),
        ("rate", np.float32(0.5), 0.5),
        ("count", np.int64(4), 4),
        ("path", None, None),
        ("path", "x", "x"),
        ("path", Path("a/b"), "a/b"),
        ("on", True, True),
        ("name", "SGD", "sgd"),
    ],
)
def test_a_valid_value_becomes_a_value_of_the_field(
    name: str, value: object, expected: object
) -> None:
    valid = validate(FIELDS[name], value)

    assert valid == expected
    assert type(valid) is type(expected)


@pytest.mark.parametrize(
    ("name", "value", "message", "hint"),
    [
        ("rate", 0, "--rate must be above 0 and at most 1, not 0", "--rate 0.5"),
        ("rate", 1.5, "--rate must be above 0 and at most 1, not 1.5", "--rate 0.5"),
        ("rate", math.nan, "--rate must be a finite number, not nan", "--rate 0.5"),
        ("rate", math.inf, "--rate must be a finite number, not inf", "--rate 0.5"),
        ("rate", "0.5", "--rate must be a number, not '0.5'", "--rate 0.5"),
        ("rate", True, "--rate must be a number, not True", "--rate 0.5"),
        ("count", 0, "--count must be at least 1, not 0", "--count 7"),
        ("count", 2.0, "--count must be a whole number, not 2.0", "--count 7"),
        ("count", None, "--count must be a whole number, not None", "--count 7"),
        ("name", 5, "--name must be text, not 5", "--name adam"),
        ("name", "adem", "unknown name 'adem'; did you mean 'adam'?", "--name adam"),
        ("path", "", "--from must not be empty", None),
        ("on", 1, "--on must be true or false, not 1", "--on"),
    ],
)
def test_an_invalid_value_is_refused_with_a_hint(
    name: str, value: object, message: str, hint: str | None
) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(FIELDS[name], value)

    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize("value", [10**400, [[[[[[[[[[1]]]]]]]]]], "x" * 10_000])
def test_a_huge_value_is_shortened_in_the_message(value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(FIELDS["rate"], value)

    assert len(caught.value.message) < 100


@pytest.mark.parametrize(
    ("value", "choices", "suggested"),
    [
        ("clasic", ("classic", "deep"), "classic"),
        ("sdg", ("sgd", "adam"), "sgd"),
        ("export", ("samples", "plot"), None),
        ("best", ("robust", "deep"), None),
    ],
)
def test_only_a_similar_choice_is_suggested(
    value: str, choices: Sequence[str], suggested: str | None
) -> None:
    with pytest.raises(ConfigError) as caught:
        require_choice("kind", value, choices)

    if suggested is None:
        assert caught.value.message.endswith(f": choose from {', '.join(choices)}")
    else:
        assert caught.value.message.endswith(f"; did you mean {suggested!r}?")
    assert caught.value.hint == f"--kind {suggested or choices[0]}"
