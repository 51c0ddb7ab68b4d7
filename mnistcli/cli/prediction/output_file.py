"""Output file of `predict`: results are appended to a partial file, which becomes the output.

A partial file, ``out.jsonl.partial``, stands in for the output until all images are predicted.
After a crash, ``--continue`` drops its truncated last record and predicts the images that it lacks.
"""

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mnistcli.cli.escaping import quote_name
from mnistcli.cli.hints import complete_hint
from mnistcli.cli.prediction.output_format import ENCODING, ERRORS, OutputFormat
from mnistcli.cli.streams import print_note
from mnistcli.errors import OutputError, os_reason
from mnistcli.files.locks import try_lock
from mnistcli.formatting import format_count

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from mnistcli.prediction.image_selection import NameCounts

_OTHER_FILE = "--output FILE"


@contextmanager
def output_to(
    path: Path | None, output_format: OutputFormat, model_name: str, *, continue_output: bool
) -> Iterator["NameCounts"]:
    """Redirect stdout to a file that appears only when complete.

    Args:
        path: The file; None for stdout.
        output_format: The format of the file.
        model_name: The name of the model.
        continue_output: Whether to keep the records of the partial file or, if there is none, of
            the file.

    Yields:
        The names of the images in the records that are kept.

    Raises:
        OutputError: The file cannot be written or continued, or another process is writing to it.
    """
    from mnistcli.prediction.image_selection import NameCounts

    with NameCounts() as names:
        if path is None:
            yield names
            return
        partial = path.with_name(f"{path.name}.partial")
        with _translate_errors(path):
            partial.touch()
            with try_lock(partial) as has_lock:
                if not has_lock:
                    raise OutputError(
                        f"another process is writing to {str(path)!r}", hint=_OTHER_FILE
                    )
                with _keep_on_failure(partial, can_continue=output_format.can_continue):
                    if continue_output:
                        _keep_records(path, partial, output_format, names, model_name)
                    else:
                        os.truncate(partial, 0)
                    with _open(partial, path) as stream, redirect_stdout(stream):
                        yield names
                partial.replace(path)


def _keep_records(
    path: Path, partial: Path, output_format: OutputFormat, names: "NameCounts", model_name: str
) -> None:
    """Read the names of the complete records, and cut the partial file after them."""
    source = path if path.exists() and not partial.stat().st_size else partial
    with source.open("rb") as stream:
        is_ours, end = False, 0
        for record in output_format.read(stream):
            if record.model not in {None, model_name}:
                raise OutputError(
                    f"{str(path)!r} was written with another model, {record.model!r}",
                    hint=f"--model {record.model}",
                )
            is_ours = True
            if record.name:
                names.add(record.name)
                end = record.end
        stream.seek(0)
        if not is_ours and b"\n" in stream.readline():
            raise OutputError(
                f"{str(path)!r} contains no results in this format to continue", hint=_OTHER_FILE
            )
    if source is path:
        shutil.copyfile(path, partial)
    os.truncate(partial, end)
    if names.total:
        print_note(f"{quote_name(path)} contains {format_count(names.total, 'result')}")


@contextmanager
def _translate_errors(path: Path) -> Iterator[None]:
    """Turn an operating system error into an `OutputError`."""
    try:
        yield
    except OSError as error:
        raise _write_error(path, error) from error


def _write_error(path: Path, error: OSError) -> OutputError:
    return OutputError(f"cannot write {str(path)!r}: {os_reason(error)}", hint=_OTHER_FILE)


@contextmanager
def _keep_on_failure(partial: Path, *, can_continue: bool) -> Iterator[None]:
    """Keep a partial file that can be continued if the prediction fails; delete any other."""
    try:
        yield
    except BaseException:
        with suppress(OSError):  # the first failure matters more
            if can_continue and partial.stat().st_size:
                print_note(f"continue with: {complete_hint('--continue')}")
            else:
                partial.unlink()
        raise


class _AppendOnlyFile(io.FileIO):
    """A file whose write failures are reported as user errors, not as bugs.

    Args:
        partial: The file.
        path: The name for messages.
    """

    def __init__(self, partial: Path, path: Path) -> None:
        super().__init__(partial, "a")
        self._path = path

    def write(self, data: "ReadableBuffer") -> int:
        """Append to the file.

        Raises:
            OutputError: Writing failed, such as on a full disk.
        """
        try:
            return super().write(data)
        except OSError as error:
            raise _write_error(self._path, error) from error


@contextmanager
def _open(partial: Path, path: Path) -> Iterator[IO[str]]:
    """Open a partial file to append text; at the end it is flushed to disk."""
    raw = _AppendOnlyFile(partial, path)
    try:
        with io.TextIOWrapper(
            io.BufferedWriter(raw), encoding=ENCODING, errors=ERRORS, newline="\n"
        ) as stream:
            yield stream
            stream.flush()
            os.fsync(raw.fileno())
    finally:
        raw.close()
