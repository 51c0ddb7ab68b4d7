"""Form elements: find the frames, form lines and ruled lines of an image (form removal)."""

import numpy as np

from mnistcli.preprocessing.components import bounding_region, connected_components
from mnistcli.preprocessing.foreground import Foreground
from mnistcli.preprocessing.form_lines import remove_form_lines
from mnistcli.preprocessing.frames import remove_frames
from mnistcli.preprocessing.ruled_lines import remove_ruled_lines
from mnistcli.preprocessing.shapes import Mask, expand_region
from mnistcli.preprocessing.specks import keep_largest

_MIN_IMAGE_SIDE = 20  # pixels: a smaller image has no space for form elements beside a digit
_BORDER = 2  # pixels within which a component touches the border


def find_form_elements(foreground: Foreground) -> tuple[Mask, Mask]:
    """Find the form elements of an image: frames, rings, combs and lines.

    Returns:
        Two ink masks, shape (h, w): of all form elements, and of the frames and form lines alone.
    """
    mask = foreground.mask
    cleaned = mask.copy()
    if max(mask.shape) < _MIN_IMAGE_SIDE or not mask.any():
        return np.zeros_like(mask), np.zeros_like(mask)
    # The rest of the image is blank. With the margin, ink touches a border only if it did before.
    region = expand_region(bounding_region(mask), _BORDER)
    components = keep_largest(connected_components(mask[region]))
    cleaned[region] = remove_form_lines(remove_frames(components))
    return mask & ~remove_ruled_lines(cleaned, foreground.coverage), mask & ~cleaned
