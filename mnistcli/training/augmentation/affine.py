"""Random affine transforms for augmentation: rotation, shear, zoom and shift (translation)."""

import math

import keras
from keras import ops

from mnistcli.mnist_format import IMAGE_SIDE

ROTATION = 9.0
SHEAR = 6.0
ZOOM = 0.1
SHIFT = 1.5


class RandomAffine(keras.layers.Layer):
    """Augmentation layer: rotate, shear, zoom and shift each image at random.

    The four changes form one affine transform, so each image is resampled once (bilinear, with
    black outside). The layer does nothing outside training.

    Args:
        rotation: Largest rotation in degrees, in both directions.
        shear: Largest shear in degrees, in both directions.
        zoom: Largest change of size as a fraction, up or down, for each axis separately.
        shift: Largest shift in pixels, along each axis.
        seed: Seed of the random transforms.
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
        """Return the transformed images.

        Args:
            images: float32 (n, 28, 28, 1) in 0..1.
            training: Whether to transform them.
        """
        if not training:
            return images
        uniform = keras.random.uniform(
            (len(self.limits), ops.shape(images)[0]),
            minval=-1,
            maxval=1,
            seed=self.seed_generator,
        )
        rotation, shear, zoom_x, zoom_y, shift_x, shift_y = (
            limit * uniform[index] for index, limit in enumerate(self.limits)
        )
        transforms = affine_transforms(
            rotation, shear, zoom=(1 + zoom_x, 1 + zoom_y), shift=(shift_x, shift_y)
        )
        return resample(images, transforms)


def affine_transforms(
    rotation: keras.KerasTensor,
    shear: keras.KerasTensor,
    *,
    zoom: tuple[keras.KerasTensor, keras.KerasTensor],
    shift: tuple[keras.KerasTensor, keras.KerasTensor],
) -> keras.KerasTensor:
    """Compute affine transforms around the center of the image.

    Args:
        rotation: Angles in radians, shape (n,), like all arguments.
        shear: Angles in radians.
        zoom: Input pixels per output pixel, along x and y.
        shift: Shift in input pixels, along x and y.

    Returns:
        Transforms (n, 8) from output to input pixels, as `keras.ops.image.affine_transform` expects
        them.
    """
    slope = ops.tan(shear)
    a0 = ops.cos(rotation) * zoom[0]
    b0 = -ops.sin(rotation) * zoom[1]
    a1 = ops.sin(rotation) * zoom[0]
    b1 = ops.cos(rotation) * zoom[1]
    b0, b1 = b0 + slope * a0, b1 + slope * a1
    center = (IMAGE_SIDE - 1) / 2
    a2 = center - (a0 + b0) * center + shift[0]
    b2 = center - (a1 + b1) * center + shift[1]
    zeros = ops.zeros_like(rotation)
    return ops.stack([a0, b0, a2, a1, b1, b2, zeros, zeros], axis=1)


def resample(images: keras.KerasTensor, transforms: keras.KerasTensor) -> keras.KerasTensor:
    """Resample each image through its own affine or projective transform.

    Args:
        images: Shape (n, 28, 28, 1).
        transforms: Transforms (n, 8) from output to input pixels.
    """
    return ops.image.affine_transform(
        images, transforms, interpolation="bilinear", fill_mode="constant"
    )
