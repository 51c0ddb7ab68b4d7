"""A mirror of MNIST on this machine, which behaves well or badly."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from mnistcli.datasets import idx
from tests.datasets.helpers import idx_files

FILES = idx_files()
NAME = idx.NAMES[0]
SLOW = {"silent", "stalls", "drips", "drips headers"}
"""Behaviors that end in a timeout."""


class Mirror(BaseHTTPRequestHandler):
    """Serves ``/<behavior>/<file>.gz``. Only the first file is slow, so that the tests are fast."""

    protocol_version = "HTTP/1.1"
    released = threading.Event()
    requested: list[str]

    def do_GET(self) -> None:
        _, behavior, name = self.path.replace("%20", " ").split("/")
        self.requested.append(f"/{behavior}/{name}")
        self.close_connection = True
        content = FILES[name.removesuffix(".gz")]
        compressed = gzip.compress(content, mtime=0)
        if behavior in SLOW and name != f"{NAME}.gz":
            behavior = "good"
        if behavior == "silent":
            self.released.wait()
        elif behavior == "drips headers":
            self.drip(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000)
        elif behavior == "missing":
            self.send_error(404)
        elif behavior == "bad length":
            self.answer(compressed, "many")
        elif behavior == "chunked":
            self.answer(b"%x\r\n%b\r\n0\r\n\r\n" % (len(compressed), compressed), None)
        else:
            body, length = {
                "good": (compressed, len(compressed)),
                "uncompressed": (content, len(content)),
                "truncated": (compressed[:-10], len(compressed)),
                "short": (compressed[:-10], len(compressed) - 10),
                "wrong": (wrong := gzip.compress(content[:-1] + b"\1", mtime=0), len(wrong)),
                "stalls": (compressed[:500], len(compressed)),
                "drips": (b"", len(compressed)),
            }[behavior]
            self.answer(body, str(length))
            if behavior == "stalls":
                self.released.wait()
            elif behavior == "drips":
                self.drip(compressed)

    def answer(self, body: bytes, length: str | None) -> None:
        self.send_response(200)
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def drip(self, data: bytes) -> None:
        """Send a byte every 50 ms."""
        for byte in data:
            if self.released.wait(0.05):
                return
            try:
                self.wfile.write(bytes([byte]))
            except OSError:  # the client has hung up
                return

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def serve() -> Iterator[str]:
    """Run the mirror, and yield its host and port."""
    Mirror.requested = []
    Mirror.released.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield f"127.0.0.1:{http.server_address[1]}"
        Mirror.released.set()
        http.shutdown()
        thread.join()
