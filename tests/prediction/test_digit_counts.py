"""The numbers of digits that a line may have."""

import pytest

from mnistcli.prediction.digit_counts import MAX_DIGITS, digit_count_range


def test_both_ends_are_included() -> None:
    assert list(digit_count_range(4, 6)) == [4, 5, 6]
    assert list(digit_count_range(MAX_DIGITS, MAX_DIGITS)) == [MAX_DIGITS]


@pytest.mark.parametrize(("minimum", "maximum"), [(0, 1), (3, 2), (1, MAX_DIGITS + 1)])
def test_other_numbers_are_refused(minimum: int, maximum: int) -> None:
    with pytest.raises(ValueError, match=f"{minimum} to {maximum}"):
        digit_count_range(minimum, maximum)
