"""Suggestions of similar names for a typo."""

import pytest

from mnistcli.suggestions import find_similar


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("trian", ["train", "plot"], "train"),
        ("eval", ["evaluate", "plot"], "evaluate"),
        ("export", ["train", "plot"], None),
        ("pl", ["plot"], None),
        ("--out", ["--output-dir", "--json"], "--output-dir"),
        ("--batch", ["--batch-size", "--arch"], "--batch-size"),
        ("--re", ["--recipe", "--reduce-lr"], None),
        ("--csv", ["--save", "--json"], None),
        ("ADMA", ["sgd", "adam"], "adam"),
        ("--logdir", ["--no-distort", "--output-dir"], None),
    ],
)
def test_only_close_names_are_suggested(name: str, known: list[str], expected: str | None) -> None:
    assert find_similar(name, known) == expected
