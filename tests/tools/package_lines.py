"""Train the line recognizer, calibrate it, and put it into the package with its card.

Usage: python -m tests.tools.package_lines WORK [--epochs 30] [--steps 300] [--seed 0]

`WORK/lines.keras` is written after each epoch. With --epochs 0 the file that is there is packaged.
"""

import argparse
import json
from itertools import islice
from pathlib import Path
from typing import Any

import keras

from mnistcli import checkpoints, datasets
from mnistcli.architectures import build_line_network
from mnistcli.files import sha256, write_atomically
from mnistcli.inference.conversion import to_litert
from mnistcli.inference.line_recognizer import PACKAGED_DIR
from mnistcli.inference.litert import Runner
from mnistcli.synthetic.number_stream import NumberStream
from mnistcli.synthetic.numbers import NumberGenerator
from mnistcli.training.line_recognizer import fit_calibration, train_line_recognizer

_HELD_OUT = 0.05  # of the MNIST training images: the calibration numbers are made of them
_CALIBRATION_NUMBERS = 2000


def train(work: Path, digits: datasets.Dataset, *, epochs: int, steps: int, seed: int) -> None:
    """Train the line recognizer, and save it after each epoch."""
    keras.utils.set_random_seed(seed)
    model = build_line_network()
    save = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda _epoch, _logs: checkpoints.save(model, work / "lines.keras")
    )
    stream = NumberStream(digits, seed=seed)
    try:
        train_line_recognizer(
            model, iter(stream), epochs=epochs, steps_per_epoch=steps, callbacks=[save]
        )
    finally:
        stream.close()


def package(work: Path, held_out: datasets.Dataset, package_dir: Path, **facts: Any) -> None:
    """Convert and calibrate the trained model; write the LiteRT file and its card.

    Args:
        work: The directory of `lines.keras`.
        held_out: Digits that were not trained on.
        package_dir: The directory of the packaged model.
        facts: Further entries of the card.
    """
    model = keras.saving.load_model(work / "lines.keras", compile=False)
    litert = to_litert(model)
    if litert is None:
        raise SystemExit("the model cannot be converted")
    numbers = islice(NumberGenerator(held_out, seed=1_000_003), _CALIBRATION_NUMBERS)
    calibration, right = fit_calibration(Runner(litert), numbers)
    card_file = package_dir / "card.json"
    card = json.loads(card_file.read_text(encoding="utf-8")) if card_file.exists() else {}
    card |= facts | {
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
    write_atomically(card_file, json.dumps(card, indent=2, ensure_ascii=False) + "\n")


def main() -> None:
    """Train and package the line recognizer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    chosen.work.mkdir(parents=True, exist_ok=True)
    splits = datasets.load("mnist", data_dir=chosen.data_dir)
    digits, held_out = datasets.hold_out(splits.train, _HELD_OUT)
    facts = {}
    if chosen.epochs:
        train(chosen.work, digits, epochs=chosen.epochs, steps=chosen.steps, seed=chosen.seed)
        facts = {"seed": chosen.seed, "epochs": chosen.epochs, "steps_per_epoch": chosen.steps}
    package(chosen.work, held_out, PACKAGED_DIR, **facts)


if __name__ == "__main__":
    main()
