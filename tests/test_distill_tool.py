"""The tool that distills the packaged model: a training step, transforms and small digits."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from mnistcli.inference.loading import load_classifier
from mnistcli.model_lookup import find_model
from tests.support.strokes import make_digits
from tests.tools.small_digits import generate_small_digits

ROOT = Path(__file__).parents[1]

_COMPARE_STEP = """
import keras, numpy as np
from dataclasses import replace
from mnistcli.recipes import RECIPES
from mnistcli.training.optimizers import build_optimizer
from tests.tools.distill import Trainer, smooth_labels, to_float

config = replace(RECIPES["accurate"].config, arch="simple", epochs=4, batch_size=64, dropout=0.0)
random = np.random.default_rng(0)
images = random.integers(0, 256, (64, 28, 28, 1), np.uint8)
targets = np.asarray(smooth_labels(random.integers(0, 10, 64), config.label_smoothing))

trainer = Trainer(config, 64, lambda batch, key: batch, 1)
reference = keras.models.clone_model(trainer.model)
reference.set_weights(trainer.model.get_weights())
reference.compile(build_optimizer(config, 1), "categorical_crossentropy")
for _ in range(4):
    trainer.train_epoch(images, targets)
    reference.train_on_batch(to_float(images), targets)
for weights, expected in zip(trainer.finish().get_weights(), reference.get_weights()):
    np.testing.assert_allclose(weights, expected, atol=1e-4)
"""

_COMPARE_TRANSFORM = """
import jax, numpy as np
from mnistcli.training.augmentation.affine import RandomAffine
from tests.tools.distill import transform

image = np.zeros((1, 28, 28, 1), np.float32)
image[0, 8:20, 10:18] = 1
images = np.repeat(image, 2000, axis=0)
ours = np.asarray(transform(images, jax.random.key(0)))
layer = np.asarray(RandomAffine(seed=1)(images, training=True))
np.testing.assert_allclose(ours.mean(axis=0), layer.mean(axis=0), atol=0.05)
np.testing.assert_allclose(ours.std(axis=0), layer.std(axis=0), atol=0.05)
elastic = np.asarray(transform(images, jax.random.key(0), displacement=0.6))
assert 0.01 < np.abs(elastic - ours).mean() < 0.1
"""


@pytest.mark.skipif(find_spec("jax") is None, reason="needs JAX")
@pytest.mark.parametrize("code", [_COMPARE_STEP, _COMPARE_TRANSFORM], ids=["step", "transform"])
def test_distillation_trains_as_keras_does(code: str) -> None:
    environment = os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": str(ROOT)}

    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=300)


def test_small_digits_can_be_read() -> None:
    digits = make_digits(50, seed=0)

    small = generate_small_digits(digits, 60, seed=1)

    assert small.images.shape == (60, 28, 28)
    assert not any((small.images[0] == image).all() for image in digits.images)
    predicted = load_classifier(find_model("pretrained").files).predict(small.images)
    assert np.mean(predicted.argmax(axis=1) == small.labels) > 0.6
