"""Train the recipes with plain Keras scripts: the baselines of the benchmark.

Usage: python plain_train.py RECIPE MNIST_DIR EPOCHS LIMIT
Prints a JSON object: the seconds of each epoch with its validation and checkpoint, and the test
accuracy after each epoch. The test evaluation is not timed.
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
    """Return the content of an IDX file after its header of `offset` bytes."""
    plain = folder / name
    if plain.exists():
        data = plain.read_bytes()
    else:
        data = gzip.decompress(plain.with_suffix(".gz").read_bytes())
    return np.frombuffer(data, np.uint8, offset=offset)


def read_part(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return images, float32 (n, 28, 28, 1) in 0..1, and labels, int64 (n,)."""
    images = read(folder, f"{part}-images-idx3-ubyte", 16).reshape(-1, 28, 28, 1)
    return images.astype("float32") / 255, read(folder, f"{part}-labels-idx1-ubyte", 8).astype(
        "int64"
    )


class EpochTimer(keras.callbacks.Callback):
    """Time each epoch; evaluate on the test images after it, outside the measured time."""

    def __init__(self, test: tuple[np.ndarray, np.ndarray]) -> None:
        super().__init__()
        self.test = test
        self.seconds: list[float] = []
        self.accuracies: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.seconds.append(time.perf_counter() - self.start)
        images, labels = self.test
        predicted = self.model.predict(images, batch_size=500, verbose=0).argmax(axis=1)
        self.accuracies.append(float((predicted == labels).mean()))


def conv(filters: int) -> list[keras.Layer]:
    return [layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D()]


def hidden(units: int) -> keras.Layer:
    return layers.Dense(units, activation="relu")


def normalized(
    filters: int, size: int, padding: str = "valid", *, pooled: bool = False
) -> list[keras.Layer]:
    return [
        layers.Conv2D(filters, size, padding=padding, use_bias=False),
        *([layers.MaxPooling2D()] if pooled else []),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
    ]


def random_affine() -> list[keras.Layer]:
    """Random rotation, shear, zoom and translation."""
    black = {"fill_mode": "constant"}
    return [
        layers.RandomRotation(9 / 360, **black),
        layers.RandomShear(x_factor=0.1, **black),
        layers.RandomZoom(0.1, 0.1, **black),
        layers.RandomTranslation(1.5 / 28, 1.5 / 28, **black),
    ]


def one_cycle(steps: int) -> keras.optimizers.Optimizer:
    """AdamW with a one-cycle schedule: the rate rises for a quarter of all steps and then falls."""
    rate = keras.optimizers.schedules.CosineDecay(
        0.001, steps - steps // 4, warmup_target=0.01, warmup_steps=steps // 4
    )
    return keras.optimizers.AdamW(rate, weight_decay=0.02, beta_1=0.8, beta_2=0.95)


ARCHITECTURES = {
    "sgd": lambda: [*conv(32), *conv(64), layers.Flatten(), hidden(64)],
    "classic": lambda: [*conv(32), *conv(64), layers.Flatten(), hidden(128), layers.Dropout(0.5)],
    "deep": lambda: [
        *conv(32),
        *conv(64),
        layers.Conv2D(128, 3, activation="relu"),
        layers.Flatten(),
        layers.Dropout(0.3),
        hidden(128),
    ],
    "accurate": lambda: [
        *random_affine(),
        *normalized(32, 5, pooled=True),
        *normalized(64, 3, "same", pooled=True),
        *normalized(128, 3, "same"),
        *normalized(128, 3, "same"),
        *normalized(128, 3, pooled=True),
        layers.Flatten(),
        layers.Dropout(0.1),
    ],
}
recipe, folder = sys.argv[1], Path(sys.argv[2])
epochs, limit = int(sys.argv[3]), int(sys.argv[4])
x, y = read_part(folder, "train")
x, y = x[:limit], y[:limit]
test = read_part(folder, "t10k")
keras.utils.set_random_seed(0)
output = layers.Dense(10, activation="softmax")
model = keras.Sequential([keras.Input((28, 28, 1)), *ARCHITECTURES[recipe](), output])
sparse = recipe == "deep"
losses = {
    "deep": "sparse_categorical_crossentropy",
    "accurate": keras.losses.CategoricalCrossentropy(label_smoothing=0.05),
}
optimizers = {
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "accurate": lambda: one_cycle(epochs * len(x) // 128),
}
model.compile(
    optimizers.get(recipe, keras.optimizers.Adam)(),
    losses.get(recipe, "categorical_crossentropy"),
    metrics=["accuracy"],
)
timer = EpochTimer(test)
with tempfile.TemporaryDirectory() as folder_of_best:
    best = keras.callbacks.ModelCheckpoint(f"{folder_of_best}/best.keras", save_best_only=True)
    plateau = [
        keras.callbacks.EarlyStopping(patience=3),
        keras.callbacks.ReduceLROnPlateau(patience=1),
    ]
    model.fit(
        x,
        y if sparse else keras.utils.to_categorical(y),
        batch_size=128,
        epochs=epochs,
        validation_split=0.05 if recipe == "accurate" else 0.1,
        verbose=0,
        # The timer comes last so that its time includes the other callbacks.
        callbacks=[best, *(plateau if sparse else []), timer],
    )
print(json.dumps({"seconds": timer.seconds, "accuracies": timer.accuracies}))
