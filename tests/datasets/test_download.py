"""Downloads: mirrors in order, hash verification, timeouts, and the cache in a race condition."""

import gzip
import signal
import threading
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from mnistcli.datasets import download
from mnistcli.errors import DownloadError
from mnistcli.files.hashing import sha256
from tests.datasets.mirror import FILES, NAME, SLOW, Mirror
from tests.support.program import FORK_SERVER

CONTENT = FILES[NAME]
FAILURES = [
    ("missing", "HTTP 404"),
    ("truncated", "connection lost"),
    ("short", "damaged content"),
    ("wrong", "wrong content"),
    ("bad length", "invalid response"),
    ("silent", "timed out"),
    ("stalls", "timed out"),
    ("drips", "timed out"),
    ("drips headers", "timed out"),
]


class RecordingBar:
    """A progress bar that records every call."""

    def __init__(self) -> None:
        self.calls: list[object] = []

    @property
    def total(self) -> int:
        raise NotImplementedError

    @total.setter
    def total(self, total: int) -> None:
        self.calls.append(("total", total))

    def set_description(self, text: str) -> None:
        self.calls.append(text)

    def update(self, count: int) -> None:
        self.calls.append(count)

    def reset(self) -> None:
        self.calls.append("reset")

    def close(self) -> None:
        self.calls.append("close")


def fetch(server: str, *behaviors: str, progress: RecordingBar | None = None) -> Path:
    mirrors = [f"http://{server}/{behavior}/" for behavior in behaviors]
    return download.fetch(NAME, sha256(CONTENT), mirrors, Path("to"), progress=progress)


@pytest.mark.parametrize("behavior", ["good", "uncompressed", "chunked"])
def test_a_file_is_downloaded_and_decompressed(tmp_path: Path, server: str, behavior: str) -> None:
    path = fetch(server, behavior)

    assert path == tmp_path / "to" / NAME
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]


def test_the_umask_decides_who_may_read_a_download(server: str) -> None:
    path = fetch(server, "good")
    path.with_name("other").touch()

    assert path.stat().st_mode == path.with_name("other").stat().st_mode


def test_the_file_of_the_next_mirror_is_used(server: str) -> None:
    assert fetch(server, "wrong", "good").read_bytes() == CONTENT


@pytest.mark.parametrize(("behavior", "answer"), FAILURES)
def test_the_next_mirror_is_tried_in_time_and_the_error_names_the_answers_of_both(
    tmp_path: Path, server: str, behavior: str, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program used to wait forever for a mirror that sent single bytes."""
    if behavior in SLOW:
        monkeypatch.setattr(download, "TIMEOUT", 0.5)
    begun = time.monotonic()
    with pytest.raises(DownloadError) as caught:
        fetch(server, behavior, "missing")

    assert time.monotonic() - begun < download.TIMEOUT + 2.5
    assert Mirror.requested == [f"/{behavior}/{NAME}.gz", f"/missing/{NAME}.gz"]
    assert str(caught.value) == (
        f"cannot download '{NAME}.gz' ({server}: {answer}; {server}: HTTP 404); "
        "--data-dir takes a directory with the files"
    )
    assert caught.value.hint == "--dataset digits"
    assert list((tmp_path / "to").iterdir()) == []


def test_the_time_for_a_whole_file_is_limited(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    monkeypatch.setattr(download, "TIME_LIMIT", 0.6)
    monkeypatch.setattr(download, "CHUNK_SIZE", 1)  # each byte in time, but not the file

    with pytest.raises(DownloadError, match="timed out"):
        fetch(server, "drips")


@pytest.mark.parametrize(
    ("url", "answer"),
    [("http://127.0.0.1:9/", "no connection"), ("https://{server}/", "no secure connection")],
)
def test_a_missing_network_is_an_error(server: str, url: str, answer: str) -> None:
    url = url.format(server=server)

    with pytest.raises(DownloadError) as caught:
        download.fetch(NAME, "", [url], Path("to"))

    assert str(caught.value).startswith(
        f"cannot download '{NAME}.gz' ({url.split('/')[2]}: {answer});"
    )


def test_missing_certificates_are_no_connection(
    monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    """For these, requests raises an OSError instead of an exception of its own."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/missing.pem")

    with pytest.raises(DownloadError, match="no connection"):
        download.fetch(NAME, "", [f"https://{server}/"], Path("to"))


def test_the_size_of_a_download_is_limited(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    monkeypatch.setattr(download, "MAX_BYTES", 100)

    with pytest.raises(DownloadError, match=r": more than 0 MiB\)"):
        fetch(server, "good")


def test_a_progress_bar_shows_each_attempt(server: str) -> None:
    bar = RecordingBar()
    size = len(gzip.compress(CONTENT, mtime=0))

    fetch(server, "missing", "short", "good", progress=bar)

    assert bar.calls == [
        f"{NAME}.gz",
        ("total", size - 10), download.CHUNK_SIZE, "reset", size - 10, "close",
        ("total", size), download.CHUNK_SIZE, "reset", size, "close",
        "close",
    ]  # fmt: skip


def test_a_progress_bar_is_closed_after_a_failure(server: str) -> None:
    bar = RecordingBar()

    with pytest.raises(DownloadError):
        fetch(server, "truncated", progress=bar)

    assert bar.calls[-1] == "close"


def test_a_mirror_need_not_send_the_size(server: str) -> None:
    bar = RecordingBar()

    fetch(server, "chunked", progress=bar)

    assert bar.calls[:2] == [f"{NAME}.gz", ("total", 0)]


def test_parallel_downloads_do_no_harm(tmp_path: Path, server: str) -> None:
    paths: list[Path] = []
    threads = [
        threading.Thread(target=lambda: paths.append(fetch(server, "good"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert paths == [tmp_path / "to" / NAME] * 8
    assert paths[0].read_bytes() == CONTENT
    assert list((tmp_path / "to").iterdir()) == [paths[0]]


def test_pooch_prints_nothing(server: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DownloadError):
        fetch(server, "missing")
    fetch(server, "good")

    assert capfd.readouterr() == ("", "")


def start_process(server: str, behavior: str, folder: Path) -> BaseProcess:
    mirrors = [f"http://{server}/{behavior}/"]
    process = FORK_SERVER.Process(
        target=download.fetch, args=(NAME, sha256(CONTENT), mirrors, folder)
    )
    process.start()
    return process


def test_first_downloads_of_two_processes_share_a_cache(tmp_path: Path, server: str) -> None:
    processes = [start_process(server, "good", tmp_path / "to") for _ in range(2)]

    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert (tmp_path / "to" / NAME).read_bytes() == CONTENT
    assert len(list((tmp_path / "to").iterdir())) == 1


def test_a_kill_during_a_download_leaves_nothing(tmp_path: Path, server: str) -> None:
    process = start_process(server, "stalls", tmp_path / "to")
    while not Mirror.requested:
        time.sleep(0.01)
    time.sleep(0.1)  # until it has received some bytes
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not list(tmp_path.glob("to/*"))

    assert fetch(server, "good").read_bytes() == CONTENT
