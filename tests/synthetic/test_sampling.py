"""Drawing by frequency: exact fractions for a large count, and a varied choice for a small one."""

from collections import Counter
from collections.abc import Callable

import numpy as np

from mnistcli.synthetic.sampling import draw_by_frequency

FREQUENCIES: dict[Callable[[np.random.Generator], str], int] = {
    lambda _: "first": 10,
    lambda _: "second": 10,
    lambda _: "third": 5,
}


def draw(count: int, seed: int) -> list[str]:
    return list(draw_by_frequency(FREQUENCIES, count, np.random.default_rng(seed)))


def test_the_fractions_do_not_depend_on_chance() -> None:
    assert Counter(draw(50, seed=0)) == {"first": 20, "second": 20, "third": 10}
    assert draw(50, seed=0) != draw(50, seed=1)


def test_a_small_count_is_not_of_the_first_functions_only() -> None:
    """Five digits in rare styles were all 1s."""
    drawn = Counter(name for seed in range(40) for name in draw(5, seed))

    assert all(drawn[name] > 20 for name in ("first", "second", "third"))
