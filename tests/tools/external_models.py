"""Train a model of each kind in `tests.support.external_model_kinds` on MNIST and load it.

They are models such as tutorials and other Keras users build.

Prints the pixel scale and the outputs that were found, and the accuracy on 1,000 validation images
as Keras computes it and as the loaded classifier does.

Usage: python -m tests.tools.external_models MNIST_FOLDER [--without-mnist]

With --without-mnist, the reference digits come from scikit-learn, as on a machine without MNIST.
"""

import os
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np

from mnistcli import datasets
from mnistcli.datasets import Dataset
from mnistcli.errors import ModelError
from mnistcli.files.hashing import sha256
from mnistcli.files.user_directories import CACHE_VARIABLE, DATA_DIR_VARIABLE
from mnistcli.inference.classifier import Classifier
from mnistcli.inference.interface_cache import read_interface
from tests.support.external_model_kinds import MODEL_KINDS, ModelKind, scale_pixels

_TRAINING_IMAGES = 6000
_VALIDATION_IMAGES = 1000
_MOST_EPOCHS = 12
_ENOUGH = 0.9  # accuracy while training
_BATCH = 64
_TOLERANCE = 0.005


def train_kind(kind: ModelKind, data: Dataset) -> keras.Model:
    """Train a model as its owner does, until it is good enough."""
    model = kind.make()
    batch = model.input_shape[0]
    inputs, targets = scale_pixels(kind, model, data.images), np.eye(10)[data.labels]
    rate = 2e-4 if "255" in kind.scale else 1e-3
    loss = "mse" if kind.outputs == "sigmoid" else keras.losses.CategoricalCrossentropy(
        from_logits=kind.outputs == "logits"
    )  # fmt: skip
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    for _ in range(_MOST_EPOCHS):
        history = model.fit(inputs, targets, batch_size=batch or _BATCH, verbose=0)
        if history.history["accuracy"][0] > _ENOUGH:
            break
    if not kind.compiled:
        fresh = kind.make()
        fresh.set_weights(model.get_weights())
        return fresh
    return model


def main(folder: str, *, without_mnist: bool) -> int:
    """Try all kinds; return the number of those that failed."""
    data = datasets.load("mnist", data_dir=Path(folder)).train
    train = data.take(range(_TRAINING_IMAGES))
    known = data.take(range(len(data) - _VALIDATION_IMAGES, len(data)))
    failed = exact = 0
    with tempfile.TemporaryDirectory() as work:
        os.environ[CACHE_VARIABLE] = os.environ["HOME"] = work
        os.environ[DATA_DIR_VARIABLE] = work if without_mnist else folder
        for number, (name, kind) in enumerate(MODEL_KINDS.items()):
            keras.utils.set_random_seed(number)
            model = train_kind(kind, train)
            path = Path(work) / f"{number}{kind.suffix}"
            model.save(path)
            outputs = model.predict(
                scale_pixels(kind, model, known.images), batch_size=model.input_shape[0] or _BATCH,
                verbose=0,
            )  # fmt: skip
            own = np.mean(outputs.argmax(axis=1) == known.labels)
            try:
                predicted = Classifier.load(path).predict(known.images)
                found = read_interface(sha256(path.read_bytes()))
                accuracy = np.mean(predicted.argmax(axis=1) == known.labels)
                result = f"{found} {100 * accuracy:.1f} %"
                exact += found == (kind.scale, kind.outputs)
                is_right = bool(accuracy >= own - _TOLERANCE)
            except ModelError as error:
                result, is_right = error.message, False
            failed += not is_right
            print(
                f"{'ok  ' if is_right else 'FAIL'} {name}: {100 * own:.1f} %; {result}", flush=True
            )
    print(
        f"{len(MODEL_KINDS) - failed} of {len(MODEL_KINDS)} as accurate as in Keras, {exact} with the scale"
    )
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], without_mnist="--without-mnist" in sys.argv))
