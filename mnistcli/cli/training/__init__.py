"""The command line of `train`: execution, progress and options.

- `training_run` executes it with one seed
- `training_progress`, `epoch_table` and `sparklines` show the progress
- `config_file`, `resuming` and `tensorboard` handle the options ``--config``, ``--resume`` and
  ``--tensorboard``
"""
