"""Synthetic doodles as non-digits: simple signs, blots, grids, scenes, faces, scribbles, charts."""

import numpy as np
from numpy.typing import NDArray

from mnistcli.synthetic.pen import Stroke, arc, draw_strokes

_THIN_WIDTHS = (0.07, 0.11)  # line widths of detailed drawings, as fractions of their longer side

# Strokes in a box about one unit wide; y grows downwards. None is tall and narrow like a 1. But the
# arrow down and the opening square bracket, which is a closing one when mirrored, can look like a 1
# and a 7 or 3: `signs` and `glyph_tables` leave such shapes out.
_SIMPLE_SIGNS: tuple[list[Stroke], ...] = (
    [[(0, 0), (1, 0)]],
    [[(0, 0), (1, 0)], [(0, 0.4), (1, 0.4)]],
    [[(0, 0.5), (1, 0.5)], [(0.5, 0), (0.5, 1)]],
    [[(0, 0), (1, 1)], [(1, 0), (0, 1)]],
    [[(0, 0.6), (0.35, 1), (1, 0)]],
    [[(0, 0.5), (1, 0.5)], [(0.7, 0.2), (1, 0.5), (0.7, 0.8)]],
    [[(0.5, 0), (0.5, 1)], [(0.1, 0.6), (0.5, 1), (0.9, 0.6)]],
    [[(0.4, 0), (0, 0), (0, 1), (0.4, 1)]],
    [[(0, 0.5), (1, 0)]],
    [[(0, 0), (0.4, 0), (0.4, 0.02), (0, 0.02)], [(0.8, 0), (0.8, 0.02)]],
    [[(0, 0), (1.2, 0), (1.2, 1), (0, 1), (0, 0)]],
    [[(0, 0), (1.3, 0), (1.3, 1), (0, 1), (0, 0)], [(0, 0), (1.3, 1)]],
    [[(0, 0), (3, 0), (3, 3), (0, 3), (0, 0)], [(1, 1), (2, 1), (2, 2), (1, 2), (1, 1)]],
    [[(0, 0.5), (0.5, 0), (1, 0.5)]],
    [[(0, 0), (0.5, 0.8), (1, 0)]],
    [[(0, 1), (0.5, 0), (1, 1), (0, 1)]],
    [[(0, 0.5), (0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5)]],
    [[(0, 0), (0, 0.01)], [(0.5, 0), (0.5, 0.01)], [(1, 0), (1, 0.01)]],
    [[(0, 0.5), (1, 0.5)], [(0.5, 0), (0.5, 0.05)], [(0.5, 0.95), (0.5, 1)]],
)  # fmt: skip


