"""Non-digits drawn with code other than the training's: ticks, arrows, brackets and scribbles.

The brush differs from the pen of `mnistcli.synthetic`: it has no line ends or joints, and its width
changes along a stroke. The shapes are of the same kinds as in the training, and some are the same,
such as the hash and the segments of displays. Only round brackets are new.
"""

from collections.abc import Sequence
from functools import partial

import cv2
import matplotlib as mpl
import numpy as np
from PIL import Image

from mnistcli.datasets import Dataset
from mnistcli.synthetic.seven_segment import SEGMENTS
from tests.tools.rejection_glyphs import Ink, Kind, vary

Points = Sequence[tuple[float, float]]
"""Control points of a Bezier curve of any degree; x to the right, y down, about one unit."""

_SIDE, _MARGIN = 120, 40  # pixels of a drawing, and around it

_OPERATORS: tuple[list[Points], ...] = (
    [[(0, 0.5), (1, 0.52)], [(0.5, 0), (0.48, 1)]],  # plus
    [[(0, 0.1), (1, 0.9)], [(0.95, 0.05), (0.05, 1)]],  # times
    [[(0, 0.3), (1, 0.25)], [(0.02, 0.7), (1, 0.68)]],  # equal
    [[(0, 0.35), (1, 0.3)], [(0.5, 0), (0.5, 0.65)], [(0, 0.95), (1, 0.9)]],  # plus or minus
    [[(0.3, 0), (0.2, 1)], [(0.75, 0), (0.65, 1)], [(0, 0.3), (1, 0.3)], [(0, 0.7), (1, 0.7)]],
    [[(1, 0), (0.5, 0.25), (0, 0.5)], [(0, 0.5), (0.5, 0.75), (1, 1)]],  # less than
    [[(0.9, 0), (0, 0)], [(0, 0), (0.5, 0.5)], [(0.5, 0.5), (0, 1)], [(0, 1), (0.95, 1)]],  # sum
    [[(0, 0.7), (0.2, 1)], [(0.2, 1), (0.5, 0)], [(0.5, 0), (1.3, 0)]],  # root
)  # fmt: skip
_BRACKETS: dict[str, list[Points]] = {
    "(": [[(0.4, 0), (-0.25, 0.3), (-0.25, 0.7), (0.4, 1)]],
    ")": [[(0, 0), (0.65, 0.3), (0.65, 0.7), (0, 1)]],
    "[": [[(0.45, 0), (0, 0)], [(0, 0), (0, 1)], [(0, 1), (0.45, 1)]],
    "]": [[(0, 0), (0.45, 0)], [(0.45, 0), (0.45, 1)], [(0.45, 1), (0, 1)]],
    "{": [[(0.5, 0), (0.1, 0), (0.4, 0.5), (0, 0.5)], [(0, 0.5), (0.4, 0.5), (0.1, 1), (0.5, 1)]],
}
_SEGMENT_PATTERNS = (
    *("ad", "adg", "afg", "deg", "ceg", "aefg", "adef", "abefg", "bdefg", "bceg", "abceg", "beg"),
    *("acef", "dfg"),
)


def drawn_kinds(digits: Dataset) -> dict[str, Kind]:
    """Return the kinds, keyed by name.

    Args:
        digits: Digits in MNIST format to cross out, merge and cut.
    """
    return {
        "ticks": _draw_tick,
        "arrows": _draw_arrow,
        "operators, drawn": partial(_draw_one, list(_OPERATORS)),
        "brackets ( )": partial(_draw_one, [_BRACKETS[name] for name in "()"]),
        "brackets [ ] {": partial(_draw_one, [_BRACKETS[name] for name in "[]{"]),
        "display segments": _draw_segments,
        "scribbles": _draw_scribble,
        "crossed-out digits": partial(_cross_out, digits),
        "merged digits": partial(_merge, digits),
        "cut digits": partial(_cut, digits),
        "textures": _render_texture,
    }


