"""Run commands on file systems that are too small (disk full), and look at what is left.

Usage: python -m tests.tools.small_disks

Each file system is a `tmpfs` in a namespace of its own, which needs no administrator. A command
must end in one error, leave the old file and no temporary one; or it has enough space.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.program import PROGRAM
from tests.support.strokes import draw_digit

SIZES = (8, 24, 64, 200, 500, 900, 1300, 1700, 2100, 2600, 3200, 4000, 8000)  # kB
_OLD = "old"
_SCRIPT = """
mount -t tmpfs -o size="$1k" none disk && printf old > disk/old.png && shift && "$@"
code=$?
find disk -type f > left
cp disk/old.png . 2> /dev/null
exit $code
"""
_COMMANDS = {
    "train": ("train", "--dataset", "digits", "--epochs", "2", "-o", "disk/run"),
    "predict": ("predict", "3.png", "--model", "pretrained", "--save", "disk/old.png"),
    "plot": ("plot", "pretrained", "--dataset", "digits", "--kind", "confusion", "-o", "disk"),
}


def main() -> int:
    """Run all commands; return 1 if anything was damaged."""
    failed = 0
    root = Path(__file__).parents[2]
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        draw_digit(3).save("3.png")
        Path("disk").mkdir()
        environment = {**os.environ, "PYTHONPATH": str(root)}
        for label, arguments in _COMMANDS.items():
            for size in SIZES:
                done = subprocess.run(
                    ["unshare", "-rm", "sh", "-c", _SCRIPT, "sh", str(size), *PROGRAM, *arguments],
                    env=environment, capture_output=True, text=True, check=False,
                )  # fmt: skip
                wrong = _describe_damage(done)
                failed += bool(wrong)
                sys.stdout.write(f"{label} on {size} kB: exit code {done.returncode} {wrong}\n")
                sys.stdout.flush()
                if done.returncode == 0:
                    break
    sys.stdout.write(f"{failed} did damage\n")
    return int(failed > 0)


def _describe_damage(done: "subprocess.CompletedProcess[str]") -> str:
    """Return what is wrong after a command; empty for nothing."""
    left = Path("left").read_text().splitlines()
    temporary = [path for path in left if "/.mnistcli-" in path]
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    if temporary:
        return f"left {temporary}"
    if done.returncode == 0:
        return ""
    if done.returncode != 1 or len(errors) != 1 or "Traceback" in done.stderr:
        return f"not one error: {done.stderr}"
    return "" if Path("old.png").read_text() == _OLD else "the old file is not whole"


if __name__ == "__main__":
    sys.exit(main())
