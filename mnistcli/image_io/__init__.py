"""Untrusted images: image files, streams and arrays become upright 8-bit images.

`open_image` in `image_input` accepts all kinds of images:

- `image_formats` lists the formats that are decoded, by name and signature
- `decoding_limits` and `image_memory` limit the size, memory and processor time of decoding
- `image_modes` converts all modes to 8-bit grayscale or RGB
- `pages` finds the pages of PDF and TIFF files
- `photo_decoders` decodes HEIC photos and runs `pdf_renderer`, a program of its own
- `quiet_decoders` keeps the messages of decoders from the user
"""

from mnistcli.image_io.image_formats import is_image_name
from mnistcli.image_io.image_input import ImageSource, open_image, original_size
from mnistcli.image_io.image_modes import reduction_factor

__all__ = ["ImageSource", "is_image_name", "open_image", "original_size", "reduction_factor"]
