"""Decoders of the extra `photos`: HEIC photos by pillow-heif, pages of a PDF by PDFium."""

import io
import os
import sys
import threading
from pathlib import Path
from typing import IO, Any, cast

from PIL import Image

from mnistcli.errors import ImageError
from mnistcli.files.kinds import HEIC, PDF
from mnistcli.image_io.image_formats import require_installed

_RENDERER = Path(__file__).with_name("pdf_renderer.py")
_MAX_SECONDS = 60  # of wall time
_REASONS = {4: "a PDF with a password; save it without"}
_RENDERER_SLOTS = threading.BoundedSemaphore(os.cpu_count() or 1)


def open_heic(file: IO[bytes], name: str) -> Image.Image:
    """Open a HEIC photo, as from an iPhone; its pixels are decoded later, as with Pillow's images.

    Raises:
        ImageError: pillow-heif is not installed.
        Exception: The file is damaged.
    """
    require_installed(HEIC, name)
    import pillow_heif  # noqa: PLC0415 - an extra

    image: Image.Image = cast("Any", pillow_heif).HeifImageFile(file)
    return image


def render_page(file: IO[bytes], number: int, name: str) -> Image.Image:
    """Render a page of a PDF, counted from 1, at 300 dots per inch, or fewer for a large page.

    Raises:
        ImageError: pypdfium2 is not installed, the file is damaged or has a password, or rendering
            takes too long or too much memory.
    """
    return Image.open(io.BytesIO(_run_renderer(file, number, name)), formats=("PPM",))


def count_pdf_pages(file: IO[bytes], name: str) -> int:
    """Return the number of pages of a PDF.

    Raises:
        ImageError: The errors of `render_page`.
    """
    return int(_run_renderer(file, 0, name))


def _run_renderer(file: IO[bytes], number: int, name: str) -> bytes:
    require_installed(PDF, name)
    import subprocess  # noqa: PLC0415 - few images need it

    file.seek(0)
    is_plain = isinstance(file, io.BufferedReader) and isinstance(file.raw, io.FileIO)
    source: dict[str, Any] = {"stdin": file} if is_plain else {"input": file.read()}
    command = [sys.executable, "-P", str(_RENDERER), str(number)]
    try:
        with _RENDERER_SLOTS:
            done = subprocess.run(  # noqa: S603 - a program of ours
                command,
                **source,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=_MAX_SECONDS,
                check=False,
            )
    except subprocess.TimeoutExpired:
        raise ImageError(f"PDF takes too long to render: {name!r}") from None
    if done.returncode != 0:
        reason = _REASONS.get(done.returncode, "damaged PDF, or one that is too large")
        raise ImageError(f"{reason}: {name!r}")
    rendered: bytes = done.stdout
    return rendered
