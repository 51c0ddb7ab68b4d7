"""The real MNIST: where it is looked for, what is checked, and how it is downloaded."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from mnistcli import datasets
from mnistcli.datasets import download, idx, mnist
from mnistcli.errors import DataError, DownloadError
from mnistcli.files import sha256
from tests.datasets.test_paths import TEST, TRAIN, idx_files

FILES = idx_files()
NAME = idx.NAMES[0]
SLOW = {"silent", "stalls"}
WAYS_OUT = "mnistcli train --data-dir DIR, or mnistcli train --dataset digits"


class Mirror(BaseHTTPRequestHandler):
    """Serves ``/<behaviour>/<file>.gz``; only the first file is slow, for the tests' own speed."""

    protocol_version = "HTTP/1.1"
    released = threading.Event()
    asked: list[str]

    def do_GET(self) -> None:
        _, behaviour, name = self.path.split("/")
        self.asked.append(self.path)
        self.close_connection = True
        content = FILES[name.removesuffix(".gz")]
        packed = gzip.compress(content)
        if behaviour in SLOW and name != f"{NAME}.gz":
            behaviour = "right"
        if behaviour == "silent":
            self.released.wait()
        elif behaviour == "missing":
            self.send_error(404)
        elif behaviour == "chunked":
            self.answer(b"%x\r\n%b\r\n0\r\n\r\n" % (len(packed), packed), None)
        else:
            body, length = {
                "right": (packed, len(packed)),
                "unpacked": (content, len(content)),
                "truncated": (packed[:-10], len(packed)),
                "short": (packed[:-10], len(packed) - 10),
                "wrong": (gzip.compress(content[:-1] + b"\1"), None),
                "stalls": (packed[:500], len(packed)),
            }[behaviour]
            self.answer(body, length or len(body))
            if behaviour == "stalls":
                self.released.wait()

    def answer(self, body: bytes, length: int | None) -> None:
        self.send_response(200)
        if length is None:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server on this machine that does what the first part of a path says."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(mnist, "HASHES", {name: sha256(data) for name, data in FILES.items()})
    Mirror.asked = []
    Mirror.released.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield f"127.0.0.1:{http.server_address[1]}"
        Mirror.released.set()
        http.shutdown()
        thread.join()


def use(monkeypatch: pytest.MonkeyPatch, server: str, *behaviours: str) -> None:
    mirrors = tuple(f"http://{server}/{behaviour}/" for behaviour in behaviours)
    monkeypatch.setattr(mnist, "MIRRORS", mirrors)
    if SLOW & {*behaviours}:
        monkeypatch.setattr(download, "TIMEOUT", 1.0)


def cached(tmp_path: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (tmp_path / "cache" / "mnist").iterdir()}


def assert_right(splits: datasets.Splits) -> None:
    assert (splits.name, splits.own_split) == ("mnist", True)
    assert (splits.train.images == TRAIN.images).all()
    assert (splits.test.labels == TEST.labels).all()


class Listener:
    def __init__(self) -> None:
        self.heard: list[tuple[str, int | None]] = []
        self.bytes = 0

    def begin(self, name: str, total: int | None) -> None:
        self.heard.append((name, total))

    def advance(self, count: int) -> None:
        self.bytes += count

    def end(self) -> None:
        self.heard.append(("end", self.bytes))


# Downloading


@pytest.mark.parametrize("behaviour", ["right", "unpacked", "chunked"])
def test_what_is_downloaded_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str, behaviour: str
) -> None:
    use(monkeypatch, server, behaviour)

    assert_right(datasets.load("mnist"))
    assert cached(tmp_path) == FILES
    assert len(Mirror.asked) == 4

    use(monkeypatch, server, "missing")
    assert_right(datasets.load("mnist"))
    assert len(Mirror.asked) == 4


FAILURES = [
    ("missing", "HTTP 404"),
    ("truncated", "broke off"),
    ("short", "damaged content"),
    ("wrong", "wrong content"),
    ("silent", "silent for 1 s"),
    ("stalls", "silent for 1 s"),
]


@pytest.mark.parametrize("behaviour", [behaviour for behaviour, _ in FAILURES])
def test_the_next_mirror_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str, behaviour: str
) -> None:
    use(monkeypatch, server, behaviour, "right")

    assert_right(datasets.load("mnist"))
    assert Mirror.asked[:2] == [f"/{behaviour}/{NAME}.gz", f"/right/{NAME}.gz"]
    assert cached(tmp_path) == FILES


@pytest.mark.parametrize(("behaviour", "answer"), FAILURES)
def test_no_mirror_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str, behaviour: str, answer: str
) -> None:
    use(monkeypatch, server, "missing", behaviour)

    with pytest.raises(DownloadError) as caught:
        datasets.load("mnist")

    assert str(caught.value) == (
        f"cannot download '{NAME}.gz' ({server}: HTTP 404; {server}: {answer})"
    )
    assert caught.value.hint == WAYS_OUT
    assert cached(tmp_path) == {}


