"""Scores for the rejection of non-digits, compared by their AUROC against held-out digits."""

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax
from sklearn.metrics import roc_auc_score

from mnistcli.datasets import Dataset
from mnistcli.plotting.layer_outputs import hidden_features
from mnistcli.training.calibration import find_logits_layer

Scores = dict[str, NDArray[np.float64]]
"""Scores, keyed by name, float64 (n,): higher for digits."""


def compute_scores(
    model: keras.Model, images: NDArray[np.uint8], centers: NDArray[np.float64]
) -> Scores:
    """Compute the scores of images, such as the entropy and the energy score.

    Args:
        model: A model whose last layer computes logits.
        images: uint8 (n, 28, 28).
        centers: Mean feature of each digit, float64 (10, features).
    """
    features = hidden_features(model, images).astype(np.float64)
    layer = find_logits_layer(model)
    assert layer is not None
    kernel, bias = layer.get_weights()
    logits = features @ kernel + bias
    probabilities = softmax(logits, axis=1)
    entropy = -(probabilities * np.log(np.maximum(probabilities, 1e-12))).sum(axis=1)
    ordered = np.sort(probabilities, axis=1)
    distances = np.linalg.norm(features[:, None] - centers, axis=2)
    lengths = np.linalg.norm(features, axis=1)
    cosines = (features @ centers.T) / np.maximum(lengths[:, None], 1e-9)
    return {
        "maximum probability": ordered[:, -1],
        "margin": ordered[:, -1] - ordered[:, -2],
        "entropy": -entropy,
        "energy": logsumexp(logits, axis=1),
        "energy, centered": logsumexp(logits - logits.mean(axis=1, keepdims=True), axis=1),
        "maximum logit": logits.max(axis=1),
        "feature distance": -distances.min(axis=1),
        "feature cosine": (cosines / np.linalg.norm(centers, axis=1)).max(axis=1),
    }


def class_centers(model: keras.Model, digits: Dataset) -> NDArray[np.float64]:
    """Return the mean feature of each digit, float64 (10, features)."""
    features = hidden_features(model, digits.images).astype(np.float64)
    return np.stack([features[digits.labels == digit].mean(axis=0) for digit in range(10)])


def compare(
    model: keras.Model, non_digits: dict[str, NDArray[np.uint8]], train: Dataset, held_out: Dataset
) -> None:
    """Print the AUROC of each score: all categories together, and the worst category.

    Also print the share rejected at the threshold that rejects 0.4 % of the held-out digits.
    """
    centers = class_centers(model, train)
    digits = compute_scores(model, held_out.images, centers)
    others = {name: compute_scores(model, images, centers) for name, images in non_digits.items()}
    print(f"{'score':22}{'AUROC':>8}{'worst':>8}{'rejected':>10}  worst category")
    for score, of_digits in digits.items():
        threshold = np.quantile(of_digits, 0.004)
        areas = {name: _area(of_digits, scores[score]) for name, scores in others.items()}
        together = np.concatenate([scores[score] for scores in others.values()])
        worst = min(areas, key=lambda name: areas[name])
        share = np.mean([(scores[score] < threshold).mean() for scores in others.values()])
        area = _area(of_digits, together)
        print(f"{score:22}{area:8.4f}{areas[worst]:8.4f}{share:10.1%}  {worst}", flush=True)


def _area(digits: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    labels = np.concatenate([np.ones(len(digits)), np.zeros(len(others))])
    return float(roc_auc_score(labels, np.concatenate([digits, others])))
