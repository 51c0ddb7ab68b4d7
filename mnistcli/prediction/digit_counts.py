"""Digit counts: the numbers of digits that a line may have."""

MAX_DIGITS = 100
"""The largest number of digits of a line."""


def digit_counts(least: int, greatest: int) -> range:
    """Return the numbers of digits from the least to the greatest.

    Raises:
        ValueError: A number is not in 1..`MAX_DIGITS`, or the least is above the greatest.
    """
    if not 1 <= least <= greatest <= MAX_DIGITS:
        raise ValueError(f"invalid numbers of digits: {least} to {greatest}")
    return range(least, greatest + 1)
