"""Training: a config, a dataset and a run directory make a finished run."""
