"""The HTML of the drawing page: one file, CSP, and settings that cannot inject a script (XSS)."""

import re

from mnistcli.drawing_page.page import build_page


def test_the_page_loads_nothing() -> None:
    text = build_page(["server.js"], {"model": "pretrained"}).text

    assert "[[" not in text
    links = re.findall(r"""(?:src|href)=["']?([^"'\s>]+)""", text)
    assert [link for link in links if not link.startswith("data:")] == []
    addresses = set(re.findall(r"https?://[^\s'\"<)]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}


def test_the_name_of_a_model_cannot_become_a_script() -> None:
    text = build_page(["server.js"], {"model": "</script><script>alert(1)</script>"}).text

    assert "</script><script>alert" not in text


def test_the_policy_allows_the_scripts_by_their_hash_only() -> None:
    page = build_page(["server.js"], {})

    assert re.search(r"script-src 'sha256-[\w+/]{43}='", page.policy)
    assert "connect-src 'none'" in page.policy
