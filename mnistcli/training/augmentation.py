"""Random changes that keep a digit the same digit: for training only, outside the saved model."""

import math
from collections.abc import Callable

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

ROTATION = 9.0
SHEAR = 6.0
ZOOM = 0.1
SHIFT = 1.5

_SIDE = 28
_Y, _X = (axis[..., None].astype(np.float32) - 13.5 for axis in np.mgrid[:_SIDE, :_SIDE])


class RandomAffine(keras.layers.Layer):
    """Turns, slants, scales and shifts every image of a batch by its own random amount.

    The four changes are one affine map, so that each image is resampled once (bilinear, black
    outside). Never flips. Does nothing outside training.

    Args:
        rotation: Largest turn in degrees, either way.
        shear: Largest slant in degrees, either way.
        zoom: Largest change of size as a share, up or down, of each axis on its own.
        shift: Largest move in pixels, along each axis.
        seed: Decides the random amounts.
    """

    def __init__(
        self,
        *,
        rotation: float = ROTATION,
        shear: float = SHEAR,
        zoom: float = ZOOM,
        shift: float = SHIFT,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.limits = (math.radians(rotation), math.radians(shear), zoom, zoom, shift, shift)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Return the changed images, float32 (n, 28, 28, 1) in 0..1 as they came."""
        if not training:
            return images
        amounts = keras.random.uniform(
            (len(self.limits), ops.shape(images)[0]),
            minval=-1,
            maxval=1,
            seed=self.seed_generator,
        )
        turn, slant, zoom_x, zoom_y, shift_x, shift_y = (
            limit * amounts[index] for index, limit in enumerate(self.limits)
        )
        maps = _affine_maps(turn, slant, (1 + zoom_x, 1 + zoom_y), (shift_x, shift_y))
        return _resampled(images, maps)


class RandomDistortion(keras.layers.Layer):
    """Does to digits what cameras, pens, paper and bad scans do to them.

    Some images of a batch change their form (moved far, thicker or thinner, blurred, scattered,
    only their outline, pixelated, cut off), some are disturbed (grain, specks, haze, a stripe, a
    line, blots), one in ten both, and about half are neither. Which ones is drawn at random, as
    is the strength for each image. Does nothing outside training.

    Every change is worked out for its own part of the batch only, which makes the whole cheap.

    Args:
        seed: Decides what happens to which image.
    """

    def __init__(self, *, seed: int = 0) -> None:
        super().__init__()
        # Not the numbers that `RandomAffine` draws: images turned to the left would go first.
        self.seed_generator = keras.random.SeedGenerator(seed + 1)

    def call(self, images: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Return the changed images, float32 (n, 28, 28, 1) in 0..1 as they came."""
        if not training:
            return images
        for changes in (FORMS, DISTURBANCES):
            images = self._changed_in_parts(images, changes)
        return images

    def _changed_in_parts(
        self, images: keras.KerasTensor, changes: dict["Change", int]
    ) -> keras.KerasTensor:
        """Apply each change to so many in a hundred of the images, drawn anew."""
        count = ops.shape(images)[0]
        order = ops.argsort(keras.random.uniform((count,), seed=self.seed_generator))
        images = ops.take(images, order, axis=0)
        parts = []
        start, percent = 0, 0
        for change, share in changes.items():
            percent += share
            stop = count * percent // 100
            if isinstance(stop, int) and stop == start:
                continue  # torch cannot change no images
            amounts = keras.random.uniform(
                (_AMOUNTS, stop - start, 1, 1, 1), seed=self.seed_generator
            )
            parts.append(change(images[start:stop], amounts, self.seed_generator))
            start = stop
        changed = ops.concatenate([*parts, images[start:]])
        return ops.take(changed, ops.argsort(order), axis=0)


# Takes images (n, 28, 28, 1), eight amounts in 0..1 for each (8, n, 1, 1, 1), and what random
# pixels are drawn with; gives the changed images.
Change = Callable[
    [keras.KerasTensor, keras.KerasTensor, keras.random.SeedGenerator], keras.KerasTensor
]
_AMOUNTS = 8


def move(
    images: keras.KerasTensor, amounts: keras.KerasTensor, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Turn, slant, scale and tilt far, and shift up to where the digit leaves the image."""
    amounts = ops.reshape(amounts, (_AMOUNTS, -1))
    scale = 0.6 + 0.7 * amounts[0]
    wider = 0.85 + 0.3 * amounts[1]
    turn, slant, right, down, tilt_x, tilt_y = (2 * amounts[index] - 1 for index in range(2, 8))
    # MNIST's digits are 20 pixels long: this takes them over the border by two.
    room = 16 - 10 * scale
    # Shifts are counted on the input, which is seen through the scale.
    maps = _affine_maps(
        turn * math.radians(25),
        slant * math.radians(22),
        (wider / scale, 1 / (wider * scale)),
        (right * room / scale, down * room / scale),
    )
    tilts = 0.003 * ops.stack([tilt_x, tilt_y], axis=1)
    return _resampled(images, ops.concatenate([maps[:, :6], tilts], axis=1))


def reweigh(
    images: keras.KerasTensor, amounts: keras.KerasTensor, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Draw with a wider or a finer pen."""
    other = ops.where(amounts[0] < 0.6, _dilated(images), _eroded(images))
    # Strokes two pixels wide would vanish if they lost one on either side.
    share = ops.where(amounts[0] < 0.6, 0.3 + 0.7 * amounts[1], 0.7 * amounts[1])
    return _mixed(images, other, share)


def blur(
    images: keras.KerasTensor, amounts: keras.KerasTensor, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Put out of focus, or move the camera along one of four directions."""
    blurred = ops.conv(images, _KERNELS, padding="same")
    kind = ops.floor(amounts[0] * _KERNELS.shape[-1])
    chosen = ops.cast(ops.equal(kind, np.arange(_KERNELS.shape[-1], dtype=np.float32)), "float32")
    blurred = ops.sum(blurred * chosen, axis=-1, keepdims=True)
    return _mixed(images, blurred, 0.4 + 0.6 * amounts[1])


def scatter(
    images: keras.KerasTensor, amounts: keras.KerasTensor, seed: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Swap pixels with their neighbours, as rough glass does."""
    for softness in (amounts[0], amounts[1]):
        places = keras.random.uniform(ops.shape(images), seed=seed)
        sideways = ops.where(places < 0.25, ops.roll(images, 1, 2), ops.roll(images, -1, 2))
        upright = ops.where(places < 0.75, ops.roll(images, 1, 1), ops.roll(images, -1, 1))
        moved = ops.where(places < 0.5, sideways, upright)
        images = _mixed(moved, ops.average_pool(moved, 3, 1, "same"), softness)
    return images


def outline(
    images: keras.KerasTensor, amounts: keras.KerasTensor, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Leave only the edges of the strokes: a line around the ink, thin or thinner."""
    ink = ops.clip(5 * (images - 0.1 - 0.4 * amounts[0]), 0, 1)
    crosswise = ops.maximum(
        ops.max_pool(ink, (3, 1), 1, "same"), ops.max_pool(ink, (1, 3), 1, "same")
    )
    edges = ops.where(amounts[1] < 0.5, _dilated(ink), crosswise) - ink
    return edges * (0.6 + 0.4 * amounts[2])


def pixelate(
    images: keras.KerasTensor, amounts: keras.KerasTensor, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Store at half the size."""
    small = ops.average_pool(images, 2, 2)
    squares = ops.repeat(ops.repeat(small, 2, axis=1), 2, axis=2)
    smooth = ops.image.resize(small, (_SIDE, _SIDE), interpolation="bilinear")
    return ops.where(amounts[0] < 0.5, squares, smooth)


def cut_off(
    images: keras.KerasTensor, amounts: keras.KerasTensor, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Lose one to four of the digit's twenty pixels on one side."""
    along, _across = _rotated(ops.floor(4 * amounts[0]) * (math.pi / 2))
    return ops.where(along < 9 - 3 * amounts[1], images, 0.0)


def add_grain(
    images: keras.KerasTensor, amounts: keras.KerasTensor, seed: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Add Gaussian noise, the same everywhere, and shot noise, where there is light."""
    noise = keras.random.normal(ops.shape(images), seed=seed)
    deviation = 0.25 * amounts[0] ** 2 + 0.6 * amounts[1] * ops.sqrt(images)
    return ops.clip(images + deviation * noise, 0, 1)


def add_specks(
    images: keras.KerasTensor, amounts: keras.KerasTensor, seed: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Turn up to three in ten pixels black or white."""
    places = keras.random.uniform(ops.shape(images), seed=seed)
    half = 0.01 + 0.14 * amounts[0]
    return ops.where(places < half, 0.0, ops.where(places > 1 - half, 1.0, images))


def add_haze(
    images: keras.KerasTensor, amounts: keras.KerasTensor, seed: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Lower the contrast, lift the brightness and lay uneven fog over the image."""
    contrast = 0.3 + 0.7 * amounts[0]
    lift = 0.5 * amounts[1]
    coarse = amounts[2] * (0.7 * _field(images, 4, seed) - 0.2)
    fine = 0.25 * amounts[3] * _field(images, 14, seed)
    return ops.clip(contrast * images + lift + coarse + fine, 0, 1)


def add_stripe(
    images: keras.KerasTensor, amounts: keras.KerasTensor, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Invert a band across the image, or what lies beside it."""
    _, across = _rotated(amounts[0] * math.pi)
    away = ops.abs(across + 16 * amounts[1] - 8)
    within = away < 1 + 4 * amounts[2]
    beside = away > 6 + 4 * amounts[2]
    bright = 1 - (0.3 + 0.7 * amounts[3]) * images
    return ops.where(ops.where(amounts[4] < 0.6, within, beside), bright, images)


def add_line(
    images: keras.KerasTensor, amounts: keras.KerasTensor, _: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Draw a thin line across the image: straight or a zigzag, whole or dotted."""
    along, across = _rotated(amounts[0] * math.pi)
    cycles = along * (0.1 + 0.2 * amounts[1]) + amounts[2]
    zigzag = ops.abs(cycles - ops.floor(cycles) - 0.5) * 12 * ops.relu(amounts[3] - 0.4)
    away = ops.abs(across + zigzag + 16 * amounts[4] - 8)
    ink = ops.clip(0.7 + 0.8 * amounts[5] - away, 0, 1) * (0.6 + 0.4 * amounts[6])
    gaps = ops.logical_and(amounts[7] < 0.5, ops.sin(along * (1 + amounts[7])) < 0)
    return ops.maximum(images, ops.where(gaps, 0.0, ink))


def add_blots(
    images: keras.KerasTensor, amounts: keras.KerasTensor, seed: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Spatter with bright blots, or with dark ones that hide the ink."""
    blots = ops.clip(8 * (_field(images, 12, seed) - 0.72 + 0.1 * amounts[0]), 0, 1)
    blots = blots * (0.5 + 0.5 * amounts[1])
    return ops.where(amounts[2] < 0.75, ops.maximum(images, blots), images * (1 - blots))


# How many in a hundred images undergo each. An image can get one of each.
FORMS: dict[Change, int] = {
    move: 10,
    reweigh: 4,
    blur: 3,
    scatter: 3,
    outline: 4,
    pixelate: 2,
    cut_off: 2,
}
DISTURBANCES: dict[Change, int] = {
    add_grain: 5,
    add_specks: 6,
    add_haze: 7,
    add_stripe: 5,
    add_line: 6,
    add_blots: 5,
}


def _affine_maps(
    turn: keras.KerasTensor,
    slant: keras.KerasTensor,
    zoom: tuple[keras.KerasTensor, keras.KerasTensor],
    shift: tuple[keras.KerasTensor, keras.KerasTensor],
) -> keras.KerasTensor:
    """Return the maps (n, 8) from output to input pixels, as `affine_transform` takes them."""
    slope = ops.tan(slant)
    a0 = ops.cos(turn) * zoom[0]
    b0 = -ops.sin(turn) * zoom[1]
    a1 = ops.sin(turn) * zoom[0]
    b1 = ops.cos(turn) * zoom[1]
    b0, b1 = b0 + slope * a0, b1 + slope * a1
    # The middle of the image stays where it is, but for the shift.
    middle = (_SIDE - 1) / 2
    a2 = middle - (a0 + b0) * middle + shift[0]
    b2 = middle - (a1 + b1) * middle + shift[1]
    nothing = ops.zeros_like(turn)
    return ops.stack([a0, b0, a2, a1, b1, b2, nothing, nothing], axis=1)


def _resampled(images: keras.KerasTensor, maps: keras.KerasTensor) -> keras.KerasTensor:
    return ops.image.affine_transform(images, maps, interpolation="bilinear", fill_mode="constant")


def _dilated(images: keras.KerasTensor) -> keras.KerasTensor:
    return ops.max_pool(images, 3, 1, "same")


def _eroded(images: keras.KerasTensor) -> keras.KerasTensor:
    return -ops.max_pool(-images, 3, 1, "same")


def _mixed(
    images: keras.KerasTensor, others: keras.KerasTensor, share: keras.KerasTensor | float
) -> keras.KerasTensor:
    return images + share * (others - images)


def _rotated(angle: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return where every pixel lies along and across a direction, from the middle, in pixels."""
    cosine, sine = ops.cos(angle), ops.sin(angle)
    x, y = ops.convert_to_tensor(_X), ops.convert_to_tensor(_Y)
    return x * cosine + y * sine, y * cosine - x * sine


def _field(
    images: keras.KerasTensor, side: int, seed: keras.random.SeedGenerator
) -> keras.KerasTensor:
    """Return values in 0..1 for every pixel that change smoothly: the coarser, the smaller side."""
    coarse = keras.random.uniform((ops.shape(images)[0], side, side, 1), seed=seed)
    return ops.image.resize(coarse, (_SIDE, _SIDE), interpolation="bilinear")


def _kernels() -> NDArray[np.float32]:
    """Return filters that blur, (5, 5, 1, 5): one all around and four along a line."""
    away = np.arange(5) - 2.0
    bell = np.exp(-(away**2) / 3)
    line = np.eye(5)
    kernels = np.stack([np.outer(bell, bell), line, line[::-1], line[[2] * 5], line[[2] * 5].T])
    kernels /= kernels.sum(axis=(1, 2), keepdims=True)
    return kernels.transpose(1, 2, 0)[:, :, None].astype(np.float32)


_KERNELS = _kernels()
