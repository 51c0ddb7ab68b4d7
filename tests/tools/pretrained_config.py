"""Settings (hyperparameters) of the packaged model, for `distill` and `package_model`."""

from dataclasses import replace

from mnistcli.recipes import RECIPES

PRETRAINED_CONFIG = replace(
    RECIPES["robust"].config, recipe="distilled", arch="wide", epochs=200, seed=1
)
"""`robust`, with a larger network and more epochs. `distilled` is not a recipe of `train`."""
