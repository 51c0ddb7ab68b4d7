"""Suggestions for typos in names: "did you mean 'adam'?"."""

from collections.abc import Iterable
from difflib import get_close_matches

# Fuzzy matching: the ratio of difflib at which a misspelled name counts as a known one.
_SIMILARITY = 0.65
_MIN_LENGTH = 3  # letters: too many names are similar to shorter ones


def find_similar(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a misspelled or abbreviated one means.

    Args:
        name: A name in any case; dashes at its start are ignored.
        known: Names such as ``adam``, ``--epochs`` or ``learning_rate``.

    Returns:
        The similar name, in its own spelling; None if there is none.
    """
    candidates = {other.lstrip("-"): other for other in known}
    bare = name.lstrip("-").lower()
    if len(bare) < _MIN_LENGTH:
        return None
    longer = [other for other in candidates if other.startswith(bare)]
    if len(longer) == 1:
        return candidates[longer[0]]
    matches = get_close_matches(bare, candidates, n=1, cutoff=_SIMILARITY)
    return candidates[matches[0]] if matches else None
