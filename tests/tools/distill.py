"""Knowledge distillation on a GPU: five `record` models teach a `wide` one, the packaged model.

Usage: KERAS_BACKEND=jax python -m tests.tools.distill DIRECTORY

It needs JAX. The student is written to `DIRECTORY/student.keras`, for `package_model`. The teachers
see digits before they are distorted; the student sees them distorted, and learns from synthetic
digits and non-digits as well. A step takes less than a millisecond, so all steps of an epoch run in
one compiled loop.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path

import jax
import keras
import numpy as np
from jax import numpy as jnp

from mnistcli import checkpoints, datasets
from mnistcli.architectures import build_model
from mnistcli.config import TrainConfig
from mnistcli.mnist_format import IMAGE_SIDE, NUM_CLASSES
from mnistcli.recipes import RECIPES
from mnistcli.synthetic.digit_styles import generate_styled_digits
from mnistcli.synthetic.non_digits import generate_non_digits
from mnistcli.training.augmentation import RandomDistortion
from mnistcli.training.augmentation.affine import ROTATION, SHEAR, SHIFT, ZOOM, affine_transforms
from mnistcli.training.data import hold_out_validation
from mnistcli.training.optimizers import build_optimizer
from tests.tools.pretrained_config import PRETRAINED_CONFIG
from tests.tools.small_digits import generate_small_digits

Augmentation = Callable[[jax.Array, jax.Array], jax.Array]
"""Changes images, float32 (n, 28, 28, 1) in 0..1, at random by a key."""

State = tuple[list[jax.Array], list[jax.Array], list[jax.Array]]
"""Trainable variables, other variables of the model, and variables of the optimizer."""

ELASTIC_DISPLACEMENT = 0.6
"""Standard deviation of the displacement of the points of the elastic grid, in pixels."""
_GRID = 5
_CHUNK = 89  # steps whose images are augmented together
_TEACHER_WEIGHT = 0.7  # of the soft targets; the rest is the weight of the hard labels
_SMALL_DIGITS = 0.175  # small digits per digit of the dataset


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The amount of training.

    Attributes:
        teachers: Number of teachers, with seeds 0, 1, 2, and so on.
        teacher_epochs: Epochs of each.
        copies: Augmented copies of the digits that the teachers label; the first is not augmented.
        synthetic_sets: Sets of synthetic digits and non-digits; an epoch uses one of them.
        student: Settings of the student.
        chunk: Steps whose images are augmented together.
    """

    teachers: int = 5
    teacher_epochs: int = 60
    copies: int = 16
    synthetic_sets: int = 8
    student: TrainConfig = PRETRAINED_CONFIG
    chunk: int = _CHUNK


