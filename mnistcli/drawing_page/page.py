"""HTML of the drawing page: one document with inline styles and scripts, which loads nothing."""

import base64
import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

_STATIC = Path(__file__).with_name("static")
_SCRIPTS = ("drawing.js", "results.js")
_START = "page.js"


class HtmlPage(NamedTuple):
    """A page and the policy under which it runs.

    Attributes:
        text: The HTML.
        policy: The content security policy (CSP): only the scripts and styles of the page, by
            their hashes.
    """

    text: str
    policy: str


def build_page(
    backend: Sequence[str],
    settings: Mapping[str, Any],
    *,
    weights: bytes = b"",
    connects_to: str = "'none'",
) -> HtmlPage:
    """Build the page from its template, `static/page.html`.

    Args:
        backend: The scripts that compute predictions, files in `static/`.
        settings: Values for the scripts, as JSON.
        weights: The weights of the network, if the page computes predictions itself.
        connects_to: The address to which the page may send requests: a ``connect-src``.
    """
    style = _read("page.css")
    script = "\n".join(_read(name) for name in (*_SCRIPTS, *backend, _START))
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src data: blob:",
            f"connect-src {connects_to}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    parts = {
        "POLICY": html.escape(policy),
        "STYLE": style,
        "SETTINGS": json.dumps(settings).replace("<", "\\u003c"),  # would end the element (XSS)
        "WEIGHTS": base64.b64encode(weights).decode("ascii"),
        "SCRIPT": script,
    }
    text = _read("page.html")
    for name, content in parts.items():
        text = text.replace(f"[[{name}]]", content, 1)
    return HtmlPage(text, policy)


def _read(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")


def _hash(source: str) -> str:
    digest = hashlib.sha256(source.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
