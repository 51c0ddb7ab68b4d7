"""Diagnosis: health checks of an installation, with the command that fixes each failure.

Everything that loads a heavy library runs in a child process, so that a missing or crashing library
does not stop the other checks.

- `report` runs all checks; `checks` defines the result of one
- `host`, `packages`, `libraries` and `gpu` check this machine, `cluster` checks a cluster
- `probes` load the libraries in the child processes of `probe_processes`
"""

from mnistcli.diagnosis.checks import FAILED, NOTE, OK, Check

__all__ = ["FAILED", "NOTE", "OK", "Check"]
