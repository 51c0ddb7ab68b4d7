"""Startup time: `--help`, completion and usage errors import no TensorFlow and no SciPy."""

import subprocess
import sys

import pytest

HEAVY = (
    "tensorflow", "keras", "sklearn", "matplotlib", "scipy", "numpy", "PIL", "cv2", "requests",
    "pooch", "ai_edge_litert",
)  # fmt: skip
# Importing one of them fails, as if it were not installed.
BLOCK_HEAVY = f"""
import sys
for name in {HEAVY!r}:
    sys.modules[name] = None
"""


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def run_without_heavy(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program with the heavy packages blocked."""
    return python(
        f"{BLOCK_HEAVY}\nimport os\nos.environ |= {environment!r}\n"
        f"sys.argv = ['mnistcli', *{arguments!r}]\n"
        "from mnistcli.__main__ import main\nmain()"
    )


def test_importing_the_package_has_no_side_effects() -> None:
    done = python(
        "import os, sys\n"
        "before = dict(os.environ), set(sys.modules)\n"
        "import mnistcli\n"
        "assert dict(os.environ) == before[0]\n"
        "loaded = set(sys.modules) - before[1]\n"
        "assert {name for name in loaded if name.startswith('mnistcli')} == {'mnistcli'}\n"
        "assert {name.partition('.')[0] for name in loaded} <= {'mnistcli', *sys.stdlib_module_names}\n"
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "module", ["mnistcli", "mnistcli.cli", "mnistcli.plotting", "mnistcli.plotting.registry"]
)
def test_light_modules_import_no_heavy_package(module: str) -> None:
    done = python(f"{BLOCK_HEAVY}\nimport {module}")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("--help", 0),
        ("train --help", 0),
        ("evaluate --help", 0),
        ("predict --help", 0),
        ("plot --help", 0),
        ("recipes --help", 0),
        ("runs --help", 0),
        ("runs", 0),
        ("compare --help", 0),
        ("doctor --help", 0),
        ("draw --help", 0),
        ("draw --port x", 2),
        ("recipes", 0),
        ("recipes deep --json", 0),
        ("--version", 0),
        ("--show-completion zsh", 0),
        ("train --epochs 0", 2),
        ("train --recipe nothing", 2),
        ("train --epoch 3", 2),
        ("trian", 2),
        ("predict", 2),
        ("plot --kind nothing", 2),
        ("evaluate nothing", 1),
        ("compare nothing", 1),
        ("predict a.png --model nothing", 1),
    ],
)
def test_help_and_usage_errors_load_nothing_heavy(arguments: str, code: int) -> None:
    done = run_without_heavy(*arguments.split())

    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr


def test_help_loads_no_command() -> None:
    """Their options took a quarter of the time of `--help`, and their code a third."""
    done = python(
        "import atexit, sys\n"
        "before = set(sys.modules)\n"  # those of coverage.py
        "from mnistcli.__main__ import main\n"
        "atexit.register(lambda: print(*(set(sys.modules) - before)))\n"
        "sys.argv = ['mnistcli', '--help']\n"
        "main()\n"
    )

    loaded = set(done.stdout.splitlines()[-1].split())
    assert "mnistcli.cli" in loaded
    assert not any(name.startswith("mnistcli.cli.commands") for name in loaded)
    assert loaded & {"hashlib", "importlib.metadata"} == set()


def test_completion_loads_nothing_heavy() -> None:
    done = run_without_heavy(
        _MNISTCLI_COMPLETE="complete_bash", COMP_WORDS="mnistcli train --recipe d", COMP_CWORD="3"
    )

    assert (done.returncode, done.stdout.split()) == (0, ["deep"]), done.stderr


def test_a_digit_in_mnist_format_is_found_without_scipy() -> None:
    done = python(
        "import sys\nsys.modules['scipy'] = None\n"
        "import mnistcli.prediction.predict\n"
        "from PIL import Image\n"
        "from mnistcli.preprocessing import find_digits\n"
        "image = Image.new('L', (28, 28))\n"
        "image.paste(255, (12, 4, 17, 24))\n"
        "assert find_digits(image)[0].box == (12, 4, 17, 24)\n"
    )

    assert (done.returncode, done.stderr) == (0, "")
