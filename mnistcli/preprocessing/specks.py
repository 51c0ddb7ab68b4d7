"""Specks (despeckling): remove small components, such as dust, dirt and salt-and-pepper noise."""

import numpy as np
from numpy.typing import NDArray

from mnistcli.preprocessing.components import Components

_MIN_AREA = 0.02  # of the largest component's area; anything smaller is a speck
_MAX_COMPONENTS = 1000  # more digits than a page has; the rest is dirt or texture


def remove_specks(components: Components) -> Components:
    """Remove specks (small-object removal): components that are small compared with the largest.

    Only the largest 1,000 of the others are kept.
    """
    large = components.area >= _MIN_AREA * components.area.max(initial=0)
    return components.subset(large & _are_largest(components))


def keep_largest(components: Components) -> Components:
    """Keep the largest 1,000 components, so that a texture does not take minutes."""
    return components.subset(_are_largest(components))


def _are_largest(components: Components) -> NDArray[np.bool_]:
    """Return which components are the largest 1,000, bool (n,); the upper ones of equals."""
    largest = np.zeros(len(components), np.bool_)
    largest[np.argsort(-components.area, kind="stable")[:_MAX_COMPONENTS]] = True
    return largest
