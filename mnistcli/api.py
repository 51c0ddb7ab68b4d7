"""The public API: `mnistcli.train`, `evaluate`, `predict`, `plot` and `load_classifier`."""
