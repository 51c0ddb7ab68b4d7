"""Stratified sampling of functions that draw: fixed relative frequencies, random order."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import numpy as np

_Drawn = TypeVar("_Drawn")


def draw_by_frequency(
    frequencies: Mapping[Callable[[np.random.Generator], _Drawn], int],
    count: int,
    rng: np.random.Generator,
) -> Iterator[_Drawn]:
    """Call functions that draw, in random order and with fixed relative frequencies (quotas).

    Args:
        frequencies: The relative frequency of each function.
        count: Number of calls.
        rng: The random number generator, which the functions use too.

    Yields:
        What each call returns.
    """
    functions = [function for function, frequency in frequencies.items() for _ in range(frequency)]
    # So that a small count samples all functions.
    shuffled = rng.permutation(len(functions))
    for index in rng.permutation(count) % len(functions):
        yield functions[shuffled[index]](rng)
