"""Sweep: hyperparameter search over settings of `TrainConfig` with Optuna, on validation images.

`run_sweep` in `mnistcli.sweep.sweep` is the entry point:

- `search_space` parses `--vary`
- `storage` opens the journal file or the PostgreSQL database of a study, `study` its trials
- `trial` runs one trial in any process, `cluster_trials` runs them on a cluster
- `importance` computes the importance of the settings (fANOVA)
"""
