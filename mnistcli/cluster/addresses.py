"""Addresses of clusters: processes on this machine, a scheduler, or a scheduler file.

This module loads no libraries, so that a wrong address is found before anything else is done.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Self

from mnistcli.errors import ClusterError, ConfigError
from mnistcli.extras import require_packages
from mnistcli.system.processors import count_usable_processors

LOCAL = "local"
"""The address of worker processes on this machine, one per processor."""

_MAX_LOCAL = 256  # worker processes of one machine
_SCHEDULER = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?[^/\s]+:\d{1,5}/?", re.IGNORECASE)


@dataclass(frozen=True)
class ClusterAddress:
    """The address of a cluster, as accepted by `--cluster`.

    Attributes:
        text: The address as it was given.
        workers: The number of worker processes to start on this machine; 0 for a scheduler that is
            already running.
        file: The scheduler file; None if there is none.
    """

    text: str
    workers: int = 0
    file: Path | None = None

    def __str__(self) -> str:
        return repr(self.text)

    @property
    def worker_command(self) -> str:
        """The command that starts workers for the scheduler."""
        scheduler = self.text if self.file is None else f"--scheduler-file {quote(self.text)}"
        return f"dask worker {scheduler} --nthreads 1 --nworkers -1"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse an address, and check that the package `distributed` is installed.

        Args:
            text: ``local``, ``local:N``, the address of a scheduler such as ``tcp://host:8786``, or
                the file that ``dask scheduler --scheduler-file`` has written.

        Raises:
            ConfigError: The address has none of these forms.
            ClusterError: The package `distributed` is not installed.
        """
        require_packages("distributed", extra="cluster", needed_by="--cluster", error=ClusterError)
        kind, _, count = text.partition(":")
        if kind == LOCAL:
            return cls(text, workers=_parse_count(text, count))
        if _SCHEDULER.fullmatch(text):
            return cls(text)
        if Path(text).is_file():
            return cls(text, file=Path(text))
        if text.endswith(".json"):
            raise ClusterError(f"no such scheduler file: {text!r}", hint="--cluster local")
        raise ConfigError(
            "--cluster must be local, local:N, the address of a scheduler such as tcp://host:8786 "
            f"or a scheduler file, not {text!r}",
            hint="--cluster local",
        )


def _parse_count(text: str, count: str) -> int:
    """Return the number of local worker processes; one per usable processor by default."""
    if text == LOCAL:
        return count_usable_processors()
    if not re.fullmatch(r"\d{1,4}", count, re.ASCII) or not 1 <= int(count) <= _MAX_LOCAL:
        raise ConfigError(
            f"--cluster must be local or local:N with N from 1 to {_MAX_LOCAL}, not {text!r}",
            hint="--cluster local:2",
        )
    return int(count)
