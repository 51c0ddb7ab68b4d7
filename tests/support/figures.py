"""Stub figures without content: the plots of a model can be listed without drawing them."""

from dataclasses import replace

import pytest
from matplotlib.figure import Figure

from mnistcli.plotting import registry
from mnistcli.plotting.style import Footer, new_figure


def _make_empty() -> Figure:
    """Return a small figure with a footer."""
    figure, _ = new_figure(4, 1, "title", "subtitle", Footer("model", "1 image"))
    return figure


def draw_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the drawing of all kinds of plots; which ones a model can have is still checked."""
    kinds = {
        name: replace(kind, draw=lambda _: _make_empty())
        for name, kind in registry.PLOT_KINDS.items()
    }
    monkeypatch.setattr(registry, "PLOT_KINDS", kinds)
