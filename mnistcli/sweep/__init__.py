"""Sweep: a search over settings of `TrainConfig` with Optuna, on validation images only."""
