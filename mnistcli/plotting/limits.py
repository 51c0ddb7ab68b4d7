"""Limits of plots: the number of digits that a figure shows. This module is cheap to import."""

MAX_SAMPLES = 400
"""Digits in a gallery of samples or mistakes; more are too small to look at on any screen."""

MAX_OCCLUDED = 12
"""Digits in the plot of occlusion maps; each takes 500 predictions or more."""

MAX_EXPLAINED = 20
"""Digits in the figure of explanations."""
