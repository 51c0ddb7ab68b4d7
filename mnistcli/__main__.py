"""Entry point of the program: ``mnistcli`` and ``python -m mnistcli``."""

import contextlib
import errno
import io
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from mnistcli.errors import MnistCliError, os_reason
from mnistcli.system import signals

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_FAILED = 1


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        _open_standard_streams()
        signals.install()
        # Not at the top: Ctrl-C during the import must not end in a traceback.
        from mnistcli.cli import build_app

        build_app(*sys.argv[1:2])(prog_name="mnistcli")
    except MnistCliError as error:  # the streams cannot be used
        _say(f"error: {error.message}")
        _exit(_FAILED)
    except BaseException as end:
        # A library may turn what a signal raises into another exception.
        code = signals.received_exit_code() or _exit_code(end)
        if code is None:
            raise
        if signals.received_exit_code() or isinstance(end, KeyboardInterrupt):
            signals.announce(code)
        _exit(code)


def _exit_code(end: BaseException) -> int | None:
    """Return the exit code of an exception that stops the program; None if it is a bug."""
    if isinstance(end, KeyboardInterrupt):
        return signals.INTERRUPTED
    if isinstance(end, SystemExit):
        return end.code if isinstance(end.code, int) else _FAILED
    return None


class _Stdout(io.FileIO):
    """Standard output whose failures, such as a broken pipe, are reported, not raised."""

    def write(self, data: "ReadableBuffer") -> int:
        """Write to the file descriptor.

        Raises:
            BrokenPipeError: The reader has closed the pipe.
            MnistCliError: Writing failed for another reason, such as a full disk.
        """
        try:
            return super().write(data)
        except OSError as error:
            # What is still buffered would fail again at exit.
            _redirect_to_null(self.fileno(), os.O_WRONLY)
            if error.errno == errno.EPIPE:
                raise
            raise MnistCliError(f"cannot write to stdout: {os_reason(error)}") from error


def _open_standard_streams() -> None:
    """Prepare the standard streams, some of which may be closed.

    The file descriptor of a closed stream is taken by the next file that is opened, which would
    then receive what is meant for the stream.

    Raises:
        MnistCliError: Standard output is closed, so that results would be lost.
    """
    if sys.stdin is None:
        _redirect_to_null(0, os.O_RDONLY)
    has_stdout = sys.stdout is not None
    if sys.stdout is None:
        _redirect_to_null(1, os.O_WRONLY)
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        _redirect_to_null(2, os.O_WRONLY)
        sys.stderr = os.fdopen(2, "w", closefd=False)
    if not has_stdout:
        raise MnistCliError("cannot write to stdout: it is closed")
    # A file name need not be valid in the encoding of the terminal; it is printed anyway.
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Stdout(1, "w", closefd=False)),
        encoding=sys.stdout.encoding,
        errors="backslashreplace",
        line_buffering=sys.stdout.isatty(),
    )
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")


def _redirect_to_null(descriptor: int, flags: int) -> None:
    null = os.open(os.devnull, flags)
    if null != descriptor:
        os.dup2(null, descriptor)
        os.close(null)


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{text}\n")


def _exit(code: int) -> NoReturn:
    """Write what is buffered, and exit."""
    try:
        sys.stdout.flush()
    except MnistCliError as error:
        _say(f"error: {error.message}")
        code = code or _FAILED
    except (OSError, ValueError):
        code = code or _FAILED
    if code in signals.STOP_MESSAGES:
        os._exit(code)  # does not wait for threads that are predicting images
    sys.exit(code)


if __name__ == "__main__":
    main()
