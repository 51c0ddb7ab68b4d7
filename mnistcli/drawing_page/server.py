"""Server of the drawing page: uvicorn on the loopback interface (localhost) of this machine."""

import errno
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from mnistcli.errors import MnistCliError, os_reason

_HOST = "127.0.0.1"
_TIMEOUT = 2  # seconds that a graceful shutdown waits for pending requests


def listen(port: int) -> socket.socket:
    """Listen on a port of the loopback interface.

    Args:
        port: The port; 0 for any free port.

    Raises:
        MnistCliError: The port is in use or not allowed.
    """
    # Without the name of the protocol, asyncio does not set TCP_NODELAY, and Nagle's algorithm
    # delays each answer by 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"fails: {os_reason(error)}"
        raise MnistCliError(f"port {port} {reason}", hint="--port 0") from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the address of the page."""
    return f"http://{_HOST}:{listener.getsockname()[1]}/"


@contextmanager
def serve(app: ASGIApp, listener: socket.socket) -> Iterator[threading.Thread]:
    """Serve an application in a thread until the body of the `with` statement ends.

    Args:
        app: The application.
        listener: The socket; it is closed at the end.

    Yields:
        The thread.
    """
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_TIMEOUT,
    )
    server = uvicorn.Server(config)
    # Not in the main thread, where uvicorn would take over the signals.
    thread = threading.Thread(target=server.run, args=[[listener]], name="server", daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        server.should_exit = True
        thread.join(2 * _TIMEOUT)
        listener.close()
