"""Signals: Ctrl-C, SIGTERM and SIGHUP stop the program at any point.

Python runs signal handlers between two of its own instructions, and a step of TensorFlow can take
seconds. Some libraries even catch what the handlers raise. Therefore a thread watches the signals:
it prints a message if stopping takes long, and terminates the process immediately after a second
Ctrl-C or another second signal, or if the program does not shut down in time. All files are written
atomically, so nothing is lost.
"""

import contextlib
import os
import select
import signal
import sys
import threading
import time
from types import FrameType
from typing import NoReturn

INTERRUPTED = 128 + signal.SIGINT
"""Exit code after Ctrl-C."""

_WORDS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "terminated"}
STOP_MESSAGES = {
    128 + getattr(signal, name): word for name, word in _WORDS.items() if hasattr(signal, name)
}
"""Messages of a program that a signal has stopped, by exit code."""

# Graceful shutdown: seconds until the message, and from then on until the process is terminated.
_MESSAGE_DELAY = 0.4
_GRACE_PERIOD = 20.0


class _State:
    received: int | None = None
    announced = False


def install() -> None:
    """Make the signals stop the program; those that it was started to ignore stay ignored.

    Ctrl-C raises `KeyboardInterrupt`, as usual; the other signals raise `SystemExit`.
    """
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _exit)
    sys.unraisablehook = _end_if_swallowed
    if os.name == "posix":  # elsewhere only sockets can be watched
        reader, writer = os.pipe()  # the self-pipe trick
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        threading.Thread(target=_watch, args=[reader], name="signals", daemon=True).start()


def announce(code: int) -> None:
    """Print what has stopped the program, unless that has already been printed.

    Args:
        code: An exit code in `STOP_MESSAGES`.
    """
    if not _State.announced:
        _State.announced = _State.received is not None
        _print(STOP_MESSAGES[code])


def received_exit_code() -> int | None:
    """Return the exit code of the signal that stops the program; None if there was none."""
    return _State.received


def raise_again() -> None:
    """Raise the exception of a signal again that a library has swallowed; nothing without a signal.

    A signal during an import can be caught by the library that is imported.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
        SystemExit: Another signal was received.
    """
    if _State.received == INTERRUPTED:
        raise KeyboardInterrupt
    if _State.received is not None:
        raise SystemExit(_State.received)


def _interrupt(signum: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - a signal handler
    _State.received = 128 + signum
    raise KeyboardInterrupt


def _exit(signum: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - a signal handler
    _State.received = 128 + signum
    raise SystemExit(128 + signum)


def _end_if_swallowed(unraisable: "sys.UnraisableHookArgs") -> None:
    """Terminate the process if Python ignores what a signal handler has raised.

    It does so in callbacks of the garbage collector, such as that of JAX. Any other exception that
    Python ignores is printed as usual.
    """
    ends = isinstance(unraisable.exc_value, KeyboardInterrupt | SystemExit)
    if _State.received is None or not ends:
        sys.__unraisablehook__(unraisable)
        return
    announce(_State.received)
    _end(_State.received)


def _watch(reader: int) -> None:
    """Wait for the signals that stop the program: the first one, then a second one."""
    code = _next_code(reader) or 0
    again = _next_code(reader, seconds=_MESSAGE_DELAY)
    if again is None:
        _State.announced = True
        _print(STOP_MESSAGES[code])
        again = _next_code(reader, seconds=_GRACE_PERIOD) or code
    _end(again)


def _end(code: int) -> NoReturn:
    """Terminate the process immediately."""
    if sys.stderr.isatty():
        _print("\x1b[?25h")  # shows the cursor, which a progress bar hides
    os._exit(code)


def _next_code(reader: int, seconds: float | None = None) -> int | None:
    """Return the exit code of the next signal that stops the program.

    Args:
        reader: The pipe of the signals.
        seconds: Time to wait. Waits indefinitely by default.

    Returns:
        The code; None if there was no such signal in time.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    while True:
        left = None if deadline is None else max(deadline - time.monotonic(), 0)
        if not select.select([reader], [], [], left)[0]:
            return None
        code = 128 + os.read(reader, 1)[0]
        if code in STOP_MESSAGES:
            return code


def _print(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
