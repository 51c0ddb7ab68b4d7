"""Training: a config, a dataset and a run directory become a finished run.

`train` in `training` is the entry point, for one model and for an ensemble:

- `model_trainer` trains one model: `data` prepares its images, `loop` fits it with `optimizers`,
  `losses`, `callbacks` and `augmentation`, `calibration` and `rejection_thresholds` follow, and
  `results` defines its metrics
- `saving` writes the files of a run; `resume_state` and `fingerprint` resume it
- `fine_tuning` freezes layers of a model, `custom_architecture` builds the model of a Python
  file
- `ensembles` derives the configs of members and combines their results; `seed_training` trains
  one config with several seeds
- `cluster_training` trains on the workers of a cluster, `replicas` on several GPUs
- `line_recognizer` trains the packaged line recognizer
"""

from mnistcli.training.callbacks import TrainingCallback
from mnistcli.training.results import EnsembleResult, TrainResult
from mnistcli.training.training import train

__all__ = ["EnsembleResult", "TrainResult", "TrainingCallback", "train"]
