"""Model check: decide whether an untrusted model file is safe to load, before Keras sees it.

The check needs neither Keras nor TensorFlow. No part of a file, which can be malicious, reaches
Keras unchecked: the archive is read once, the configuration is rebuilt from the parts that are
known, and the weights are plain arrays. The cheapest checks come first.

`check_model` in `check` is the entry point:

- `archive` reads the members of a `.keras` file, `legacy_h5` a model in an `.h5` file
- `configuration` rebuilds the configuration, `nodes` the connections of its layers; `allowlist`
  lists the classes and settings that are allowed
- `shape_inference` measures each layer by the rules in `layer_rules`, `convolution_rules` and
  `sequence_rules`, with the helpers in `sizes`
- `hdf5_weights` checks the HDF5 file of the weights
- `input_shapes` and `first_and_last_layer` detect the images and pixels that a model expects
- `refusal` defines the exception for a model that is not acceptable
"""

from mnistcli.model_check.check import CheckedModel, check_content, check_model

__all__ = ["CheckedModel", "check_content", "check_model"]
