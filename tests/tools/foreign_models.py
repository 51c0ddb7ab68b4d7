"""Train a model of each form in `tests.support.foreign_forms` on MNIST and load it.

Prints the pixel scale and the outputs that were found, and the accuracy on 1,000 validation images
as Keras computes it and as the loaded classifier does.

Usage: python -m tests.tools.foreign_models MNIST_FOLDER [--without-mnist]

With --without-mnist, the known digits are those of scikit-learn, as on a machine without MNIST.
"""

import os
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np

from mnistcli import datasets
from mnistcli.datasets import Dataset
from mnistcli.errors import CheckpointError
from mnistcli.files import CACHE_VARIABLE, DATA_DIR_VARIABLE, sha256
from mnistcli.inference.classifier import Classifier
from mnistcli.inference.interface_cache import recall
from tests.support.foreign_forms import FORMS, Form, scale_pixels

_TRAINING_IMAGES = 6000
_VALIDATION_IMAGES = 1000
_EPOCHS = 3
_BATCH = 64


def train_form(form: Form, data: Dataset) -> keras.Model:
    """Train a model as its owner does; one with a fixed batch of 1 gets weights of another."""
    model = form.make()
    batch = model.input_shape[0]
    inputs, targets = scale_pixels(form, model, data.images), np.eye(10)[data.labels]
    if not model.compiled:
        model.compile("adam", "categorical_crossentropy")
    model.fit(
        inputs, targets, batch_size=batch or _BATCH, epochs=1 if batch else _EPOCHS, verbose=0
    )
    if not form.compiled:
        fresh = form.make()
        fresh.set_weights(model.get_weights())
        return fresh
    return model


def main(folder: str, *, without_mnist: bool) -> int:
    """Try all forms; return the number of those that failed."""
    data = datasets.load("mnist", data_dir=Path(folder)).train
    train = data.take(range(_TRAINING_IMAGES))
    known = data.take(range(len(data) - _VALIDATION_IMAGES, len(data)))
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        os.environ[CACHE_VARIABLE] = os.environ["HOME"] = work
        os.environ[DATA_DIR_VARIABLE] = work if without_mnist else folder
        for number, (name, form) in enumerate(FORMS.items()):
            keras.utils.set_random_seed(number)
            model = train_form(form, train)
            path = Path(work) / f"{number}{form.suffix}"
            model.save(path)
            outputs = model.predict(
                scale_pixels(form, model, known.images), batch_size=model.input_shape[0] or _BATCH,
                verbose=0,
            )  # fmt: skip
            own = np.mean(outputs.argmax(axis=1) == known.labels)
            try:
                predicted = Classifier.load(path).predict(known.images)
                found = recall(sha256(path.read_bytes()))
                is_right = found is not None and found == (form.scale, form.outputs)
                accuracy = np.mean(predicted.argmax(axis=1) == known.labels)
                result = f"{found} {100 * accuracy:.1f} %"
                is_right = is_right and abs(accuracy - own) < 0.002
            except CheckpointError as error:
                result, is_right = error.message, False
            failed += not is_right
            print(
                f"{'ok  ' if is_right else 'FAIL'} {name}: {100 * own:.1f} %; {result}", flush=True
            )
    print(f"{len(FORMS) - failed} of {len(FORMS)} as their owners meant them")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], without_mnist="--without-mnist" in sys.argv))