class Trainer:
    """Trains a model with the optimizer of a config, one epoch per call of `train_epoch`.

    Args:
        config: The config.
        images: Number of images of an epoch.
        augment: Augments the images of an epoch.
        chunk: Steps whose images are augmented together. Images left over are not used.
    """

    def __init__(self, config: TrainConfig, images: int, augment: Augmentation, chunk: int) -> None:
        keras.utils.set_random_seed(config.seed)
        self.model = build_model(config.arch, dropout=config.dropout)
        self._size = chunk * config.batch_size
        self._batch = chunk, config.batch_size
        self._chunks = images // self._size
        self._augment = augment
        self._optimizer = build_optimizer(config, self._chunks * chunk)
        self._optimizer.build(self.model.trainable_variables)
        self._loss = keras.losses.CategoricalCrossentropy()
        self._keys = map(jax.random.key, count(1000 * config.seed))
        # Copies, because the buffers of the state are reused.
        self._state: State = jax.tree.map(lambda item: jnp.copy(item.value), self._variables)
        self._run = jax.jit(self._run_epoch, donate_argnums=0)

    def train_epoch(self, images: jax.Array, targets: jax.Array) -> None:
        """Train one epoch.

        Args:
            images: uint8 (n, 28, 28, 1).
            targets: float32 (n, 10).
        """
        self._state = self._run(self._state, images, targets, next(self._keys))

    def finish(self) -> keras.Model:
        """Return the model with the trained weights."""
        for variables, values in zip(self._variables, self._state, strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        return self.model

    @property
    def _variables(self) -> tuple[list[keras.Variable], list[keras.Variable], list[keras.Variable]]:
        model = self.model
        return (
            model.trainable_variables,
            model.non_trainable_variables,
            self._optimizer.variables,
        )

    def _run_epoch(
        self, state: State, images: jax.Array, targets: jax.Array, key: jax.Array
    ) -> State:
        key, shuffle_key = jax.random.split(key)
        order = jax.random.permutation(shuffle_key, len(images))[: self._chunks * self._size]
        order = order.reshape(self._chunks, self._size)

        def run_chunk(state: State, item: tuple[jax.Array, jax.Array]) -> tuple[State, None]:
            indices, key = item
            augmented = self._augment(to_float(images[indices]), key)
            batches = (
                augmented.reshape(*self._batch, IMAGE_SIDE, IMAGE_SIDE, 1),
                targets[indices].reshape(*self._batch, NUM_CLASSES),
            )
            state, _ = jax.lax.scan(self._run_step, state, batches)
            return state, None

        keys = jax.random.split(key, self._chunks)
        state, _ = jax.lax.scan(run_chunk, state, (order, keys))
        return state

    def _run_step(self, state: State, batch: tuple[jax.Array, jax.Array]) -> tuple[State, None]:
        trainable, others, moments = state
        images, targets = batch

        def compute_loss(trainable: list[jax.Array]) -> tuple[jax.Array, list[jax.Array]]:
            probabilities, updated = self.model.stateless_call(
                trainable, others, images, training=True
            )
            return self._loss(targets, probabilities), updated

        gradients, others = jax.grad(compute_loss, has_aux=True)(trainable)
        trainable, moments = self._optimizer.stateless_apply(moments, gradients, trainable)
        return (trainable, others, moments), None


def to_float(images: jax.Array) -> jax.Array:
    """Return uint8 images as float32 in 0..1."""
    return images.astype(jnp.float32) / 255


def transform(images: jax.Array, key: jax.Array, *, displacement: float = 0.0) -> jax.Array:
    """Apply the affine augmentation of training and an elastic displacement, in one resampling.

    Args:
        images: float32 (n, 28, 28, 1).
        key: A key of JAX.
        displacement: Standard deviation of the displacement of the points of a grid, in pixels.
    """
    affine_key, elastic_key = jax.random.split(key)
    number = len(images)
    limits = np.array([np.radians(ROTATION), np.radians(SHEAR), ZOOM, ZOOM, SHIFT, SHIFT])
    uniform = jax.random.uniform(affine_key, (6, number), minval=-1, maxval=1)
    rotation, shear, zoom_x, zoom_y, shift_x, shift_y = uniform * limits[:, None]
    coefficients = affine_transforms(
        rotation, shear, zoom=(1 + zoom_x, 1 + zoom_y), shift=(shift_x, shift_y)
    )
    a0, a1, a2, b0, b1, b2 = (coefficients[:, index, None, None] for index in range(6))
    y, x = jnp.mgrid[:IMAGE_SIDE, :IMAGE_SIDE].astype(jnp.float32)
    grid = jax.random.normal(elastic_key, (number, 2, _GRID, _GRID))
    shape = number, 2, IMAGE_SIDE, IMAGE_SIDE
    elastic = displacement * jax.image.resize(grid, shape, "cubic")
    rows = b0 * x + b1 * y + b2 + elastic[:, 1]
    columns = a0 * x + a1 * y + a2 + elastic[:, 0]
    resample = partial(jax.scipy.ndimage.map_coordinates, order=1, mode="constant")
    resampled = jax.vmap(resample)(images[..., 0], jnp.stack([rows, columns], axis=1))
    return resampled[..., None]


def transform_bytes(images: jax.Array, key: jax.Array, displacement: float) -> jax.Array:
    """Apply `transform` to uint8 images, a part of them at a time."""

    def transform_one(item: tuple[jax.Array, jax.Array]) -> jax.Array:
        image, key = item
        changed = transform(to_float(image)[None], key, displacement=displacement)[0]
        return jnp.round(changed * 255).astype(jnp.uint8)

    keys = jax.random.split(key, len(images))
    return jax.lax.map(transform_one, (images, keys), batch_size=3000)


def build_distortion() -> Augmentation:
    """Return the distortion of `robust`; its random numbers depend on the key alone."""
    layer = RandomDistortion()
    layer(np.zeros((1, IMAGE_SIDE, IMAGE_SIDE, 1), np.float32))  # builds it
    (seed,) = layer.non_trainable_variables

    def distort(images: jax.Array, key: jax.Array) -> jax.Array:
        state = jax.random.bits(key, seed.shape, jnp.uint32)
        distorted: jax.Array = layer.stateless_call([], [state], images, training=True)[0]
        return distorted

    return distort


def distill(splits: datasets.Splits, plan: Plan) -> keras.Model:
    """Train the teachers, label copies of the digits, and train the student.

    Args:
        splits: The images. The validation images of the student are held out.
        plan: The amount of training.
    """
    student = plan.student
    train = hold_out_validation(student, splits).train
    digits = jnp.asarray(train.images[..., None])
    targets = smooth_labels(train.labels, student.label_smoothing)
    teachers = [_train_teacher(digits, targets, seed, plan) for seed in range(plan.teachers)]
    transform_copy = jax.jit(partial(transform_bytes, displacement=ELASTIC_DISPLACEMENT))
    copies = [digits]
    copies += [transform_copy(digits, jax.random.key(500 + n)) for n in range(1, plan.copies)]
    labels = [_label(teachers, copy) for copy in copies]
    examples = list(_synthetic_examples(train, student, plan.synthetic_sets))
    images = len(digits) + len(examples[0][0])
    trainer = Trainer(student, images, build_distortion(), plan.chunk)
    transform_synthetic = jax.jit(partial(transform_bytes, displacement=0.0))
    for epoch in range(student.epochs):
        synthetic, synthetic_targets = examples[epoch % len(examples)]
        copy, soft = copies[epoch % len(copies)], labels[epoch % len(copies)]
        soft = _TEACHER_WEIGHT * soft + (1 - _TEACHER_WEIGHT) * targets
        synthetic = transform_synthetic(synthetic, jax.random.key(10_000 + epoch))
        trainer.train_epoch(
            jnp.concatenate([copy, synthetic]), jnp.concatenate([soft, synthetic_targets])
        )
    return trainer.finish()


def smooth_labels(labels: np.typing.NDArray[np.int64], smoothing: float) -> jax.Array:
    """Return the targets of digits with label smoothing, float32 (n, 10)."""
    return jax.nn.one_hot(labels, NUM_CLASSES) * (1 - smoothing) + smoothing / NUM_CLASSES


def _train_teacher(digits: jax.Array, targets: jax.Array, seed: int, plan: Plan) -> keras.Model:
    config = replace(RECIPES["record"].config, epochs=plan.teacher_epochs, seed=seed)
    augment = partial(transform, displacement=ELASTIC_DISPLACEMENT)
    trainer = Trainer(config, len(digits), augment, plan.chunk)
    for _ in range(config.epochs):
        trainer.train_epoch(digits, targets)
    return trainer.finish()


def _label(teachers: list[keras.Model], images: jax.Array) -> jax.Array:
    """Return the soft targets: the mean probabilities of the teachers."""
    pixels = np.asarray(to_float(images))
    return jnp.asarray(
        np.mean([model.predict(pixels, batch_size=5000, verbose=0) for model in teachers], axis=0)
    )


def _synthetic_examples(
    train: datasets.Dataset, config: TrainConfig, sets: int
) -> Iterator[tuple[jax.Array, jax.Array]]:
    """Yield styled digits, small digits and non-digits with their targets."""
    for seed in range(sets):
        styled = generate_styled_digits(train, round(config.rare_styles * len(train)), seed=seed)
        small = generate_small_digits(train, round(_SMALL_DIGITS * len(train)), seed=seed)
        source = train.concatenate(styled)
        outliers = generate_non_digits(source, round(config.non_digits * len(train)), seed=seed)
        uniform = np.full((len(outliers), NUM_CLASSES), 1 / NUM_CLASSES, np.float32)
        digits = styled.concatenate(small)
        yield (
            jnp.asarray(np.concatenate([digits.images, outliers])[..., None]),
            jnp.concatenate([smooth_labels(digits.labels, config.label_smoothing), uniform]),
        )


def main() -> None:
    """Train the student on MNIST and save it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory
    directory.mkdir(parents=True, exist_ok=True)
    checkpoints.save(distill(datasets.load("mnist"), Plan()), directory / "student.keras")


if __name__ == "__main__":
    main()