def _brush(curves: Sequence[Points], rng: np.random.Generator, width: float | None = None) -> Ink:
    """Draw Bezier curves with a brush whose width changes along a stroke."""
    width = rng.uniform(5, 16) if width is None else width
    pixels = _SIDE + 2 * _MARGIN
    ink = np.zeros((pixels, 2 * pixels), np.uint8)
    for curve in curves:
        points = np.array(curve, float) + rng.normal(0, 0.025, (len(curve), 2))
        t = np.linspace(0, 1, 150)[:, None]
        layers = points[:, None]
        while len(layers) > 1:  # the algorithm of de Casteljau
            layers = layers[:-1] * (1 - t) + layers[1:] * t
        radii = width / 2 * (1 + 0.3 * np.sin(t[:, 0] * 3 + rng.uniform(0, 6)))
        for (x, y), radius in zip(layers[0] * _SIDE + _MARGIN, radii, strict=True):
            center = (round(x * 16), round(y * 16))
            cv2.circle(ink, center, round(radius * 16), 255, cv2.FILLED, cv2.LINE_AA, 4)
    return vary(ink.astype(np.float32) / np.float32(255), rng)


def _draw_one(drawings: list[list[Points]], rng: np.random.Generator) -> Ink:
    return _brush(drawings[rng.integers(len(drawings))], rng)


def _draw_tick(rng: np.random.Generator) -> Ink:
    foot = rng.uniform(0.15, 0.4)
    start, end = (0.0, rng.uniform(0.4, 0.75)), (rng.uniform(0.55, 1.2), rng.uniform(-0.1, 0.2))
    bend = (foot + rng.uniform(0.05, 0.25), rng.uniform(0.4, 0.7))
    return _brush([[start, (foot * 0.7, 0.7), (foot, 1)], [(foot, 1), bend, end]], rng)


def _draw_arrow(rng: np.random.Generator) -> Ink:
    """Draw an arrow in any direction but up and to the upper right."""
    turn = np.exp(1j * np.radians(rng.uniform(-15, 215)))  # y grows downwards
    half_angle = rng.uniform(0.5, 0.9)
    tips = [
        1 + rng.uniform(0.3, 0.5) * np.exp(1j * (np.pi + sign * half_angle)) for sign in (-1, 1)
    ]
    lines = [(0, 1), (1, tips[0]), (1, tips[1])]
    corners = [[complex(end) * turn * 0.7 + 0.5 + 0.5j for end in line] for line in lines]
    return _brush([[(end.real, end.imag) for end in line] for line in corners], rng)


def _draw_segments(rng: np.random.Generator) -> Ink:
    """Draw segments of a display as filled polygons with pointed ends."""
    ink = np.zeros((220, 200), np.uint8)
    length, half, gap = rng.uniform(45, 60), rng.uniform(4, 8), rng.uniform(1, 4)
    for name in str(rng.choice(_SEGMENT_PATTERNS)):
        ends = np.array(SEGMENTS[name], float) * length + 45
        along = (ends[1] - ends[0]) / length
        across = along[::-1] * half
        first, last = ends[0] + along * gap, ends[1] - along * gap
        near, far = first + along * half, last - along * half
        corners = [first, near + across, far + across, last, far - across, near - across]
        cv2.fillPoly(ink, [np.rint(corners).astype(np.int32)], 255, cv2.LINE_AA)
    return vary(ink.astype(np.float32) / np.float32(255), rng)


def _draw_scribble(rng: np.random.Generator) -> Ink:
    """Draw a random walk of velocity, smoothed: a signature or a tangle."""
    steps = rng.normal(0, 1, (240, 2)) + np.array([rng.uniform(0, 0.25), 0])
    smooth = [np.convolve(step, np.hanning(25), "valid").cumsum() for step in steps.T]
    path = np.column_stack(smooth)
    path = (path - path.min(axis=0)) / np.ptp(path, axis=0).max() * _SIDE + _MARGIN
    path[:, 1] *= rng.uniform(1, 1.5)
    ink = np.zeros((_SIDE + 3 * _MARGIN, _SIDE + 2 * _MARGIN), np.uint8)
    thickness = int(rng.integers(4, 10))
    cv2.polylines(ink, [np.rint(path * 16).astype(np.int32)], False, 255, thickness, cv2.LINE_AA, 4)
    return vary(ink.astype(np.float32) / np.float32(255), rng)


