"""A mock S3 server (moto) on a loopback port, in a thread of this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from mnistcli.files import object_stores


class S3Server:
    """A server.

    Args:
        url: Its address.

    Attributes:
        environment: The variables that clients need, with credentials.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self.environment = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
        }

    def put(self, path: str, content: bytes = b"") -> None:
        """Store an object, such as ``bucket/x.png``; without a content, create a bucket."""
        answer = requests.put(f"{self._url}/{path}", data=content, timeout=10)
        assert answer.ok, answer.text

    @contextmanager
    def authentication(self) -> Iterator[None]:
        """Refuse all requests until the context ends: the server knows no credentials."""
        self._count_free_requests("0")
        yield
        self._count_free_requests("Infinity")

    def _count_free_requests(self, count: str) -> None:
        requests.post(f"{self._url}/moto-api/reset-auth", data=count, timeout=10)


def forget_connections() -> None:
    """Make the next request connect again, with the current environment."""
    object_stores._open_store.cache_clear()
    file_system: Any = pytest.importorskip("s3fs").S3FileSystem
    file_system.clear_instance_cache()


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Start a server, and set the environment for it; skip the test where moto is missing."""
    pytest.importorskip("s3fs", reason="needs s3fs: pip install s3fs")
    moto = pytest.importorskip("moto.server", reason="needs moto: pip install 'moto[s3]' flask")
    running: Any = moto.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    server = S3Server(f"http://{host}:{port}")
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in server.environment.items():
                patch.setenv(name, value)
            patch.delenv("AWS_PROFILE", raising=False)
            forget_connections()
            yield server
    finally:
        running.stop()
        forget_connections()
