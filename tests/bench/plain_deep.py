"""Recipe `deep` as a plain Keras script: the yardstick of the benchmark.

Usage: python plain_deep.py MNIST_DIR EPOCHS LIMIT
Prints the seconds of each epoch, with its validation and checkpoint, as a JSON list.
"""

import gzip
import json
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers


def read(folder: Path, name: str, offset: int) -> np.ndarray:
    """Return the bytes of an IDX file behind its header."""
    plain = folder / name
    if plain.exists():
        data = plain.read_bytes()
    else:
        data = gzip.decompress(plain.with_suffix(".gz").read_bytes())
    return np.frombuffer(data, np.uint8, offset=offset)


class Clock(keras.callbacks.Callback):
    """Times epochs from the end of the last to the end of the next."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.last = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        now = time.perf_counter()
        self.seconds.append(now - self.last)
        self.last = now


folder, epochs, limit = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
x = read(folder, "train-images-idx3-ubyte", 16).reshape(-1, 28, 28, 1)[:limit]
x = x.astype("float32") / 255
y = read(folder, "train-labels-idx1-ubyte", 8).astype("int64")[:limit]
keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(128, 3, activation="relu"),
        layers.Flatten(),
        layers.Dropout(0.3),
        layers.Dense(128, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
clock = Clock()
with tempfile.TemporaryDirectory() as kept:
    model.fit(
        x,
        y,
        batch_size=128,
        epochs=epochs,
        validation_split=0.1,
        verbose=0,
        callbacks=[
            keras.callbacks.EarlyStopping(patience=3),
            keras.callbacks.ReduceLROnPlateau(patience=1, factor=0.5),
            keras.callbacks.ModelCheckpoint(f"{kept}/best.keras", save_best_only=True),
            clock,
        ],
    )
print(json.dumps(clock.seconds))
