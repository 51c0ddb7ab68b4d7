"""Connected components (blobs), distance transform and stroke width of masks, with OpenCV."""

import operator
from dataclasses import dataclass
from functools import cached_property
from typing import SupportsIndex

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.preprocessing.shapes import Gray, Mask, Region

# Images are processed side by side by our own workers: OpenCV's threads would compete with them.
cv2.setNumThreads(1)


@dataclass(frozen=True, eq=False)
class Components:
    """The connected components of a mask, numbered from 0.

    Attributes:
        labels: int32 (h, w): the number of each pixel's component plus 1; 0 for the background.
        left: int32 (n,): left edge of each bounding box in pixels.
        top: int32 (n,): its top edge.
        width: int32 (n,): its width.
        height: int32 (n,): its height.
        area: int32 (n,): the pixels of each component.
    """

    labels: NDArray[np.int32]
    left: NDArray[np.int32]
    top: NDArray[np.int32]
    width: NDArray[np.int32]
    height: NDArray[np.int32]
    area: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.area)

    @cached_property
    def right(self) -> NDArray[np.int32]:
        """One past the right edge of each bounding box."""
        return self.left + self.width

    @cached_property
    def bottom(self) -> NDArray[np.int32]:
        """One past the bottom edge of each bounding box."""
        return self.top + self.height

    @cached_property
    def touched_border_count(self) -> NDArray[np.intp]:
        """Number of image borders, 0 to 4, that each component touches."""
        height, width = self.labels.shape
        touches = [
            self.left <= 1,
            self.top <= 1,
            self.right >= width - 1,
            self.bottom >= height - 1,
        ]
        return np.asarray(np.sum(touches, axis=0), np.intp)

    def region(self, index: SupportsIndex) -> Region:
        """Return the bounding box of a component as an index into an array."""
        rows = slice(int(self.top[index]), int(self.bottom[index]))
        return rows, slice(int(self.left[index]), int(self.right[index]))

    def crop(self, index: SupportsIndex) -> Mask:
        """Return the pixels of one component inside its bounding box."""
        crop: Mask = self.labels[self.region(index)] == operator.index(index) + 1
        return crop

    def select(self, keep: NDArray[np.bool_]) -> Mask:
        """Return the mask of the components for which `keep`, bool (n,), is true."""
        if keep.all():
            return self.mask
        selected: Mask = np.concatenate([[False], keep])[self.labels]
        return selected

    @cached_property
    def mask(self) -> Mask:
        """The ink mask of all components, shape (h, w)."""
        return self.labels > 0

    def subset(self, keep: NDArray[np.bool_]) -> "Components":
        """Return the components for which `keep`, bool (n,), is true, renumbered from 0."""
        if keep.all():
            return self
        numbers = np.zeros(len(self) + 1, np.int32)
        numbers[1:][keep] = np.arange(1, keep.sum() + 1)
        sides = (self.left, self.top, self.width, self.height, self.area)
        return Components(numbers[self.labels], *(side[keep] for side in sides))


def connected_components(mask: Mask) -> Components:
    """Label the 8-connected components of a mask."""
    if not mask.any():
        nothing = np.empty(0, np.int32)
        return Components(np.zeros(mask.shape, np.int32), *(nothing for _ in range(5)))
    # The default algorithm labels faster, but takes twice as long for the statistics.
    _, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        as_bytes(mask), 8, cv2.CV_32S, cv2.CCL_GRANA
    )
    left, top, width, height, area = stats[1:].T.astype(np.int32)
    return Components(np.asarray(labels, np.int32), left, top, width, height, area)


def bounding_region(mask: Mask) -> Region:
    """Return the bounding box of the foreground.

    Args:
        mask: Shape (h, w), with at least one foreground pixel.
    """
    left, top, width, height = cv2.boundingRect(as_bytes(mask))
    return slice(top, top + height), slice(left, left + width)


def distance_transform(mask: Mask) -> Gray:
    """Return the Euclidean distance of each true pixel to the nearest false one, in pixels."""
    distances = cv2.distanceTransform(as_bytes(mask), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distances, np.float32)


def stroke_width(mask: Mask) -> float:
    """Measure the stroke width in pixels: four times the mean distance to the background."""
    if not mask.any():
        return 0.0
    padded = cv2.copyMakeBorder(as_bytes(mask), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    distances = distance_transform(padded.view(bool))
    return 4 * float(exact_distances(distances[distances > 0]).mean()) - 2


def exact_distances(distances: Gray) -> NDArray[np.float64]:
    """Correct the rounding of a distance transform: squared distances are whole numbers."""
    return np.sqrt(np.rint(distances.astype(np.float64) ** 2))


def fill_holes(mask: Mask) -> Mask:
    """Fill holes in every component."""
    contours, _ = cv2.findContours(as_bytes(mask), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(filled, contours, -1, 1, cv2.FILLED)
    return filled.view(bool)


def dilate(mask: Mask, height: int, width: int) -> Mask:
    """Dilate a mask with a rectangular kernel."""
    return cv2.dilate(as_bytes(mask), np.ones((height, width), np.uint8)).view(bool)


def morphological_opening(mask: Mask, height: int, width: int) -> Mask:
    """Apply a morphological opening with a rectangular kernel: keep what the kernel fits into."""
    kernel = np.ones((height, width), np.uint8)
    return cv2.morphologyEx(as_bytes(mask), cv2.MORPH_OPEN, kernel).view(bool)


def straight_runs(mask: Mask, length: int) -> Mask:
    """Find the pixels on straight horizontal or vertical runs, tilted by up to about two degrees.

    Args:
        mask: Ink mask, bool (h, w).
        length: Shortest run in pixels.
    """
    tolerance = max(3, round(0.04 * length) | 1)
    runs = np.zeros(mask.shape, bool)
    for axis in (0, 1):
        lines = mask if axis == 0 else mask.T
        run = dilate(morphological_opening(dilate(lines, tolerance, 1), 1, length), 3, 1)
        runs |= run if axis == 0 else run.T
    return runs & mask


def min_area_rect_sides(mask: Mask) -> tuple[float, float]:
    """Return the longer and the shorter side of the smallest rotated rectangle around a mask."""
    contours, _ = cv2.findContours(as_bytes(mask), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    _, sides, _ = cv2.minAreaRect(cv2.convexHull(np.concatenate(contours)))
    return max(sides) + 1, min(sides) + 1


def as_bytes(mask: Mask) -> NDArray[np.uint8]:
    """Return a mask in the type and memory layout that OpenCV takes."""
    return np.ascontiguousarray(mask).view(np.uint8)
