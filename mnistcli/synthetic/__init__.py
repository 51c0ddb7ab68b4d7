"""Synthetic training images: digits in rare styles, non-digits and handwritten numbers.

`train` uses the digits and the non-digits. Only `make pretrained`, which trains the packaged line
recognizer, uses the modules of numbers: `numbers`, `number_stream`, `number_texts`, `writer`,
`marks` and `paper`, and the shapes in `digit_shapes`.
"""
