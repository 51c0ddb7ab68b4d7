"""PDF renderer: a program that counts or rasterizes the pages of the PDF on its standard input.

It runs as a subprocess with resource limits (rlimits) on CPU time and memory, because a small PDF
can ask for any amount of both. It writes the number of pages, or one page as a PPM image, to the
standard output.

    python pdf_renderer.py PAGE < FILE      PAGE counts from 1; 0 for the number of pages
"""

import contextlib
import io
import math
import sys
from importlib import import_module

from pypdfium2 import PdfDocument, PdfiumError

DAMAGED, PASSWORD = 3, 4
"""Exit codes: the file is damaged; it is encrypted and needs a password."""

_DOTS_PER_INCH = 300
_POINTS_PER_INCH = 72
_MAX_PIXELS = 25_000_000  # an A3 page has 17 million at 300 dpi; a poster gets fewer dots
_MAX_SECONDS = 20
_MAX_BYTES = 1 << 30
_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD


def _limit_resources() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limits
        resource = import_module("resource")
        resource.setrlimit(resource.RLIMIT_CPU, (_MAX_SECONDS, _MAX_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (_MAX_BYTES, _MAX_BYTES))


def _render(document: PdfDocument, number: int) -> bytes:
    """Render a page as a PPM image."""
    document.init_forms()
    page = document[number - 1]
    points = page.get_width() * page.get_height()
    scale = min(_DOTS_PER_INCH / _POINTS_PER_INCH, math.sqrt(_MAX_PIXELS / points))
    bitmap = page.render(scale=scale, rev_byteorder=True)  # RGB
    image = io.BytesIO(b"P6 %d %d 255\n" % (bitmap.width, bitmap.height))
    image.seek(0, io.SEEK_END)
    pixels, row = memoryview(bitmap.buffer), 3 * bitmap.width
    for top in range(bitmap.height):
        image.write(pixels[top * bitmap.stride : top * bitmap.stride + row])
    return image.getvalue()


def main() -> int:
    """Write the number of pages or the rendered page to stdout; return the exit code."""
    _limit_resources()
    stdin = sys.stdin.buffer
    try:
        if stdin.seekable():
            stdin.seek(0)
        document = PdfDocument(stdin if stdin.seekable() else stdin.read())
        number = int(sys.argv[1])
        answer = _render(document, number) if number else str(len(document)).encode()
    except PdfiumError as error:
        return PASSWORD if error.err_code == _PASSWORD_ERROR else DAMAGED
    except (IndexError, MemoryError, ValueError, ZeroDivisionError):
        return DAMAGED
    sys.stdout.buffer.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
