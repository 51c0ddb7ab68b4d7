"""Evaluation: metrics of models on labeled images, and their comparison.

- `evaluation` computes the metrics of one model
- `seed_evaluation` evaluates the models of several seeds
- `comparison` tests whether models differ significantly
- `min_confidence_fitting` fits a rejection threshold
"""

from mnistcli.evaluation.evaluation import (
    CALIBRATION_BINS,
    ClassScores,
    ConfusedPair,
    Evaluation,
    confidence_bins,
    evaluate,
    evaluate_ensemble,
    evaluate_probabilities,
)

__all__ = [
    "CALIBRATION_BINS",
    "ClassScores",
    "ConfusedPair",
    "Evaluation",
    "confidence_bins",
    "evaluate",
    "evaluate_ensemble",
    "evaluate_probabilities",
]
