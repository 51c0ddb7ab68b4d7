"""Synthetic data for training: digits in rare styles, non-digits and handwritten numbers.

`train` uses the digits and the non-digits. Only `make pretrained`, which trains the packaged line
recognizer, uses the modules of numbers: `numbers`, `number_stream`, `number_texts`, `writer`,
`marks` and `paper`, and the shapes in `digit_shapes`.

- non-digits: `non_digits` draws them with `doodles`, `fragments`, `glyphs`, `letters`, `signs` and
  `textures`; `glyph_tables` lists the characters
- digits in rare styles: `digit_styles` draws them with `style_drawing` and `shape_ranges`
- numbers: `number_stream` yields batches of `numbers`; `number_texts` chooses their digits and
  marks, `writer` writes them with `marks`, and `paper` surrounds them
- shared: `pen` and `curves` draw strokes; `seven_segment` draws displays, `sampling` picks
  what is drawn
"""
