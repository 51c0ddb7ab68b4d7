"""Calibrate the distilled model, evaluate it and put it into the package.

Usage: python -m tests.tools.package_model build/pretrained/student.keras

The model card names the LiteRT file by its hash. Its measured values are edited by hand.
"""

import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

from mnistcli import checkpoints, datasets
from mnistcli.config import TrainConfig
from mnistcli.evaluation import evaluate, evaluate_probabilities
from mnistcli.files.hashing import sha256
from mnistcli.inference.classifier import Classifier
from mnistcli.inference.litert_conversion import build_keras_predictor, to_litert
from mnistcli.inference.litert_files import write_sidecar
from mnistcli.model_lookup import PRETRAINED, PRETRAINED_DIR
from mnistcli.runs.json_files import write_json
from mnistcli.runs.run import Run
from mnistcli.training.calibration import calibrate, find_logits_layer
from mnistcli.training.data import hold_out_validation
from mnistcli.training.rejection_thresholds import fit_digit_thresholds
from tests.tools.pretrained_config import PRETRAINED_CONFIG


def package_model(
    student: Path, package: Path, splits: datasets.Splits, config: TrainConfig = PRETRAINED_CONFIG
) -> None:
    """Write the files of the packaged model, apart from its line recognizer.

    Args:
        student: The `.keras` file that `distill` has written.
        package: The directory; it holds the model card.
        splits: The images that the student was trained and is tested on.
        config: The settings of the student.
    """
    data = hold_out_validation(config, splits)
    assert data.validation is not None
    model = checkpoints.load(student)
    labels = data.validation.labels
    probabilities = Classifier(build_keras_predictor(model)).predict(data.validation.images)
    assert find_logits_layer(model) is not None  # else it would not be calibrated
    calibrate(model, probabilities, labels)
    round_kernels(model)
    probabilities = Classifier(build_keras_predictor(model)).predict(data.validation.images)
    validation = evaluate_probabilities(labels, probabilities)
    run = Run(package)
    checkpoints.compile_for_evaluation(model)
    checkpoints.save(model, run.model_file)
    litert = to_litert(model)
    if litert is None:
        sys.exit(f"cannot convert {student} to LiteRT")
    write_sidecar(run.model_file, litert, sha256(run.model_file.read_bytes()), signed=False)
    test = evaluate(Classifier.load(run.model_file), data.test)
    run.write_config(config)
    metrics: dict[str, Any] = {
        "run": PRETRAINED,
        "recipe": config.recipe,
        "dataset": config.dataset,
        "seed": config.seed,
        "epochs": config.epochs,
        "best_epoch": config.epochs,
        "kept_epoch": config.epochs,
        "parameters": model.count_params(),
        "training_images": len(data.train),
        "validation_images": len(labels),
        **fit_digit_thresholds(probabilities)._asdict(),
        "val_accuracy": validation.accuracy,
        "val_loss": validation.loss,
        **{f"test_{name}": value for name, value in test.summary.items()},
    }
    run.write_metrics(metrics)
    card_file = package / "card.json"
    card = json.loads(card_file.read_text(encoding="utf-8"))
    card["litert_sha256"] = sha256(litert)
    write_json(card_file, card)


def round_kernels(model: keras.Model) -> None:
    """Round the kernels to float16, which halves the size of a page with the network in it."""
    for variable in model.trainable_variables:
        if len(variable.shape) > 1:
            variable.assign(np.asarray(variable.value).astype(np.float16))


if __name__ == "__main__":
    package_model(Path(sys.argv[1]), PRETRAINED_DIR, datasets.load("mnist"))
