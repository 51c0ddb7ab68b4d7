"""Chaos test: measure `predict` and `train --seeds` with `--cluster`, and kill the local workers.

Usage: python -m tests.tools.cluster [PART ...]

Parts (default: all of them):
    scale    Images and training runs per hour with 1, 2 and 4 worker processes.
    speed    `predict` with and without workers, side by side.
    kills    SIGKILL of workers that predict, at random times.
    callers  SIGKILL of the program that predicts, which then continues.
    seeds    SIGKILL of workers that train.
"""

import hashlib
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psutil

from mnistcli import datasets
from tests.support.program import PROGRAM
from tests.tools.bench.ordinary_images import make_images

CLUSTER = ("--cluster", "local:2")
ROUNDS = 2
IMAGES = 4_000
IMAGES_FOR_SPEED = 20_000
KILLS = 20

Process = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Images:
    """Images, and what `predict` in one process writes about them.

    Attributes:
        folder: The folder of the images.
        count: Their number.
        expected: The file of the predictions.
    """

    folder: Path
    count: int
    expected: Path

    @classmethod
    def make(cls, parent: Path, count: int) -> "Images":
        """Create images in a subfolder, and predict them in one process."""
        images = cls(parent / f"images{count}", count, parent / f"expected{count}.jsonl")
        if not images.folder.exists():
            make_images(datasets.load("mnist").train, images.folder, "84x84 drawings", count)
            run(images.predict(images.expected))
        return images

    def predict(self, output: Path, *options: str) -> tuple[str, ...]:
        """Return the command that predicts the images into a file."""
        command = (*PROGRAM, "predict", str(self.folder), "--model", "pretrained")
        return (*command, "--output", str(output), "--quiet", *options)

    def are_predicted(self, output: Path) -> bool:
        """Return whether a file has the expected bytes."""
        digests = {hashlib.sha256(path.read_bytes()).digest() for path in (output, self.expected)}
        return len(digests) == 1


class Measured(NamedTuple):
    """Duration of a command in seconds, and its memory in MB after 5 s and at its peak."""

    seconds: float
    early: float
    peak: float


def run(command: tuple[str, ...]) -> Measured:
    """Run a command and measure it.

    Raises:
        SystemExit: The command fails.
    """
    start, early, peak = time.monotonic(), 0.0, 0.0
    process = subprocess.Popen(command)
    while process.poll() is None:
        time.sleep(0.2)
        try:
            memory = psutil.Process(process.pid).memory_info().rss / 2**20
        except psutil.Error:
            break
        peak = max(peak, memory)
        early = early or (memory if time.monotonic() > start + 5 else 0.0)
    if process.wait():
        raise SystemExit(f"exit code {process.returncode}: {command}")
    return Measured(time.monotonic() - start, early, peak)


