"""Synthetic training images: European-style digits, non-digits and handwritten numbers.

`train` uses the digits and the non-digits. Only `make pretrained`, which trains the packaged line
recognizer, uses the modules of numbers: `numbers`, `number_stream`, `number_texts`, `writer`,
`marks`, `curves`, `digit_shapes` and `paper`.
"""
