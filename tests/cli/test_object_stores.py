"""Images in object stores: `predict` on a real S3 server of the loopback interface."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.files import object_stores
from tests.support.command_line import fail, invoke, succeed
from tests.support.page_files import save_pages
from tests.support.s3_server import S3Server, forget_connections, s3_server

PREDICT = ("predict", "--model", "pretrained")
SCANS = "s3://images/scans/"


@pytest.fixture(scope="module")
def server(digit_pngs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A server with digits in a folder, two of them in a subfolder."""
    pages = tmp_path_factory.mktemp("pages") / "pages.tif"
    save_pages(pages, (1, 2))
    with s3_server() as server:
        server.put("images")
        for name, digit in (("10", 1), ("2", 2), ("sub/3", 3), ("sub/4", 4)):
            server.put(f"images/scans/{name}.png", (digit_pngs / f"{digit}.png").read_bytes())
        server.put("images/scans/")  # marks the folder, as consoles do
        server.put("images/scans/notes.txt", b"x")
        server.put("images/scans/.hidden.png", b"x")
        server.put("images/other/empty.png")
        server.put("images/other/damaged.png", b"\x89PNG\r\n\x1a\n")
        server.put("images/other/pages.tif", pages.read_bytes())
        yield server


@pytest.fixture(autouse=True)
def _use(server: S3Server) -> None:
    """Use the server in all tests."""


def predicted(*arguments: object) -> dict[str, str]:
    """Return the texts of the predictions by their paths."""
    lines = succeed(*PREDICT, *arguments, "--json").stdout.splitlines()
    return {one["path"]: one["text"] for one in map(json.loads, lines)}


def test_the_objects_of_a_folder_are_images() -> None:
    done = succeed(*PREDICT, SCANS, "--csv")
    assert [line.split(",")[:2] for line in done.stdout.splitlines()[1:]] == [
        ["s3://images/scans/2.png", "2"],
        ["s3://images/scans/10.png", "1"],
    ]
    assert "skipped 1 file and 1 subfolder in 's3://images/scans/': 1 .txt" in done.stderr


def test_subfolders_patterns_and_pages_are_found() -> None:
    assert list(predicted("s3://images/scans", "--recursive")) == [
        "s3://images/scans/2.png",
        "s3://images/scans/10.png",
        "s3://images/scans/sub/3.png",
        "s3://images/scans/sub/4.png",
    ]
    assert predicted("s3://images/scans/1*.png") == {"s3://images/scans/10.png": "1"}
    pages = {f"s3://images/other/pages.tif#{number}": str(number) for number in (1, 2)}
    assert predicted("s3://images/other/pages.tif") == pages
    assert list(predicted("S3://images/other/pages.tif#2")) == ["s3://images/other/pages.tif#2"]


def set_environment(values: dict[str, str]) -> None:
    os.environ.update(values)


def test_the_workers_of_a_cluster_open_the_objects(
    cluster: ClusterAddress, server: S3Server
) -> None:
    from distributed import Client

    expected = predicted(SCANS, "--recursive")
    with Client(cluster.text, set_as_default=False) as client:
        client.run(set_environment, server.environment)
    assert predicted(SCANS, "--recursive", "--cluster", cluster.text) == expected


def test_an_output_is_continued_and_split() -> None:
    output = ("--output", "out.csv")
    succeed(*PREDICT, SCANS, "--recursive", *output)
    whole = Path("out.csv").read_text()
    Path("out.csv").write_text("".join(whole.splitlines(keepends=True)[:3]))
    succeed(*PREDICT, SCANS, "--recursive", *output, "--continue")
    assert Path("out.csv").read_text() == whole
    shards = [predicted(SCANS, "--recursive", "--shard", f"{n}/2") for n in (1, 2)]
    assert len(shards[0]) + len(shards[1]) == len(shards[0] | shards[1]) == 4


def test_the_objects_are_opened_again_for_figures_and_the_review() -> None:
    outputs = ("--save", "a.png", "--review", "review", "--min-confidence", "1")
    succeed(*PREDICT, "s3://images/scans/2.png", *outputs)
    assert Path("a.png").exists()
    assert Path("review/2/2.png").exists()


def test_an_object_that_cannot_be_read_is_its_own_error() -> None:
    names = ("scans/2.png", "none.png", "other/empty.png", "other/damaged.png", "none/")
    result = invoke(*PREDICT, *(f"s3://images/{name}" for name in names), "--csv", "--quiet")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1].startswith("s3://images/scans/2.png,2,")
    assert result.stderr.splitlines() == [
        "error: no such object: 's3://images/none.png'",
        "error: empty file, not an image: 's3://images/other/empty.png'",
        "error: damaged or truncated image: 's3://images/other/damaged.png'",
        "error: no such folder: 's3://images/none/'",
    ]


@pytest.mark.parametrize(
    ("url", "lines"),
    [
        ("s3://none/scans/", ["error: no such bucket: 's3://none'"]),
        ("s3://none/1.png", ["error: no such bucket: 's3://none'"]),
        ("s3:///1.png", ["error: no bucket in 's3:///1.png'"]),
        ("s3://images/no*.png", ["error: no objects match 's3://images/no*.png'"]),
        (
            "s3://images/*/*.png",
            [
                "error: wildcards are allowed only in the last part of a URL: 's3://images/*/*.png'",
                "hint: mnistcli predict --model pretrained 's3://images/*/*.png' --quiet --recursive",
            ],
        ),
        (
            "s3://images/test.csv",
            ["error: 's3://images/test.csv' is a data file: download it first"],
        ),
        (
            "https://images.org/1.png",
            ["error: 'https://images.org/1.png' is a URL, not a file: download it first"],
        ),
        (
            "memory://1.png",
            ["error: 'memory://1.png' is a URL, not a file: download it first"],
        ),
    ],
)
def test_urls_without_an_image_are_errors(url: str, lines: list[str]) -> None:
    assert fail(*PREDICT, url, "--quiet") == (1, lines)


def test_wrong_credentials_are_an_error_with_a_hint(server: S3Server) -> None:
    for name in ("scans/2.png", "scans/"):
        with server.authentication():
            code, lines = fail(*PREDICT, f"s3://images/{name}", "--quiet")
        assert code == 1
        assert lines[0].startswith("error: access denied (")
        assert lines[0].endswith(f"): 's3://images/{name}'")
        assert lines[1] == "hint: export AWS_ACCESS_KEY_ID=KEY AWS_SECRET_ACCESS_KEY=SECRET"


def test_a_missing_package_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = import_module("fsspec.registry")
    forget_connections()
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(registry._registry, "s3", raising=False)
    assert fail(*PREDICT, f"{SCANS}2.png", "--quiet") == (
        1,
        [
            f"error: s3:// requires the package s3fs: '{SCANS}2.png'",
            "hint: pip install s3fs",
        ],
    )


def test_a_store_that_does_not_answer_is_one_error_per_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(object_stores, "_TIMEOUT", 0.3)
    monkeypatch.setattr(object_stores, "_MIN_RATE", 1e9)
    monkeypatch.setattr(object_stores, "_SLOW_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        forget_connections()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        code, lines = fail(*PREDICT, f"{SCANS}2.png", SCANS, f"{SCANS}*.png", "--quiet")
        forget_connections()
    assert (code, lines) == (
        1,
        [
            f"error: s3://images does not answer: '{SCANS}2.png'",
            f"error: s3://images does not answer: '{SCANS}'",
            f"error: s3://images does not answer: '{SCANS[:-1]}'",
        ],
    )
