"""Inference: probabilities of 28x28 digits, computed by LiteRT or Keras."""