def draw_simple_sign(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a sign of a few lines, such as a dash, an arrow or a box, mirrored at random.

    Args:
        rng: The random number generator.
    """
    sign = _SIMPLE_SIGNS[rng.integers(len(_SIMPLE_SIGNS))]
    mirror = rng.choice([-1, 1])
    return draw_strokes([np.asarray(stroke) * (mirror, 1) for stroke in sign], rng)


def draw_blot(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a blot: a dot or comma enlarged to the size of a digit, wider than any pen.

    Args:
        rng: The random number generator.
    """
    points = rng.uniform(0, 1, (3, 2)) * (1, rng.uniform(0.1, 0.4))
    return draw_strokes([points], rng, width=(0.35, 0.7))


def draw_grid(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw parallel lines or a grid.

    Args:
        rng: The random number generator.
    """
    horizontal = [[(0, y), (1, y)] for y in np.linspace(0, rng.uniform(0.4, 1), rng.integers(2, 6))]
    vertical = [[(x, 0), (x, 1)] for x in np.linspace(0, 1, rng.integers(3, 6))]
    strokes: list[Stroke] = [*horizontal, *vertical]
    if (which := rng.random()) < 0.6:
        strokes = [*horizontal] if which < 0.3 else [*vertical]
    return draw_strokes(strokes, rng, width=_THIN_WIDTHS)


def draw_scene(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw three to six random shapes over each other.

    Args:
        rng: The random number generator.
    """
    shapes = [_random_shape(rng) for _ in range(rng.integers(3, 7))]
    return draw_strokes(shapes, rng, width=(0.07, 0.13))


def _random_shape(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return an ellipse, half an ellipse, a rectangle or a polyline."""
    x, y = rng.uniform(0, 1, 2)
    width, height = rng.uniform(0.1, 0.5, 2)
    kind = rng.integers(4)
    if kind == 0:
        return arc((x, y), (width, height), 0, 360)
    if kind == 1:
        return arc((x, y), (width, height), *(rng.uniform(0, 180) + np.array([0, 180])))
    if kind == 2:
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)])
        rectangle: NDArray[np.float64] = corners * (width, height) + (x, y)
        return rectangle
    return rng.uniform(0, 1, (int(rng.integers(2, 5)), 2))


def draw_arches(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw one to four concentric arches or parts of them, such as a rainbow.

    Args:
        rng: The random number generator.
    """
    height, lean = rng.uniform(0.35, 0.95), rng.uniform(-20, 20)
    start, end = ((180, 360), (180, 290), (250, 360))[rng.integers(3)]
    sizes = np.linspace(1, rng.uniform(0.4, 0.8), int(rng.integers(1, 5)))
    arches = [arc((0, 0), (size, size * height), start + lean, end + lean) for size in sizes]
    if rng.random() < 0.3:  # close the outer arch
        arches = [*arches, np.array([arches[0][0], arches[0][-1]])]
    if rng.random() < 0.3:  # upside down
        arches = [np.asarray(stroke) * (1, -1) for stroke in arches]
    return draw_strokes(arches, rng, width=(0.08, 0.16))


def draw_face(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a smiley or another face: a head with eyes or a mouth, some with pointed ears.

    Args:
        rng: The random number generator.
    """
    strokes: list[Stroke] = [arc((0, 0), (1, rng.uniform(0.7, 1.1)), 0, 360)]
    for x, y in rng.uniform(-0.5, 0.5, (int(rng.integers(2, 5)), 2)):
        strokes.append(arc((x, y), (0.12, 0.1), 0, rng.choice([180, 360])))
    if rng.random() < 0.6:
        tip = rng.uniform(1.1, 1.6)
        strokes += [
            [(side * 0.9, -0.4), (side * 0.7, -tip), (side * 0.2, -0.9)] for side in (-1, 1)
        ]
    return draw_strokes(strokes, rng, width=_THIN_WIDTHS)


def draw_scribble(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a scribble: a wave, a coil, a spiral or a tangled line.

    Args:
        rng: The random number generator.
    """
    time = np.linspace(0, 1, 90)
    turns = rng.uniform(3, 6)
    phase = 2 * np.pi * turns * time
    kind = rng.integers(4)
    if kind == 0:  # wave
        chirp = rng.uniform(-0.5, 0.5)
        points = np.column_stack([time * rng.uniform(1, 4), np.sin(phase + chirp * time)])
    elif kind == 1:  # coil
        advance = rng.uniform(1, 5)
        points = np.column_stack([time * advance + 0.5 * np.cos(phase), np.sin(phase)])
    elif kind == 2:  # spiral
        points = np.column_stack([time * np.cos(phase), time * np.sin(phase)])
    else:  # tangled line: a random Fourier series
        coefficients = rng.normal(0, 1, (2, 2, 5)) / 2
        angles = 2 * np.pi * time[:, None] * np.arange(2, 7)
        points = np.column_stack(
            [np.sin(angles) @ sines + np.cos(angles) @ cosines for sines, cosines in coefficients]
        )
    return draw_strokes([points], rng, width=_THIN_WIDTHS)


def draw_star(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a star or an asterisk with five to eight points.

    Args:
        rng: The random number generator.
    """
    tips = int(rng.integers(5, 9))
    inner_radius = rng.uniform(0, 0.6)
    angles = np.linspace(0, 2 * np.pi, 2 * tips + 1)
    radii = np.where(np.arange(2 * tips + 1) % 2, inner_radius, 1)
    star = np.column_stack([np.sin(angles) * radii, -np.cos(angles) * radii])
    return draw_strokes([star], rng, width=(0.08, 0.13))


def draw_chart(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a chart: two axes or a frame, with bars or a curve.

    Args:
        rng: The random number generator.
    """
    height = rng.uniform(0.6, 1)
    strokes: list[Stroke] = [[(0, 0), (0, height), (1, height)]]
    if rng.random() < 0.4:
        strokes = [[(0, 0), (0, height), (1, height), (1, 0), (0, 0)]]
    positions = np.linspace(0.15, 0.85, int(rng.integers(3, 7)))
    values = rng.uniform(0.1, 0.9, len(positions)) * height
    if rng.random() < 0.5:
        strokes += [[(x, height), (x, y)] for x, y in zip(positions, values, strict=True)]
    else:
        strokes += [np.column_stack([positions, np.sort(values)[:: rng.choice([-1, 1])]])]
    return draw_strokes(strokes, rng, width=_THIN_WIDTHS)


def draw_hatching(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw hatching: a zigzag of many turns, as one crosses something out.

    Args:
        rng: The random number generator.
    """
    is_vertical = rng.random() < 0.3
    turns = int(rng.integers(9 if is_vertical else 7, 16))
    length = rng.uniform(0.8, 1.2 if is_vertical else 2.5)
    along = np.linspace(0, length, turns) + rng.normal(0, 0.03, turns)
    across = np.resize([0.0, 1.0], turns) + rng.normal(0, 0.1, turns)
    lean = rng.uniform(-0.6, 0.6)
    points = np.column_stack([along + lean * across, across])
    if is_vertical:
        points = points[:, ::-1]
    return draw_strokes([points], rng, width=_THIN_WIDTHS)
