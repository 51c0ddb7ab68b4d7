"""Fixtures for tests of plots."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.text import Text


@pytest.fixture
def assert_legible(monkeypatch: pytest.MonkeyPatch) -> Callable[[Figure], None]:
    """Draw a figure and check its visible text: no text is cut, and none overlaps another."""
    drawn: list[tuple[str, tuple[float, float, float, float]]] = []
    draw = Text.draw

    def record(self: Text, renderer: RendererBase) -> None:
        if self.get_visible() and self.get_text().strip():
            left, bottom, right, top = self.get_window_extent(renderer).extents
            drawn.append((self.get_text(), (left, bottom, right, top)))
        draw(self, renderer)

    def check(figure: Figure) -> None:
        drawn.clear()
        with monkeypatch.context() as patch:
            patch.setattr(Text, "draw", record)
            figure.draw_without_rendering()
        width, height = figure.bbox.width, figure.bbox.height
        assert drawn
        for text, (left, bottom, right, top) in drawn:
            assert min(left, bottom, width - right, height - top) >= 0, text
        boxes = np.array([extents for _, extents in drawn])
        # Boxes may overlap by a pixel where the characters in them do not.
        apart = (boxes[:, None, :2] + 1 >= boxes[None, :, 2:]).any(axis=-1)
        overlaps = np.argwhere(~(apart | apart.T) & ~np.eye(len(boxes), dtype=bool))
        assert [(drawn[one][0], drawn[other][0]) for one, other in overlaps] == []

    return check
