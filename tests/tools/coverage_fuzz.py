"""Coverage-guided fuzzing of images, data files and run directories with atheris.

libFuzzer changes valid inputs, those of `tests.tools.fuzz`, so that they reach new lines of the
readers. Packaged models are too large for it. Atheris is not a dependency, as it has wheels for Linux
only: pip install -e '.[tools]'.

Usage: python -m tests.tools.coverage_fuzz KIND [--seconds N]
"""

import argparse
import importlib
import resource
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from mnistcli.errors import MnistCliError

# The packages that read each kind; only their lines count as new.
_READERS = {
    "images": ["mnistcli.image_io", "mnistcli.preprocessing"],
    "data": ["mnistcli.datasets"],
    "runs": ["mnistcli.runs"],
}
_MAX_INPUT_BYTES = 20_000
# libFuzzer limits the peak of memory, which includes the memory of the parent process.
_MAX_MEMORY_BYTES = 1_500_000_000


def main() -> int:
    """Fuzz one kind of input; libFuzzer exits with an error at the first failure."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.coverage_fuzz")
    parser.add_argument("kind", choices=_READERS)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        print("needs atheris: pip install -e '.[tools]'", file=sys.stderr)
        return 2
    with atheris.instrument_imports(include=_READERS[options.kind]):
        from tests.tools.fuzz.targets import seeds

        inputs = seeds(options.kind)
    with tempfile.TemporaryDirectory() as name:
        corpus, case = Path(name, "corpus"), Path(name, "case")
        corpus.mkdir()
        for number, seed in enumerate(inputs):
            # The first byte chooses the seed, whose other files stay as they are.
            (corpus / str(number)).write_bytes(bytes([number]) + seed.files[seed.mutated])

        def run_case(content: bytes) -> None:
            """Read a mutated input. Named errors are what a reader may raise."""
            if not content:
                return
            seed = inputs[content[0] % len(inputs)]
            shutil.rmtree(case, ignore_errors=True)
            for file, valid in (seed.files | {seed.mutated: content[1:]}).items():
                (case / file).parent.mkdir(parents=True, exist_ok=True)
                (case / file).write_bytes(valid)
            with suppress(MnistCliError):
                seed.read(case)

        limits = [
            f"-max_total_time={options.seconds}",
            f"-max_len={_MAX_INPUT_BYTES}",
            "-timeout=5",
        ]
        flags = ["-rss_limit_mb=0", "-print_final_stats=1"]
        resource.setrlimit(resource.RLIMIT_DATA, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))
        atheris.Setup([sys.argv[0], *limits, *flags, str(corpus)], run_case)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
