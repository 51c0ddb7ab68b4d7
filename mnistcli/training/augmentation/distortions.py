"""Random distortions for augmentation: the layer, and the probability of each distortion.

The distortions are warps, blurs, Gaussian and impulse noise, fog, lines and others. They cover the
kinds of corruption in the benchmark MNIST-C (Mu and Gilmer, 2019).
"""

from collections.abc import Callable

import keras
from keras import ops

from mnistcli.training.augmentation import blur_distortions, noise_distortions, shape_distortions
from mnistcli.training.augmentation.image_ops import Parameters

Distortion = Callable[
    [keras.KerasTensor, Parameters, keras.random.SeedGenerator], keras.KerasTensor
]
"""Distort images (n, 28, 28, 1) with random parameters and a seed generator for random pixels."""

SHAPE_AND_BLUR_DISTORTIONS: dict[Distortion, int] = {
    shape_distortions.warp: 10,
    shape_distortions.change_stroke_width: 4,
    blur_distortions.blur: 3,
    blur_distortions.glass_blur: 3,
    shape_distortions.trace_outline: 4,
    blur_distortions.pixelate: 2,
    shape_distortions.truncate: 2,
}
"""Percentage of images that each distortion applies to; an image gets at most one of them."""

NOISE_DISTORTIONS: dict[Distortion, int] = {
    noise_distortions.add_noise: 5,
    noise_distortions.add_impulse_noise: 6,
    noise_distortions.add_fog: 7,
    noise_distortions.invert_stripe: 5,
    noise_distortions.draw_line: 6,
    noise_distortions.add_spatter: 5,
}
"""Percentage of images that each distortion applies to; an image gets at most one of them."""

_PARAMETERS = 8


class RandomDistortion(keras.layers.Layer):
    """Augmentation layer: distort images as cameras, pens, paper and poor scans do.

    In each batch, 28 % of the images get a distortion of shape or a blur, and 34 % a noise
    distortion; about 10 % get both, and about half stay unchanged. The choice of images and all
    parameters are random. The layer does nothing outside training.

    Each distortion is computed for its own part of the batch only, which keeps the layer fast.

    Args:
        seed: Seed of the random distortions.
    """

    def __init__(self, *, seed: int = 0) -> None:
        super().__init__()
        # Not the seed of `RandomAffine`: its rotations would decide the order of the images here.
        self.seed_generator = keras.random.SeedGenerator(seed + 1)

    def call(self, images: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Return the distorted images.

        Args:
            images: float32 (n, 28, 28, 1) in 0..1.
            training: Whether to distort them.
        """
        if not training:
            return images
        for distortions in (SHAPE_AND_BLUR_DISTORTIONS, NOISE_DISTORTIONS):
            images = self._apply_to_parts(images, distortions)
        return images

    def _apply_to_parts(
        self, images: keras.KerasTensor, distortions: dict[Distortion, int]
    ) -> keras.KerasTensor:
        """Shuffle the batch, apply each distortion to its percentage, and restore the order."""
        count = ops.shape(images)[0]
        order = ops.argsort(keras.random.uniform((count,), seed=self.seed_generator))
        images = ops.take(images, order, axis=0)
        parts = []
        start, cumulative_percentage = 0, 0
        for distort, percentage in distortions.items():
            cumulative_percentage += percentage
            stop = count * cumulative_percentage // 100
            if isinstance(stop, int) and stop == start:
                continue  # PyTorch operations do not accept an empty batch
            uniform = keras.random.uniform(
                (_PARAMETERS, stop - start, 1, 1, 1), seed=self.seed_generator
            )
            # With `ops.unstack` TensorFlow sums in a different order, and seeds give different
            # weights.
            parameters = [uniform[index] for index in range(_PARAMETERS)]
            parts.append(distort(images[start:stop], parameters, self.seed_generator))
            start = stop
        distorted = ops.concatenate([*parts, images[start:]])
        return ops.take(distorted, ops.argsort(order), axis=0)
