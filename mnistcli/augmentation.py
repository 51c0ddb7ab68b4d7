"""Random changes that keep a digit the same digit: for training only, outside the saved model."""

import math

import keras
from keras import ops

ROTATION = 9.0
SHEAR = 6.0
ZOOM = 0.1
SHIFT = 1.5


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
        return ops.image.affine_transform(
            images, self._draw(ops.shape(images)), interpolation="bilinear", fill_mode="constant"
        )

    def _draw(self, shape: tuple[int, ...]) -> keras.KerasTensor:
        """Return the maps (n, 8) from output to input pixels, as `affine_transform` takes them."""
        amounts = keras.random.uniform(
            (len(self.limits), shape[0]), minval=-1, maxval=1, seed=self.seed_generator
        )
        turn, slant, zoom_x, zoom_y, shift_x, shift_y = (
            limit * amounts[index] for index, limit in enumerate(self.limits)
        )
        slope = ops.tan(slant)
        a0 = ops.cos(turn) * (1 + zoom_x)
        b0 = -ops.sin(turn) * (1 + zoom_y)
        a1 = ops.sin(turn) * (1 + zoom_x)
        b1 = ops.cos(turn) * (1 + zoom_y)
        b0, b1 = b0 + slope * a0, b1 + slope * a1
        # The middle of the image stays where it is, but for the shift.
        middle = (shape[1] - 1) / 2
        a2 = middle - (a0 + b0) * middle + shift_x
        b2 = middle - (a1 + b1) * middle + shift_y
        nothing = ops.zeros_like(turn)
        return ops.stack([a0, b0, a2, a1, b1, b2, nothing, nothing], axis=1)
