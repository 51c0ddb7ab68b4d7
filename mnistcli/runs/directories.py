"""Names of run directories: new ones under ``runs/`` (a timestamp), and those in a directory."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import count
from pathlib import Path

RUNS_DIR = Path("runs")
_SEED = "seed-"


def new_run_paths(stem: str) -> Iterator[Path]:
    """Yield names for a new directory under ``runs/``: the time and a stem, then numbered ones.

    Args:
        stem: The purpose of the directory, such as ``fast_seed0``.
    """
    time = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    path = RUNS_DIR / f"{time}_{stem}"
    yield path
    yield from numbered_names(path)


def create_unique_directory(stem: str) -> Path:
    """Create a directory with a new name; no two processes get the same one.

    Args:
        stem: See `new_run_paths`.

    Raises:
        OSError: The directory cannot be created.
    """
    for path in new_run_paths(stem):
        with suppress(FileExistsError):
            path.mkdir(parents=True)
            return path
    raise AssertionError


def numbered_names(path: Path) -> Iterator[Path]:
    """Yield names beside a path: its own name with ``-2``, ``-3`` and so on."""
    for number in count(2):
        yield path.with_name(f"{path.name}-{number}")


def seed_directory(series: Path, seed: int) -> Path:
    """Return the run directory of a seed in the directory of `train --seeds`."""
    return series / f"{_SEED}{seed}"


def find_seeds(series: Path) -> list[int]:
    """Return the seeds in the directory of `train --seeds`, in ascending order.

    Raises:
        OSError: The directory cannot be read.
    """
    names = [path.name.removeprefix(_SEED) for path in series.iterdir() if path.is_dir()]
    return sorted(int(name) for name in names if re.fullmatch(r"\d{1,10}", name, re.ASCII))


def find_run_directories(root: Path) -> list[Path]:
    """Return the directories that can be runs: the subdirectories of `root`, and seeds in them.

    Raises:
        OSError: The directory cannot be read.
    """
    paths = [path for path in root.iterdir() if path.is_dir()] if root.exists() else []
    return [*paths, *(seed for path in paths for seed in path.glob(f"{_SEED}*/"))]
