"""Training: a config, a dataset and a run directory become a finished run.

`train` in `mnistcli.training.training` is the entry point, for one model and for an ensemble.
"""

from mnistcli.training.callbacks import TrainingCallback
from mnistcli.training.results import EnsembleResult, TrainResult
from mnistcli.training.training import train

__all__ = ["EnsembleResult", "TrainResult", "TrainingCallback", "train"]
