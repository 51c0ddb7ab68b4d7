"""The numbers of digits that a line may have."""

import pytest

from mnistcli.prediction.digit_counts import MAX_DIGITS, digit_counts


def test_both_ends_are_included() -> None:
    assert list(digit_counts(4, 6)) == [4, 5, 6]
    assert list(digit_counts(MAX_DIGITS, MAX_DIGITS)) == [MAX_DIGITS]


@pytest.mark.parametrize(("least", "greatest"), [(0, 1), (3, 2), (1, MAX_DIGITS + 1)])
def test_other_numbers_are_refused(least: int, greatest: int) -> None:
    with pytest.raises(ValueError, match=f"{least} to {greatest}"):
        digit_counts(least, greatest)
