"""Advisory file locks: mutual exclusion of processes."""

import subprocess
import sys
from pathlib import Path

from mnistcli.files.locks import try_lock

ROOT = Path(__file__).parents[2]


def test_a_directory_is_locked_against_other_processes(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from mnistcli.files.locks import try_lock\n"
        "with try_lock(Path(sys.argv[1])) as has_lock:\n"
        "    print(has_lock)\n"
    )

    def other_locks() -> str:
        command = [sys.executable, "-c", code, str(tmp_path)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    with try_lock(tmp_path) as has_lock:
        assert has_lock
        assert other_locks() == "False\n"
    assert other_locks() == "True\n"
