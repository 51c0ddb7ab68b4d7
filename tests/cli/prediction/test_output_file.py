"""The output file of `predict`: crash recovery with ``--continue``, locking, and a full disk."""

import json
import signal
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest

from mnistcli.cli.prediction import output_file
from mnistcli.cli.prediction.output_format import OutputFormat
from mnistcli.files.locks import try_lock
from mnistcli.prediction.rejection import Thresholds, apply_rejection
from mnistcli.prediction.results import Prediction
from tests.support.command_line import fail, invoke, succeed

JSON = OutputFormat(as_json=True)
CSV = OutputFormat(as_csv=True)
CSV_HEADER = b"path,text,confidence,reason\n"
CSV_ROWS = (b'a.png,"1\n2",0.5,\n', b'"b,"".png",,0.0,no digit\n', b"c\xff.png,3,1,\n")
PREDICT = ("predict", "--model", "pretrained")


@pytest.fixture
def images(digit_pngs: Path, tmp_path: Path) -> Path:
    """A folder of five images and a damaged one."""
    folder = tmp_path / "images"
    folder.mkdir()
    for digit in range(5):
        (folder / f"{digit}.png").write_bytes((digit_pngs / f"{digit}.png").read_bytes())
    (folder / "damaged.png").write_bytes(b"\x89PNG\r\n")
    return folder


def names(layout: OutputFormat, content: bytes) -> tuple[list[str], int]:
    records = list(layout.read(BytesIO(content)))
    return [record.name for record in records], records[-1].end if records else 0


def test_json_is_read_up_to_a_truncated_or_damaged_line() -> None:
    first, second = b'{"path": "a.png"}\n', b'{"path": "b\xff.png", "model": "m"}\n'
    whole = first + second

    assert names(JSON, whole) == (["a.png", "b\udcff.png"], len(whole))
    for end in range(len(first), len(whole)):
        assert names(JSON, whole[:end]) == (["a.png"], len(first))
    for damaged in (b"\0\0\n", b"[]\n", b'{"path": 1}\n', b"{}\n"):
        assert names(JSON, first + damaged + second) == (["a.png"], len(first))


def test_csv_is_read_up_to_a_truncated_row_wherever_it_ends() -> None:
    whole = CSV_HEADER + b"".join(CSV_ROWS)
    ends = [len(CSV_HEADER) + sum(map(len, CSV_ROWS[:count])) for count in range(4)]
    expected = ["", "a.png", 'b,".png', "c\udcff.png"]

    for end in range(len(whole) + 1):
        complete = sum(end >= one for one in ends)
        assert names(CSV, whole[:end]) == (expected[:complete], ends[complete - 1] if complete else 0)  # fmt: skip


def test_csv_with_another_header_has_no_records() -> None:
    assert names(CSV, b"path,text\na.png,1\n") == ([], 0)
    assert names(OutputFormat(as_csv=True, only_rows=True), b"ImageId,Label\n7,3\n") == (
        ["", "7"],
        18,
    )


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_a_truncated_output_is_continued_to_that_of_an_undisturbed_run(
    images: Path, name: str
) -> None:
    again = images / "0.png"
    command = (*PREDICT, images, again, "--output", name)
    assert invoke(*command).exit_code == 1  # one image is damaged
    whole = Path(name).read_bytes()

    for part in (0.95, 0.5, 0.2):
        Path(name).unlink()
        Path(f"{name}.partial").write_bytes(whole[: int(len(whole) * part)])
        invoke(*command, "--continue")
        assert Path(name).read_bytes() == whole
        assert not Path(f"{name}.partial").exists()


def test_a_complete_output_is_continued_with_new_images(images: Path) -> None:
    new = images / "4.png"
    content = new.read_bytes()
    new.unlink()
    command = (*PREDICT, images, "--output", "out.jsonl", "--continue")
    invoke(*command)
    new.write_bytes(content)

    result = invoke(*command)

    paths = [json.loads(line)["path"] for line in Path("out.jsonl").read_text().splitlines()]
    assert paths == [str(images / name) for name in ("0.png", "1.png", "2.png", "3.png", "damaged.png", "4.png")]  # fmt: skip
    assert "out.jsonl contains 5 results" in result.stderr.splitlines()
    assert result.exit_code == 0


def test_the_rows_of_a_table_are_continued_by_their_number() -> None:
    Path("rows.csv").write_text("".join(f"{','.join([str(n)] * 784)}\n" for n in (0, 200, 90)))
    command = (*PREDICT, "rows.csv", "--output", "out.csv")
    succeed(*command)
    whole = Path("out.csv").read_text()
    Path("out.csv").rename("out.csv.partial")
    Path("out.csv.partial").write_text(whole[: whole.index("\n2,") + 1])

    succeed(*command, "--continue")

    assert whole.startswith("ImageId,Label\n1,")
    assert Path("out.csv").read_text() == whole


