"""Worker: a process that runs cases until one of them crashes it."""

import multiprocessing
import random
import shutil
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from mnistcli.errors import MnistCliError

MAX_SECONDS = 5.0
MAX_BYTES = 1 << 30
_PATIENCE = 4 * MAX_SECONDS  # until a process is terminated
_OK, _REFUSED = "accepted", "refused"


@dataclass
class Report:
    """Counts of the cases, and what failed.

    Attributes:
        accepted: Cases whose mutation made no difference that matters.
        refused: Cases that ended in a named error.
        failures: All others, as ``kind:seed:number`` with the reason.
        slowest: Seconds of the slowest case.
        largest: Bytes of the largest process.
    """

    accepted: int = 0
    refused: int = 0
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0
    largest: int = 0

    @property
    def cases(self) -> int:
        """The number of cases."""
        return self.accepted + self.refused + len(self.failures)


def run_cases(
    kind: str, *, seed: int = 0, seconds: float = 1e9, count: int = 10**9, first: int = 0
) -> Report:
    """Run the cases of a kind, until the time is up or there are enough of them."""
    report = Report()
    end = time.monotonic() + seconds
    number = first
    while number < first + count and time.monotonic() < end:
        for result in _run_process(kind, seed, number, first + count, end):
            _add(report, f"{kind}:{seed}:{number}", *result)
            number += 1
    return report


def _add(report: Report, case: str, outcome: str, seconds: float, memory: int) -> None:
    if outcome == _OK:
        report.accepted += 1
    elif outcome == _REFUSED:
        report.refused += 1
    else:
        report.failures.append(f"{case}: {outcome}")
    if seconds > MAX_SECONDS and outcome in {_OK, _REFUSED}:
        report.failures.append(f"{case}: {seconds:.1f} s")
    if memory > MAX_BYTES:
        report.failures.append(f"{case}: {memory >> 20} MB")
    report.slowest = max(report.slowest, seconds)
    report.largest = max(report.largest, memory)


def _run_process(
    kind: str, seed: int, number: int, last: int, end: float
) -> Iterator[tuple[str, float, int]]:
    """Run cases in a process; yield outcome, seconds and memory of each. It stops at a failure."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(sender, kind, seed, number), daemon=True)
    process.start()
    sender.close()
    receiver.recv()  # it has imported everything
    while number < last and time.monotonic() < end:
        try:
            if not receiver.poll(_PATIENCE):
                yield f"no end after {_PATIENCE:.0f} s", _PATIENCE, 0
                break
            result: tuple[str, float, int] = receiver.recv()
        except EOFError:
            process.join()
            yield f"the process ended with {process.exitcode}", 0.0, 0
            break
        yield result
        if result[2] > MAX_BYTES:
            break
        number += 1
    process.kill()
    process.join()


def _work(sender: Connection, kind: str, seed: int, number: int) -> None:
    from tests.tools.fuzz.targets import seeds

    inputs = seeds(kind)
    sender.send("ready")
    while True:
        rng = random.Random(f"{kind}-{seed}-{number}")
        source = rng.choice(inputs)
        folder = Path(tempfile.mkdtemp(prefix="mnistcli-fuzz-"))
        try:
            for name, content in source.files.items():
                changed = source.mutate(content, rng) if name == source.mutated else content
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(changed)
            begin = time.perf_counter()
            outcome = _outcome(source.read, folder)
            sender.send((outcome, time.perf_counter() - begin, _memory()))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        number += 1


def _outcome(read: object, folder: Path) -> str:
    try:
        assert callable(read)
        read(folder)
    except MnistCliError as error:
        return _REFUSED if error.message.isprintable() else f"unprintable: {error.message!r}"
    except Exception as error:  # noqa: BLE001 - this is what the fuzzer looks for
        place = traceback.extract_tb(error.__traceback__)[-1]
        return (
            f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}: {error!s:.80}"
        )
    return _OK


def _memory() -> int:
    """Return the most memory that this process has had, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10
    return 0
