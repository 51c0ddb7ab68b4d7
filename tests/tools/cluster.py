"""Measure `predict --cluster` and `train --seeds --cluster` with local workers, and kill them.

    python -m tests.tools.cluster scale speed kills callers seeds

`scale` measures 1, 2 and 4 worker processes; `speed` compares with `predict` in one process, side by side; `kills` ends workers with SIGKILL at
random times, `callers` the program itself, which then continues; `seeds` ends workers that train.
"""

import hashlib
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from mnistcli import datasets
from tests.tools.bench.ordinary_images import make_images

PROGRAM = (sys.executable, "-m", "mnistcli")
CLUSTER = ("--cluster", "local:2")
IMAGES = 20_000
ROUNDS = 2
FEWER = 4_000  # for the kills
KILLS = 20


def predict(folder: Path, output: Path, *options: str) -> tuple[str, ...]:
    command = (*PROGRAM, "predict", str(folder), "--model", "pretrained", "--output", str(output))
    return (*command, "--quiet", *options)


def workers(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The worker processes of the program."""
    try:
        children = psutil.Process(process.pid).children(recursive=True)
        return [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    except psutil.Error:
        return []


def run(command: tuple[str, ...]) -> tuple[float, float, float]:
    """Run a command; return its seconds, its memory after 5 s and at the end, in MB."""
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
    return time.monotonic() - start, early, peak


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def speed(folder: Path, images: Path) -> None:
    for number in range(ROUNDS):
        alone, *_ = run(predict(images, folder / "alone.jsonl"))
        seconds, early, peak = run(predict(images, folder / "cluster.jsonl", *CLUSTER))
        same = digest(folder / "alone.jsonl") == digest(folder / "cluster.jsonl")
        print(
            f"speed {number + 1}: alone {IMAGES / alone:.0f}/s, cluster {IMAGES / seconds:.0f}/s, "
            f"ratio {alone / seconds:.2f}, caller {early:.0f} MB after 5 s, at most {peak:.0f} MB, "
            f"same output: {same}"
        )


def scale(folder: Path, images: Path) -> None:
    for number in (1, 2, 4):
        cluster = ("--cluster", f"local:{number}")
        predicting, *_ = run(predict(images, folder / f"scale{number}.jsonl", *cluster))
        series = folder / f"scale{number}"
        options = ("--limit", "6000", "--epochs", "2", "--seeds", "0..7", "--quiet")
        training, *_ = run((*PROGRAM, "train", *options, *cluster, "--run-dir", str(series)))
        print(
            f"scale: {number} processes: {FEWER / predicting:.0f} images/s of {FEWER}, "
            f"{8 * 3600 / training:.0f} runs of classic per hour (6,000 images, 2 epochs)"
        )


def kill_workers(command: tuple[str, ...], kills: int, pause: tuple[float, float]) -> int:
    """Run a command and kill its workers at random times; return the number of kills."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    done = 0
    while process.poll() is None and done < kills:
        time.sleep(random.uniform(*pause))
        if found := workers(process):
            random.choice(found).kill()
            done += 1
    if process.wait():
        raise SystemExit(f"exit code {process.returncode} after {done} kills: {command}")
    return done


def kills(folder: Path, images: Path) -> None:
    done = 0
    while done < KILLS:
        done += kill_workers(
            predict(images, folder / "killed.jsonl", *CLUSTER), KILLS - done, (1.5, 6.0)
        )
        same = digest(folder / "killed.jsonl") == digest(folder / "alone.jsonl")
        print(f"kills: {done} workers killed, same output: {same}")


def callers(folder: Path, images: Path) -> None:
    output = folder / "continued.jsonl"
    done, leftover = 0, 0
    while done < KILLS:
        options = ("--continue",) if done else ()
        process = subprocess.Popen(predict(images, output, *CLUSTER, *options))
        time.sleep(random.uniform(1.0, 4.5))
        children = workers(process)
        if process.poll() is not None:
            output.unlink()
        process.kill()
        process.wait()
        _, alive = psutil.wait_procs(children, timeout=10)
        leftover += len(alive)
        done += 1
    run(predict(images, output, *CLUSTER, "--continue"))
    same = digest(output) == digest(folder / "alone.jsonl")
    print(f"callers: {done} killed and continued, same output: {same}, workers left: {leftover}")


def seeds(folder: Path, images: Path) -> None:
    command = (*PROGRAM, "train", "--dataset", "digits", "--epochs", "4", "--seeds", "0..9")
    done, rounds = 0, 0
    while done < KILLS:
        rounds += 1
        run_dir = folder / f"seeds{rounds}"
        done += kill_workers(
            (*command, *CLUSTER, "--quiet", "--run-dir", str(run_dir)), KILLS - done, (5.0, 15.0)
        )
        finished = len(list(run_dir.glob("seed-*/metrics.json")))
        print(f"seeds: {done} workers killed, {finished} of 10 seeds finished")


PARTS: dict[str, Callable[[Path, Path], None]] = {
    "scale": scale,
    "speed": speed,
    "kills": kills,
    "callers": callers,
    "seeds": seeds,
}


def main() -> None:
    random.seed(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = datasets.load("mnist").train
        for part in sys.argv[1:] or PARTS:
            count = IMAGES if part == "speed" else FEWER
            images = folder / f"{count}"
            if not images.exists():
                make_images(data, images, "84x84 drawings", count)
                run(predict(images, folder / "alone.jsonl"))
            PARTS[part](folder, images)


if __name__ == "__main__":
    main()