def test_a_run_without_continue_starts_again(images: Path) -> None:
    Path("out.jsonl.partial").write_text('{"path": "old.png"}\n')

    succeed(*PREDICT, images / "0.png", "--output", "out.jsonl")

    (line,) = Path("out.jsonl").read_text().splitlines()
    assert json.loads(line)["text"] == "0"


def test_a_killed_prediction_is_continued(images: Path) -> None:
    """Results are in the partial file when the process is killed at the fourth image."""
    command = [*PREDICT, str(images), "--output", "out.jsonl"]
    kill = f"""
import os, signal, sys
import mnistcli.cli.prediction.prediction_table, mnistcli.prediction.predict
apply = mnistcli.prediction.predict.apply_rejection
def kill(prediction, thresholds):
    if prediction.path.name == "3.png":
        sys.stdout.write('{{"path": ')
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    return apply(prediction, thresholds)
mnistcli.prediction.predict.apply_rejection = kill
mnistcli.cli.prediction.prediction_table._WIDTH_SAMPLE = 1
sys.argv = {["mnistcli", *command]!r}
from mnistcli.__main__ import main
main()
"""

    done = subprocess.run([sys.executable, "-c", kill], capture_output=True, check=False)

    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not Path("out.jsonl").exists()
    assert len(Path("out.jsonl.partial").read_text().splitlines()) == 4
    invoke(*command, "--continue")
    paths = [json.loads(line)["path"] for line in Path("out.jsonl").read_text().splitlines()]
    names = ("0.png", "1.png", "2.png", "3.png", "4.png", "damaged.png")
    assert paths == [str(images / name) for name in names]


def test_an_interrupted_prediction_names_the_command_that_continues(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(result: Prediction, thresholds: Thresholds) -> Prediction:
        if result.path.name == "4.png":
            raise KeyboardInterrupt
        return apply_rejection(result, thresholds)

    monkeypatch.setattr("mnistcli.prediction.predict.apply_rejection", interrupt)
    monkeypatch.setattr("mnistcli.cli.prediction.prediction_table._WIDTH_SAMPLE", 1)

    code, lines = fail(*PREDICT, images, "--output", "out.jsonl")

    assert code == 130
    assert lines[-2:] == [
        f"continue with: mnistcli predict --model pretrained {images} --output out.jsonl --continue",
        "interrupted",
    ]
    assert fail(*PREDICT, images, "--output", "out.txt")[0] == 130
    assert not Path("out.txt.partial").exists()


def test_two_processes_do_not_write_the_same_output(images: Path) -> None:
    Path("out.csv.partial").touch()
    with try_lock(Path("out.csv.partial")):
        code, lines = fail(*PREDICT, images, "--output", "out.csv")

    assert (code, lines[-2]) == (1, "error: another process is writing to 'out.csv'")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("out.jsonl", '{"path": "a", "model": "runs/x"}\n', "'out.jsonl' was written with another model, 'runs/x'"),
        ("out.jsonl", "path,text\n", "'out.jsonl' contains no results in this format to continue"),
        ("out.csv", "ImageId,Label\n1,2\n", "'out.csv' contains no results in this format to continue"),
    ],
)  # fmt: skip
def test_other_files_are_not_continued(images: Path, name: str, content: str, message: str) -> None:
    Path(name).write_text(content)

    code, lines = fail(*PREDICT, images, "--output", name, "--continue")

    assert (code, lines[-2]) == (1, f"error: {message}")
    assert Path(name).read_text() == content
    assert not Path(f"{name}.partial").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--continue",), "--continue requires --output with a file that ends in .csv, .json or .jsonl"),
        (("--continue", "--output", "a.txt"), "--continue requires --output with a file that ends in .csv, .json or .jsonl"),
        (("--continue", "--output", "a.csv", "--review", "r"), "--continue cannot be combined with --review"),
        (("--shard", "1/2", "--regions", "r.csv"), "--shard cannot be combined with --regions"),
        (("--shard", "3/2"), "--shard must be a number and a count, such as 3/64, not '3/2'"),
    ],
)  # fmt: skip
def test_conflicting_options_are_refused(options: tuple[str, ...], message: str) -> None:
    code, lines = fail("predict", "a.png", *options)

    assert (code, lines[0]) == (2, f"error: {message}")


def test_the_shards_of_a_folder_are_its_images(images: Path) -> None:
    predicted: list[str] = []
    for number in (1, 2, 3):
        result = invoke(*PREDICT, images, "--shard", f"{number}/3", "--json")
        predicted += [json.loads(line)["path"] for line in result.stdout.splitlines()]

    assert sorted(predicted) == sorted(map(str, images.iterdir()))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_line(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = output_file._AppendOnlyFile
    monkeypatch.setattr(
        output_file, "_AppendOnlyFile", lambda _, path: real(Path("/dev/full"), path)
    )
    Path("out.jsonl").write_text("old")

    code, lines = fail(*PREDICT, images, "--output", "out.jsonl")

    assert code == 1
    assert lines[-2] == "error: cannot write 'out.jsonl': no space left on device"
    assert Path("out.jsonl").read_text() == "old"
