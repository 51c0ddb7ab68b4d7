"""The house keeps its order: imports go down the floors, and the command line stays light."""

import subprocess
import sys

HEAVY = ("tensorflow", "keras", "sklearn", "matplotlib", "scipy", "PIL", "ai_edge_litert")
# Fails on the first import of any of them, as if they were not installed.
BLOCKED = f"""
import sys
for name in {HEAVY!r}:
    sys.modules[name] = None
"""


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_importing_the_package_does_nothing() -> None:
    done = python(
        "import os, sys\n"
        "before = dict(os.environ), set(sys.modules)\n"
        "import mnistcli\n"
        "assert dict(os.environ) == before[0]\n"
        "assert set(sys.modules) - before[1] == {'mnistcli'}\n"
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_help_completion_and_usage_errors_load_nothing_heavy() -> None:
    for arguments, code in {
        ("--help",): 0,
        ("train", "--help"): 0,
        ("evaluate", "--help"): 0,
        ("predict", "--help"): 0,
        ("plot", "--help"): 0,
        ("--version",): 0,
        ("train", "--epochs", "0"): 2,
        ("train", "--recipe", "nothing"): 2,
        ("predict",): 2,
        ("plot", "--kind", "nothing"): 2,
        ("evaluate", "nothing"): 1,
    }.items():
        done = python(
            f"{BLOCKED}\nsys.argv = ['mnistcli', *{arguments!r}]\n"
            "from mnistcli.__main__ import main\nmain()"
        )
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr


def test_completion_loads_nothing_heavy() -> None:
    done = python(
        f"{BLOCKED}\nimport os\n"
        "os.environ |= {'_MNISTCLI_COMPLETE': 'complete_bash',"
        " 'COMP_WORDS': 'mnistcli train --recipe d', 'COMP_CWORD': '3'}\n"
        "sys.argv = ['mnistcli']\n"
        "from mnistcli.__main__ import main\nmain()"
    )

    assert (done.returncode, done.stdout.split()) == (0, ["deep"]), done.stderr


def test_a_digit_in_mnists_form_is_found_without_scipy() -> None:
    done = python(
        "import sys\nsys.modules['scipy'] = None\n"
        "import mnistcli.prediction\n"
        "from PIL import Image\n"
        "from mnistcli.preprocessing import find_digits\n"
        "picture = Image.new('L', (28, 28))\n"
        "picture.paste(255, (12, 4, 17, 24))\n"
        "assert find_digits(picture)[0].box == (12, 4, 17, 24)\n"
    )

    assert (done.returncode, done.stderr) == (0, "")
