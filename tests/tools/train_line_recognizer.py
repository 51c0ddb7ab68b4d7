"""Train the networks of the line recognizer, calibrate them, and package them with a card.

Usage: python -m tests.tools.train_line_recognizer WORK [--networks 3] [--epochs 30] [--steps 300]

Network i is trained with seed i and saved as `WORK/lines_i.keras`. A network whose file already
exists is not trained again.
"""

import argparse
import json
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import keras
import tensorflow as tf

from mnistcli import checkpoints, datasets
from mnistcli.architectures import build_line_network, join_line_networks
from mnistcli.files.atomic import temporary_directory, write_atomically
from mnistcli.files.hashing import sha256
from mnistcli.inference.line_recognizer import LINE_RECOGNIZER_DIR
from mnistcli.inference.litert import Runner
from mnistcli.runs.json_files import write_json
from mnistcli.synthetic.number_stream import NumberStream
from mnistcli.synthetic.numbers import NumberGenerator
from mnistcli.training.line_recognizer import fit_calibration, train_line_recognizer

_HELD_OUT = 0.05  # of the MNIST training images: the calibration numbers are made from them
_CALIBRATION_NUMBERS = 3000


def train(file: Path, digits: datasets.Dataset, *, epochs: int, steps: int, seed: int) -> None:
    """Train one network and save it."""
    keras.utils.set_random_seed(seed)
    model = build_line_network()
    stream = NumberStream(digits, seed=seed)
    try:
        train_line_recognizer(
            model, iter(stream), epochs=epochs, steps_per_epoch=steps, callbacks=[]
        )
    finally:
        stream.close()
    checkpoints.save(model, file)


def package(files: Sequence[Path], held_out: datasets.Dataset, package_dir: Path) -> None:
    """Convert and calibrate trained networks; write the LiteRT file and its card.

    Args:
        files: The `.keras` files of the networks.
        held_out: Digits that were not trained on.
        package_dir: The directory of the packaged model. Its card keeps what is not measured here.
    """
    model = join_line_networks([keras.saving.load_model(file, compile=False) for file in files])
    litert = _to_litert(model)
    numbers = islice(NumberGenerator(held_out, seed=1_000_003), _CALIBRATION_NUMBERS)
    calibration, right = fit_calibration(Runner(litert), numbers)
    card_file = package_dir / "card.json"
    card = json.loads(card_file.read_text(encoding="utf-8")) if card_file.exists() else {}
    card |= {
        "networks": len(files),
        "parameters": model.count_params(),
        "held_out_synthetic_numbers": {
            "numbers": _CALIBRATION_NUMBERS,
            "all_digits_right": round(right, 4),
        },
        "calibration": {key: round(value, 4) for key, value in calibration._asdict().items()},
        "litert_sha256": sha256(litert),
    }
    package_dir.mkdir(exist_ok=True)
    write_atomically(package_dir / "model.tflite", litert)
    write_json(card_file, card)


def _to_litert(model: keras.Model) -> bytes:
    """Convert a model to LiteRT with int8 weights: a quarter of the size, and faster.

    This is dynamic-range quantization: the activations stay float32.
    """
    with temporary_directory() as folder:
        path = folder / "model.tflite"
        weights = [tf.lite.Optimize.DEFAULT]
        model.export(path, format="litert", verbose=False, optimizations=weights)
        return path.read_bytes()


def main() -> None:
    """Train and package the line recognizer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--networks", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--steps", type=int, default=300)
    chosen = parser.parse_args()
    chosen.work.mkdir(parents=True, exist_ok=True)
    splits = datasets.load("mnist", data_dir=chosen.data_dir)
    digits, held_out = datasets.hold_out(splits.train, _HELD_OUT)
    files = [chosen.work / f"lines_{seed}.keras" for seed in range(chosen.networks)]
    for seed, file in enumerate(files):
        if not file.exists():
            train(file, digits, epochs=chosen.epochs, steps=chosen.steps, seed=seed)
    package(files, held_out, LINE_RECOGNIZER_DIR)


if __name__ == "__main__":
    main()
