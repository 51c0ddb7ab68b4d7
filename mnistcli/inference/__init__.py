"""Inference: 28x28 digits to probabilities, with LiteRT or Keras."""
