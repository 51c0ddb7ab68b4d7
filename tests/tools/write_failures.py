"""Fault injection: fail every operation on the files that commands write, one at a time.

Usage: python -m tests.tools.write_failures [--step N]

A failed run must end in one error and leave no temporary file, and what it has written must
still be resumed to the result of a run that did not fail. Another command must leave the old
file and no other one.
"""

import argparse
import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count, cycle, repeat
from pathlib import Path

from mnistcli.datasets import Splits
from mnistcli.datasets.download import fetch
from mnistcli.errors import RunError
from mnistcli.files.hashing import sha256
from mnistcli.files.user_directories import CACHE_VARIABLE, CONFIG_VARIABLE
from mnistcli.inference import litert_conversion, litert_files
from mnistcli.runs.run import Run
from mnistcli.training import train
from tests.datasets.mirror import FILES, NAME, serve
from tests.support.command_line import invoke
from tests.support.faults import failing
from tests.support.kills import CONFIG, fork, train_in_fork, verify_in_fork, wait
from tests.support.strokes import draw_digit, make_splits

_ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES)
_PASSED, _NAMED, _IGNORED = 0, 3, 4  # exit codes of a run
_OLD = b"old"
_MODEL = ("--model", "pretrained")
_PLOT = ("plot", "pretrained", "--dataset", "digits", "--kind", "confusion")

_Attempt = Callable[[int, int], bool | None]
"""Fails the operation with a given number with an error.

Returns whether nothing was damaged; None if there are fewer operations.
"""


def main() -> int:
    """Try all failures; return 1 if anything was damaged."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=int, default=1, help="fail every N-th operation")
    options = parser.parse_args()
    damaged = 0
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        os.environ |= {CACHE_VARIABLE: f"{name}/cache", CONFIG_VARIABLE: f"{name}/config"}
        draw_digit(3).save("digit.png")
        # The training runs first: a process that has started TensorFlow cannot be forked.
        attempts: dict[str, _Attempt] = {
            "train": _training_runs(),
            "predict": _command("figure.png", "predict", "digit.png", *_MODEL, "--save"),
            "plot": _command("history.png", *_PLOT, "--output-dir"),
            "cache": _cache,
            "download": _download,
        }
        for label, attempt in attempts.items():
            # A training run takes seconds, so that its operations take turns with the errors.
            if label == "train":
                outcomes = _try(attempt, cycle(_ERRORS), options.step)
            else:
                outcomes = [one for error in _ERRORS for one in _try(attempt, repeat(error))]
            wrong = outcomes.count(False)
            print(f"{label}: {len(outcomes)} failed operations, {wrong} did damage", flush=True)
            damaged += wrong
    return int(damaged > 0)


def _try(attempt: _Attempt, errors: Iterator[int], step: int = 1) -> list[bool]:
    """Fail one operation after the other until there are no more; return the outcomes."""
    outcomes: list[bool] = []
    for number in count(step, step):
        outcome = attempt(number, next(errors))
        if outcome is None:
            break
        outcomes.append(outcome)
        if not outcome:
            print(f"operation {number} did damage", flush=True)
        elif len(outcomes) % 20 == 0:
            print(f"{len(outcomes)} failed operations so far", flush=True)
    return outcomes


def _training_runs() -> _Attempt:
    splits = make_splits(100, 20)
    whole, run = Path("whole").absolute(), Path("run").absolute()
    assert wait(train_in_fork(whole, splits)) == 0
    assert wait(verify_in_fork(whole, splits)) == 0
    expected = (whole / "result.txt").read_text()

    def attempt(number: int, error: int) -> bool | None:
        code = wait(fork(lambda: _train(run, splits, number, error)))
        if code == _PASSED:
            return None
        is_whole = code in {_NAMED, _IGNORED} and not list(run.rglob(".*"))
        if run.exists():
            result = run / "result.txt"
            is_whole &= wait(verify_in_fork(run, splits)) == 0
            is_whole &= not result.exists() or result.read_text() == expected
            shutil.rmtree(run)
        return is_whole

    return attempt


def _train(run: Path, splits: Splits, number: int, error: int) -> None:
    """Train with one failing operation; the exit code tells how the training ended."""
    litert_conversion.to_litert = lambda model: None
    with failing(run, number, error) as faults:
        try:
            train(CONFIG, splits, Run.create(CONFIG, run))
        except RunError as failure:
            os._exit(_NAMED if os.strerror(error).lower() in failure.message else 1)
    if faults.count >= number:
        os._exit(_IGNORED)  # such as that of a directory that cannot be flushed


def _command(file: str, *arguments: str) -> _Attempt:
    """Return an attempt at a command that replaces a file; its last option takes the file or its directory."""
    folder = Path("output").absolute()
    place = folder if arguments[-1] == "--output-dir" else folder / file

    def attempt(number: int, error: int) -> bool | None:
        _fill(folder, file)
        with failing(folder, number, error) as faults:
            result = invoke(*arguments, place)
        if faults.count < number:
            assert result.exit_code == 0, result.stderr
            return None
        errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
        content = _only_content(folder)
        if result.exit_code == 0:  # a directory that cannot be flushed is not an error
            return content.startswith(b"\x89PNG")
        return (result.exit_code, len(errors), content) == (1, 1, _OLD)

    return attempt


def _cache(number: int, error: int) -> bool | None:
    """Without a cache, a converted model is not kept; that is not an error."""
    file = litert_files.cached_file("0" * 64)
    _fill(file.parent, file.name)
    with failing(file.parent, number, error) as faults:
        litert_files.write_cached(b"model", "0" * 64)
    if faults.count < number:
        return None
    return litert_files.read_cached("0" * 64) == b"model" or _only_content(file.parent) == _OLD


def _download(number: int, error: int) -> bool | None:
    folder = Path("downloads").absolute()
    _fill(folder)
    with serve() as server, failing(folder, number, error) as faults, suppress(OSError):
        fetch(NAME, sha256(FILES[NAME]), [f"http://{server}/good/"], folder)
    if faults.count < number:
        return None
    return not list(folder.iterdir()) or _only_content(folder) == FILES[NAME]


def _fill(folder: Path, *names: str) -> None:
    """Make a directory with old files."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_bytes(_OLD)


def _only_content(folder: Path) -> bytes:
    """Return the content of the only file in a directory; empty if there are others."""
    contents = [path.read_bytes() for path in folder.iterdir()]
    return contents[0] if len(contents) == 1 else b""


if __name__ == "__main__":
    sys.exit(main())