def _enlarge(digits: Dataset, rng: np.random.Generator, labels: str = "0123456789") -> Ink:
    """Return a digit of 112 pixels as ink."""
    while True:
        index = int(rng.integers(len(digits)))
        if str(digits.labels[index]) in labels:
            break
    image = digits.images[index].astype(np.float32) / np.float32(255)
    smooth = cv2.resize(image, (112, 112), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip((smooth - 0.4) * 4 + 0.5, 0, 1), np.float32)


def _cross_out(digits: Dataset, rng: np.random.Generator) -> Ink:
    """Cross out a digit with an X, two lines or a zigzag, with the brush."""
    digit = np.zeros((_SIDE + 2 * _MARGIN, 2 * (_SIDE + 2 * _MARGIN)), np.float32)
    digit[44:156, 44:156] = _enlarge(digits, rng)
    shapes: tuple[list[Points], ...] = (
        [[(0, 0.1), (1, 0.9)], [(0.95, 0.05), (0.05, 0.95)]],
        [[(-0.1, 0.45), (1.1, 0.35)], [(-0.1, 0.65), (1.1, 0.55)]],
        [[(0, 0.4), (1, 0.3)], [(1, 0.3), (0, 0.6)], [(0, 0.6), (1, 0.5)], [(1, 0.5), (0, 0.75)]],
    )
    strokes = _brush(shapes[rng.integers(len(shapes))], rng, width=rng.uniform(8, 13))
    return np.maximum(digit, strokes)


def _merge(digits: Dataset, rng: np.random.Generator) -> Ink:
    """Place two digits side by side so that they overlap by a sixth."""
    ink = np.zeros((140, 240), np.float32)
    for left in (10, 72):
        part = ink[14:126, left : left + 112]
        np.maximum(part, _enlarge(digits, rng, "023456789"), out=part)
    return ink


def _cut(digits: Dataset, rng: np.random.Generator) -> Ink:
    """Keep the right half of one digit and the left half of another, apart."""
    halves = [_enlarge(digits, rng, "235689") for _ in range(2)]
    gap = np.zeros((112, int(rng.integers(0, 8))), np.float32)
    return np.pad(np.hstack([halves[0][:, 58:], gap, halves[1][:, :54]]), 14)


def _render_texture(rng: np.random.Generator) -> Ink:
    """Crop a sample photograph or relief of matplotlib, or octaves of noise."""
    kind, side = rng.integers(3), int(rng.integers(40, 200))
    folder = mpl.get_data_path() + "/sample_data/"
    if kind == 0:
        source = np.asarray(Image.open(folder + "grace_hopper.jpg").convert("L"), np.float32)
    elif kind == 1:
        source = np.asarray(np.load(folder + "jacksboro_fault_dem.npz")["elevation"], np.float32)
    else:
        source = np.zeros((256, 256), np.float32)
        for level in range(6):
            octave = rng.normal(0, 2.0**-level, (3 << level, 3 << level)).astype(np.float32)
            source += cv2.resize(octave, (256, 256), interpolation=cv2.INTER_CUBIC)
    top, left = (int(rng.integers(0, size - side)) for size in source.shape)
    part = source[top : top + side, left : left + side]
    crop = np.asarray(cv2.resize(part, (112, 112), interpolation=cv2.INTER_AREA))
    shade = (crop - crop.min()) / max(float(np.ptp(crop)), 1e-6)
    return np.asarray(1 - shade if rng.random() < 0.5 else shade, np.float32)