def find_workers(process: Process) -> list[psutil.Process]:
    """Return the worker processes of the program; none after its end."""
    try:
        children = psutil.Process(process.pid).children(recursive=True)
        return [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    except psutil.Error:
        return []


def kill_workers(
    processes: Sequence[Process],
    kills: int,
    pause: tuple[float, float],
    can_kill: Callable[[], bool] = lambda: True,
) -> int:
    """Kill workers of programs at random times, and wait until the programs have ended.

    Args:
        processes: The programs.
        kills: Number of kills, unless the programs end first.
        pause: Bounds of the time between two kills in seconds.
        can_kill: Returns whether a kill at this time counts. Defaults to always.

    Returns:
        The number of kills.

    Raises:
        SystemExit: A program has failed.
    """
    done = 0
    while done < kills and any(process.poll() is None for process in processes):
        time.sleep(random.uniform(*pause))
        found = [worker for process in processes for worker in find_workers(process)]
        if found and can_kill():
            random.choice(found).kill()
            done += 1
    for process in processes:
        if process.wait():
            raise SystemExit(f"exit code {process.returncode} after {done} kills: {process.args!r}")
    return done


def kill_in_rounds(
    name: str, pause: tuple[float, float], command: Callable[[int], tuple[str, ...]]
) -> int:
    """Run a command and kill its workers, as often as it takes for all kills.

    Args:
        name: The part, for the output.
        pause: Bounds of the time between two kills in seconds.
        command: Returns the command of a round, counted from 0.

    Returns:
        The number of rounds.
    """
    done = rounds = 0
    while done < KILLS:
        process = subprocess.Popen(command(rounds), stdout=subprocess.DEVNULL)
        done += kill_workers([process], KILLS - done, pause)
        rounds += 1
        print(f"{name}: {done} workers killed in {rounds} rounds")
    return rounds


def measure_scale(folder: Path) -> None:
    """Measure predictions and training runs with 1, 2 and 4 worker processes."""
    images = Images.make(folder, IMAGES)
    for number in (1, 2, 4):
        cluster = ("--cluster", f"local:{number}")
        predicting = run(images.predict(folder / f"scale{number}.jsonl", *cluster)).seconds
        options = ("--limit", "6000", "--epochs", "2", "--seeds", "0..7", "--quiet")
        run_dir = ("--run-dir", str(folder / f"scale{number}"))
        training = run((*PROGRAM, "train", *options, *cluster, *run_dir)).seconds
        print(
            f"scale: {number} processes: {images.count / predicting:.0f} images/s of "
            f"{images.count}, {8 * 3600 / training:.0f} runs of classic per hour (6,000 images, "
            "2 epochs)"
        )


def measure_speed(folder: Path) -> None:
    """Measure predictions with and without workers, side by side."""
    images = Images.make(folder, IMAGES_FOR_SPEED)
    output = folder / "speed.jsonl"
    for number in range(ROUNDS):
        alone = run(images.predict(folder / "alone.jsonl")).seconds
        seconds, early, peak = run(images.predict(output, *CLUSTER))
        print(
            f"speed {number + 1}: alone {images.count / alone:.0f}/s, cluster "
            f"{images.count / seconds:.0f}/s, ratio {alone / seconds:.2f}, caller {early:.0f} MB "
            f"after 5 s, at most {peak:.0f} MB, same output: {images.are_predicted(output)}"
        )


def kill_predicting_workers(folder: Path) -> None:
    """Kill workers that predict, and compare the predictions."""
    images = Images.make(folder, IMAGES)
    rounds = kill_in_rounds(
        "kills",
        (1.5, 6.0),
        lambda number: images.predict(folder / f"killed{number}.jsonl", *CLUSTER),
    )
    same = sum(map(images.are_predicted, folder.glob("killed*.jsonl")))
    print(f"kills: same output in {same} of {rounds} rounds")


def kill_callers(folder: Path) -> None:
    """Kill the program that predicts, continue it, and look for workers that are left."""
    images = Images.make(folder, IMAGES)
    output = folder / "continued.jsonl"
    done = leftover = 0
    while done < KILLS:
        options = ("--continue",) if done else ()
        process = subprocess.Popen(images.predict(output, *CLUSTER, *options))
        time.sleep(random.uniform(1.0, 4.5))
        children = find_workers(process)
        if process.poll() is None:
            done += 1
        else:  # it was faster, and the next one starts again
            output.unlink()
        process.kill()
        process.wait()
        _, alive = psutil.wait_procs(children, timeout=10)
        leftover += len(alive)
    run(images.predict(output, *CLUSTER, "--continue"))
    print(
        f"callers: {done} killed and continued, same output: {images.are_predicted(output)}, "
        f"workers left: {leftover}"
    )


def kill_training_workers(folder: Path) -> None:
    """Kill workers that train, and count the seeds that are finished."""
    options = ("--dataset", "digits", "--epochs", "4", "--seeds", "0..9", "--quiet")
    rounds = kill_in_rounds(
        "seeds",
        (5.0, 15.0),
        lambda number: (
            *(*PROGRAM, "train", *options, *CLUSTER),
            *("--run-dir", str(folder / f"seeds{number}")),
        ),
    )
    finished = len(list(folder.glob("seeds*/seed-*/metrics.json")))
    print(f"seeds: {finished} of {10 * rounds} seeds finished")


PARTS: dict[str, Callable[[Path], None]] = {
    "scale": measure_scale,
    "speed": measure_speed,
    "kills": kill_predicting_workers,
    "callers": kill_callers,
    "seeds": kill_training_workers,
}


def main() -> None:
    """Run the parts that the command line names."""
    random.seed(0)
    with tempfile.TemporaryDirectory() as name:
        for part in sys.argv[1:] or PARTS:
            PARTS[part](Path(name))


if __name__ == "__main__":
    main()
