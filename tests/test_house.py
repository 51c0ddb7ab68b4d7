"""The house keeps its order: imports go down the floors, and the command line stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import mnistcli

PACKAGE = Path(mnistcli.__file__).parent
FLOORS = [
    {"config", "errors"},
    {"runs", "files"},
    {
        "datasets",
        "handwriting",
        "models",
        "augmentation",
        "calibration",
        "checkpoints",
        "litert",
        "inference",
        "conversion",
        "device",
    },
    {"training", "ensembles", "evaluation", "explanation", "reading", "plotting", "gallery"},
    {"console"},
    {"cli"},
    {"__main__", "__init__"},
]
HEAVY = ("tensorflow", "keras", "sklearn", "matplotlib", "scipy", "PIL", "ai_edge_litert")
# Fails on the first import of any of them, as if they were not installed.
BLOCKED = f"""
import sys
for name in {HEAVY!r}:
    sys.modules[name] = None
"""


def room(path: Path) -> str:
    """The module of the package that a file belongs to, such as ``datasets``."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """The modules that a file imports anywhere, with the names it takes from ``mnistcli``."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "mnistcli":
            found |= {f"mnistcli.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_every_module_has_a_floor() -> None:
    rooms = {room(path) for path in PACKAGE.rglob("*.py")}

    assert rooms == set().union(*FLOORS)


def test_imports_go_down() -> None:
    floor_of = {name: floor for floor, names in enumerate(FLOORS) for name in names}
    upwards = [
        (str(path.relative_to(PACKAGE)), module)
        for path in PACKAGE.rglob("*.py")
        for module in imports(path)
        if module.startswith("mnistcli.") and floor_of[module.split(".")[1]] > floor_of[room(path)]
    ]

    assert upwards == []


def test_there_is_no_circle() -> None:
    graph = {name: set() for names in FLOORS for name in names}
    for path in PACKAGE.rglob("*.py"):
        used = {module.split(".")[1] for module in imports(path) if module.startswith("mnistcli.")}
        graph[room(path)] |= used - {room(path)}
    while free := [name for name, used in graph.items() if not used & set(graph)]:
        for name in free:
            del graph[name]

    assert graph == {}


def test_only_the_top_floors_know_the_terminal() -> None:
    knowing = {
        room(path)
        for path in PACKAGE.rglob("*.py")
        if {module.split(".")[0] for module in imports(path)} & {"typer", "rich"}
    }

    assert knowing == {"console", "cli"}


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
        "import mnistcli.reading\n"
        "from PIL import Image\n"
        "from mnistcli.handwriting import find_digits\n"
        "picture = Image.new('L', (28, 28))\n"
        "picture.paste(255, (12, 4, 17, 24))\n"
        "assert find_digits(picture)[0].box == (12, 4, 17, 24)\n"
    )

    assert (done.returncode, done.stderr) == (0, "")
