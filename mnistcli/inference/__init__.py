"""Inference: probabilities of 28x28 digits, computed by LiteRT or Keras.

`load_classifier` in `loading` is the entry point:

- `classifier` loads and runs one model, `ensemble` several; `digit_classifier` defines their
  protocol
- `digit_score` computes the resemblance of an image to a digit, with `temperature`
- `litert` runs converted models; `litert_files` signs them with the secret of `signing_key`
- `litert_conversion`, `quantization` and `onnx_conversion` convert models, `export` writes them
  to files
- `interface_detection` finds the pixel scale and outputs of external models with the reference
  digits of `reference_digits`; `interface_cache` stores them
- `line_recognizer` reads text lines; `ctc` decodes their transcriptions
"""
