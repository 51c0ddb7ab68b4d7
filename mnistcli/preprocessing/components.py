"""Connected components and stroke width of an ink mask."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnistcli.preprocessing.shapes import Mask, Region

_EIGHT_CONNECTED = np.ones((3, 3), bool)  # pixels that touch at a corner are connected


def label_components(mask: Mask) -> tuple[NDArray[np.int32], int]:
    """Label the connected components of a mask, 8-connected.

    Args:
        mask: Shape (h, w).

    Returns:
        The labels, int32 (h, w), from 1 up and 0 for background; and the number of components.
    """
    labels = np.zeros(mask.shape, np.int32)
    count = ndimage.label(mask, structure=_EIGHT_CONNECTED, output=labels)
    return labels, int(count)


def component_areas(labels: NDArray[np.int32], count: int) -> NDArray[np.intp]:
    """Compute the area of each connected component in pixels.

    Args:
        labels: The labels, shape (h, w).
        count: The number of components.

    Returns:
        The areas by label, shape (count + 1,); 0 for the background.
    """
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    areas[0] = 0
    return areas


def component_regions(labels: NDArray[np.int32]) -> list[Region]:
    """Return the bounding boxes of the connected components, in the order of their labels.

    Args:
        labels: The labels, shape (h, w), without a gap.
    """
    return [(rows, columns) for rows, columns in ndimage.find_objects(labels)]


def stroke_width(mask: Mask) -> float:
    """Estimate the stroke width in pixels with a distance transform.

    The mean distance from a pixel of a stroke to its edge is a quarter of the stroke width.

    Args:
        mask: Shape (h, w).

    Returns:
        The mean width of all strokes; 0 for an empty mask.
    """
    if not mask.any():
        return 0.0
    distances = ndimage.distance_transform_edt(np.pad(mask, 1))
    return 4 * float(distances[distances > 0].mean()) - 2
