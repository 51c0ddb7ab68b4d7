"""Random numbers to write by hand: amounts, quantities and codes, with their marks."""

import numpy as np

from mnistcli.line_format import OTHER_MARK

_LENGTHS = (0.02, 0.1, 0.1, 0.14, 0.17, 0.18, 0.13, 0.08, 0.05, 0.03)  # of 0, 1, 2, ... digits
_INNER_MARKS = "...,--::=/+" + OTHER_MARK
_SUFFIXES = (".", ",", "-", "=", ".-", ",-", ".=", ":", "#", "--", "/", "$")
_SUFFIX_WEIGHTS = (0.3, 0.08, 0.2, 0.13, 0.1, 0.06, 0.02, 0.04, 0.02, 0.03, 0.01, 0.01)
_PREFIXES = ("#", "$", "=", "-", ".", "+", "+", "+")


def random_text(rng: np.random.Generator) -> str:
    """Return a random string of digits and `MARKS`."""
    digits = _random_digits(int(rng.choice(len(_LENGTHS), p=_LENGTHS)), rng)
    if not digits:
        return str(rng.choice(["", ".", "-", "=", ",", OTHER_MARK * int(rng.integers(1, 6))]))
    text = _separate(digits, rng)
    if rng.random() < 0.33:
        text += str(rng.choice(_SUFFIXES, p=_SUFFIX_WEIGHTS))
    kind = rng.random()
    if kind < 0.06:
        return str(rng.choice(_PREFIXES)) + text
    if kind < 0.08:
        return f"({text})"
    if kind < 0.1:
        return OTHER_MARK + text
    if kind < 0.13:
        return text + OTHER_MARK
    return text


def _random_digits(count: int, rng: np.random.Generator) -> str:
    """Return digits: some numbers end in zeros, some repeat a digit."""
    digits = rng.integers(0, 10, count)
    kind = rng.random()
    if kind < 0.28 and count > 2:
        digits[count - int(rng.integers(1, min(4, count - 1) + 1)) :] = 0
    elif kind < 0.45 and count > 1:
        start = int(rng.integers(0, count - 1))
        digits[start : start + int(rng.integers(2, 4))] = digits[start]
    elif kind < 0.6:  # ones and sevens side by side are the hardest to tell apart
        chosen = rng.random(count) < 0.5
        digits[chosen] = rng.choice([1, 7], int(chosen.sum()))
    return "".join(map(str, digits))


def _separate(digits: str, rng: np.random.Generator) -> str:
    """Insert a thousands separator, a decimal separator, a mark somewhere else, or none."""
    kind = rng.random()
    if kind < 0.38 and len(digits) > 3:
        mark = rng.choice([".", ",", "-"], p=[0.8, 0.15, 0.05])
        return f"{digits[:-3]}{mark}{digits[-3:]}"
    if kind < 0.46 and len(digits) > 2:
        return f"{digits[:-2]}{rng.choice(['.', ',', '-', ':'])}{digits[-2:]}"
    if kind < 0.52 and len(digits) > 1:
        index = int(rng.integers(1, len(digits)))
        mark = rng.choice(list(_INNER_MARKS))
        return f"{digits[:index]}{mark}{digits[index:]}"
    return digits
