"""The option ``--cluster``: the same output, and each failure as one line."""

from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="needs the extra cluster")

from mnistcli.cluster import connection
from mnistcli.cluster.addresses import ClusterAddress
from tests.support.command_line import fail, succeed

PREDICT = ("predict", "--model", "pretrained", "--quiet")


def test_the_output_equals_that_of_this_process(cluster: ClusterAddress, digit_pngs: Path) -> None:
    for suffix in ("csv", "jsonl"):
        command = (*PREDICT, digit_pngs, "--output")
        succeed(*command, f"here.{suffix}")
        succeed(*command, f"there.{suffix}", "--cluster", cluster.text)
        assert Path(f"there.{suffix}").read_bytes() == Path(f"here.{suffix}").read_bytes()


def test_an_output_is_continued(cluster: ClusterAddress, digit_pngs: Path) -> None:
    command = (*PREDICT, digit_pngs, "--cluster", cluster.text, "--output", "out.jsonl")
    succeed(*command)
    whole = Path("out.jsonl").read_bytes()
    Path("out.jsonl").rename("out.jsonl.partial")
    with Path("out.jsonl.partial").open("r+b") as partial:
        partial.truncate(len(whole) // 2)
    succeed(*command, "--continue")
    assert Path("out.jsonl").read_bytes() == whole


def test_an_address_without_a_scheduler_is_an_error(
    monkeypatch: pytest.MonkeyPatch, digit_pngs: Path
) -> None:
    monkeypatch.setattr(connection, "CONNECT_TIMEOUT", 0.5)
    assert fail(*PREDICT, digit_pngs, "--cluster", "tcp://127.0.0.1:9") == (
        1,
        ["error: no scheduler answers at 'tcp://127.0.0.1:9'", "hint: dask scheduler"],
    )


def test_options_that_need_this_process(digit_pngs: Path) -> None:
    Path("form.csv").write_text("name,left,top,right,bottom\na,0,0,1,1\n")
    regions = ("--regions", "form.csv", "--cluster", "local")
    assert fail(*PREDICT, digit_pngs / "1.png", *regions) == (
        2,
        ["error: --cluster cannot be combined with --regions"],
    )
    code, lines = fail(*PREDICT, digit_pngs, "--cluster", "nowhere")
    assert code == 2
    assert lines[0].startswith("error: --cluster must be local, local:N, the address")
    assert lines[1].endswith("--cluster local")


def test_training_needs_several_models() -> None:
    assert fail("train", "--dataset", "digits", "--cluster", "local") == (
        2,
        [
            "error: --cluster requires --seeds or --ensemble: one model is trained by one process",
            "hint: mnistcli train --dataset digits --cluster local --seeds 0..9",
        ],
    )
    assert fail("train", "--seeds", "0..1", "--device", "all", "--cluster", "local") == (
        2,
        [
            "error: --device all cannot be combined with --cluster: each of its processes would "
            "use all GPUs",
            "hint: mnistcli train --seeds 0..1 --device gpu --cluster local",
        ],
    )
    code, lines = fail("train", "--seeds", "0..1", "--tensorboard", "--cluster", "local")
    assert (code, lines[0]) == (2, "error: --cluster cannot be combined with --tensorboard")