@pytest.mark.parametrize(
    ("mirror", "answer"),
    [("http://127.0.0.1:9/", "no connection"), ("https://{server}/", "no secure connection")],
)
def test_no_network(monkeypatch: pytest.MonkeyPatch, server: str, mirror: str, answer: str) -> None:
    address = mirror.format(server=server)
    monkeypatch.setattr(mnist, "MIRRORS", (address,))

    with pytest.raises(DownloadError) as caught:
        datasets.load("mnist")

    host = address.split("/")[2]
    assert str(caught.value) == f"cannot download '{NAME}.gz' ({host}: {answer})"
    assert caught.value.hint == WAYS_OUT


def test_certificates_that_are_missing_are_no_connection(
    monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    """Then requests raises an OSError of Python's own."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/missing.pem")

    with pytest.raises(DownloadError, match="no connection"):
        download.fetch("a.gz", "", [f"https://{server}/"])


def test_a_mirror_that_never_ends_is_left(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    monkeypatch.setattr(download, "LARGEST", 100)

    with pytest.raises(DownloadError, match="damaged content"):
        download.fetch(f"{NAME}.gz", "", [f"http://{server}/right/"])


def test_a_listener_hears_how_it_goes(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    use(monkeypatch, server, "short", "right")
    listener = Listener()

    datasets.load("mnist", listener=listener)

    total = len(gzip.compress(FILES[NAME]))
    assert listener.heard[:4] == [
        (f"{NAME}.gz", total - 10), ("end", total - 10),
        (f"{NAME}.gz", total), ("end", 2 * total - 10),
    ]  # fmt: skip
    names = [name for name, _ in listener.heard if name != "end"]
    assert names == [f"{name}.gz" for name in idx.NAMES for _ in range(2)]


def test_a_mirror_need_not_tell_the_length(server: str) -> None:
    listener = Listener()

    download.fetch(f"{NAME}.gz", sha256(FILES[NAME]), [f"http://{server}/chunked/"],
                   listener=listener)  # fmt: skip

    assert listener.heard == [(f"{NAME}.gz", None), ("end", len(gzip.compress(FILES[NAME])))]


# The cache


@pytest.mark.parametrize("damaged", [b"", b"\x1f\x8b and no more", FILES[idx.NAMES[2]]])
def test_a_damaged_copy_in_the_cache_is_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str, damaged: bytes
) -> None:
    use(monkeypatch, server, "right")
    datasets.load("mnist")
    (tmp_path / "cache" / "mnist" / NAME).write_bytes(damaged)
    Mirror.asked.clear()

    assert_right(datasets.load("mnist"))
    assert Mirror.asked == [f"/right/{NAME}.gz"]
    assert cached(tmp_path) == FILES


def test_a_cache_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    use(monkeypatch, server, "right")
    (tmp_path / "cache").write_text("a file where the folder should be")

    with pytest.raises(DataError) as caught:
        datasets.load("mnist")

    folder = tmp_path / "cache" / "mnist"
    assert str(caught.value) == f"cannot write to the cache '{folder}': Not a directory"
    assert caught.value.hint == "MNISTCLI_CACHE_DIR=DIR mnistcli train"
    assert Mirror.asked == []


# The user's own folder


def write_files(folder: Path) -> Path:
    folder.mkdir()
    for name, content in FILES.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))
    return folder


@pytest.fixture
def folder(tmp_path: Path, server: str) -> Path:
    """A folder with the four files, and no mirror that is right."""
    return write_files(tmp_path / "own")


def test_the_folder_that_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTCLI_DATA_DIR", "elsewhere")

    assert_right(datasets.load("mnist", data_dir=folder))


def test_the_folder_that_the_variable_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTCLI_DATA_DIR", str(folder))

    assert_right(datasets.load("mnist"))


def test_a_named_folder_that_lacks_a_file_is_not_made_up_for(folder: Path) -> None:
    (folder / f"{idx.NAMES[3]}.gz").unlink()

    with pytest.raises(DataError) as caught:
        datasets.load("mnist", data_dir=Path("own"))

    assert str(caught.value) == (
        "no 't10k-labels-idx1-ubyte' and no 't10k-labels-idx1-ubyte.gz' in 'own'"
    )
    assert caught.value.hint == "mnistcli train --dataset mnist"


def test_the_variables_folder_that_is_missing(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTCLI_DATA_DIR", "missing")

    with pytest.raises(DataError) as caught:
        datasets.load("mnist")

    assert str(caught.value) == f"no '{NAME}' and no '{NAME}.gz' in 'missing'"
    assert caught.value.hint == "unset MNISTCLI_DATA_DIR"


def test_a_damaged_file_in_the_users_folder_is_named(folder: Path) -> None:
    content = FILES[idx.NAMES[1]]
    (folder / f"{idx.NAMES[1]}.gz").write_bytes(gzip.compress(content[:-1] + b"\1"))

    with pytest.raises(DataError) as caught:
        datasets.load("mnist", data_dir=Path("own"))

    assert str(caught.value) == (
        "damaged file 'own/train-labels-idx1-ubyte.gz': this is not MNIST's content"
    )
    assert caught.value.hint == "mnistcli train --dataset mnist"


def test_the_real_files(mnist_dir: Path) -> None:
    splits = datasets.load("mnist", data_dir=mnist_dir)

    assert (len(splits.train), len(splits.test)) == (60_000, 10_000)
    assert splits.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(splits.test.labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip
    assert splits.train.images.mean() / 255 == pytest.approx(0.1307, abs=1e-4)
