"""The server of the drawing page: its port, and its shutdown."""

import socket
import urllib.request

import pytest

pytest.importorskip("uvicorn", reason="needs the extra draw")
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from mnistcli.drawing_page.server import listen, serve, url_of
from mnistcli.errors import MnistCliError


def test_a_port_in_use_is_an_error() -> None:
    with listen(0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(MnistCliError, match=f"port {port} is in use") as caught:
            listen(port)

    assert caught.value.hint == "--port 0"


def test_it_answers_on_the_loopback_interface_and_ends() -> None:
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("here"))])
    listener = listen(0)
    with serve(app, listener) as thread:
        address = listener.getsockname()
        with urllib.request.urlopen(url_of(listener)) as response:
            assert response.read() == b"here"

    assert address[0] == "127.0.0.1"
    assert not thread.is_alive()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(address)
