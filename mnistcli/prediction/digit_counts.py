"""Digit counts: the numbers of digits that a line may have."""

MAX_DIGITS = 100
"""The largest number of digits of a line that a user may ask for."""


def digit_count_range(minimum: int, maximum: int) -> range:
    """Return the numbers of digits from a minimum to a maximum, both inclusive.

    Raises:
        ValueError: A number is not in 1..`MAX_DIGITS`, or the minimum exceeds the maximum.
    """
    if not 1 <= minimum <= maximum <= MAX_DIGITS:
        raise ValueError(f"invalid numbers of digits: {minimum} to {maximum}")
    return range(minimum, maximum + 1)
