"""Model check: decide whether a `.keras` file is safe to load, before Keras sees any of it.

The check needs neither Keras nor TensorFlow. Nothing of the file reaches Keras unchecked: the
archive is read once, the configuration is rebuilt from the parts that are known, and the weights
are plain arrays. The cheapest checks come first.
"""

from mnistcli.model_check.check import CheckedModel, check_content, check_model

__all__ = ["CheckedModel", "check_content", "check_model"]
