"""Foreground of an image, the result of binarization, and its parts."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.preprocessing.components import Components, as_bytes, bounding_region
from mnistcli.preprocessing.shapes import Box, Gray, Mask, Region, to_box


@dataclass(frozen=True, eq=False)
class Foreground:
    """The foreground of an image: the pixels that belong to strokes.

    If the image shows a sheet of paper that is tilted, it is the foreground of the rectified sheet.

    Attributes:
        coverage: Ink coverage of each pixel, float32 0 to 1, shape (h, w).
        mask: The ink mask, shape (h, w).
        factor: Reduction factor: pixels of the image per pixel of the mask, along each axis.
        image_shape: Height and width of the reduced image; h and w differ from them for a rectified
            sheet.
        to_image: The homography from a rectified sheet to the reduced image, float64
            (3, 3); None if the sheet was not rectified.
    """

    coverage: Gray
    mask: Mask
    factor: int
    image_shape: tuple[int, int]
    to_image: NDArray[np.float64] | None = None

    def restore(self, mask: Mask) -> Mask:
        """Map a mask, shape (h, w), back to the reduced image, where the sheet is tilted."""
        if self.to_image is None:
            return mask
        size = self.image_shape[::-1]
        restored = cv2.warpPerspective(as_bytes(mask), self.to_image, size, flags=cv2.INTER_NEAREST)
        return restored.view(bool)

    def restore_region(self, region: Region) -> Region:
        """Transform a bounding box to the bounding box in the reduced image."""
        if self.to_image is None:
            return region
        rows, columns = region
        corners = [(x, y) for x in (columns.start, columns.stop) for y in (rows.start, rows.stop)]
        points = cv2.perspectiveTransform(np.array([corners], np.float64), self.to_image)[0]
        limits = np.array(self.image_shape[::-1])
        left, top = np.clip(np.floor(points.min(axis=0)), 0, limits - 1).astype(int).tolist()
        right, bottom = np.clip(np.ceil(points.max(axis=0)), 1, limits).astype(int).tolist()
        return slice(top, bottom), slice(left, right)

    def locate(self, region: Region, mask: Mask, size: tuple[int, int]) -> tuple[Box, Mask]:
        """Return the box of a digit in coordinates of the image, and its ink mask within the box.

        Args:
            region: The bounding box of the digit in the foreground.
            mask: Its ink mask within the bounding box.
            size: Width and height of the image in pixels.
        """
        if self.to_image is not None:
            whole = np.zeros_like(self.mask)
            whole[region] = mask
            restored = self.restore(whole)
            region = bounding_region(restored) if restored.any() else self.restore_region(region)
            mask = restored[region].copy()
        return to_box(region, self.factor, size), mask


class ForegroundParts(NamedTuple):
    """The foreground of an image and its parts; the masks have its shape (h, w).

    Attributes:
        foreground: The whole foreground.
        form_mask: The ink mask of the form elements.
        frame_and_line_mask: The ink mask of the frames and form lines among them.
        writing: The connected components of digits and marks.
    """

    foreground: Foreground
    form_mask: Mask
    frame_and_line_mask: Mask
    writing: Components
