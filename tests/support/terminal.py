"""The program under a pseudo-terminal: stderr on a terminal, stdout there, on a pipe or in a file."""

import fcntl
import os
import pty
import re
import struct
import termios
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.support.program import Program

# Rich and Typer take hints from these; a test of a terminal sets its own.
_VARIABLES = ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "TERM", "TERMINAL_WIDTH")

# The program holds back these messages when it imports TensorFlow, which has already been imported.
_HOLD_BACK_MESSAGES = """
import keras
from mnistcli.system.stderr_capture import hold_back_stderr
with hold_back_stderr():
    keras.distribution.list_devices()
"""

Stdout = Literal["terminal", "pipe", "file"]
STDOUTS: tuple[Stdout, ...] = ("terminal", "pipe", "file")


@dataclass(frozen=True)
class Finished:
    """A finished program.

    Attributes:
        code: The exit code.
        terminal: The bytes that the terminal received, decoded.
        stdout: The bytes on the pipe or in the file, decoded; empty if stdout is the terminal.
    """

    code: int
    terminal: str
    stdout: str

    @property
    def output(self) -> str:
        """The results, wherever stdout is."""
        return self.stdout or self.terminal


def run_in_terminal(
    *arguments: object,
    stdout: Stdout = "terminal",
    columns: int = 80,
    code: str = "",
    environment: Iterable[tuple[str, str]] = (),
) -> Finished:
    """Run the program with stderr on a pseudo-terminal.

    Args:
        arguments: The command line.
        stdout: The destination of stdout.
        columns: Width of the terminal.
        code: Python code that runs first, to change functions of the program.
        environment: Variables to set; those that change the terminal are not inherited.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    inherited = {name: value for name, value in os.environ.items() if name not in _VARIABLES}
    terminal, chunks, piped = os.ttyname(slave), list[bytes](), list[bytes]()
    readers = [threading.Thread(target=_read_terminal, args=(master, chunks))]
    target = {"terminal": terminal, "pipe": "stdout.pipe", "file": "stdout.txt"}[stdout]
    if stdout == "pipe":
        os.mkfifo(target)
        readers.append(threading.Thread(target=lambda: piped.append(Path(target).read_bytes())))
    for reader in readers:
        reader.start()
    program = Program(
        *map(str, arguments),
        code=_HOLD_BACK_MESSAGES + code,
        stdin=terminal,
        stdout=target,
        stderr=terminal,
        environment={**inherited, "TERM": "xterm-256color", **dict(environment)},
    )
    exit_code = program.wait()
    os.close(slave)
    for reader in readers:
        reader.join(timeout=10)
    os.close(master)
    if stdout == "pipe":
        Path(target).unlink()
    results = Path(target).read_bytes() if stdout == "file" else b"".join(piped)
    return Finished(exit_code, b"".join(chunks).decode(), results.decode())


def _read_terminal(master: int, chunks: list[bytes]) -> None:
    """Read until the program has closed the terminal, which Linux reports as an I/O error."""
    while True:
        try:
            chunk = os.read(master, 2**16)
        except OSError:
            return
        if not chunk:
            return
        chunks.append(chunk)


def show_screen(output: str) -> list[str]:
    """Return the lines that a wide terminal shows at the end: without colors and erased lines.

    It knows the ANSI escape sequences that Rich sends, and fails on any other.
    """
    lines, row, column = [""], 0, 0
    for text in re.findall(r"\x1b\[[?\d;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", output):
        if text == "\r":
            column = 0
        elif text == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        elif not text.startswith("\x1b"):
            start = lines[row].ljust(column)[:column]
            column += len(text)
            lines[row] = start + text + lines[row][column:]
        elif text.endswith("A"):
            row = max(0, row - int(text[2:-1] or 1))
        elif text.endswith("K"):
            lines[row] = ""
        elif text[-1] not in "mlh":  # colors, and the cursor
            raise AssertionError(f"unknown control sequence {text!r}")
    return [line.rstrip() for line in lines if line.strip()]
