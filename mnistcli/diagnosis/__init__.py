"""Diagnosis: checks of an installation, with the command that fixes each failure.

Everything that loads a heavy library runs in a child process, so that a missing or crashing library
does not stop the other checks.
"""

from mnistcli.diagnosis.checks import FAILED, NOTE, OK, Check

__all__ = ["FAILED", "NOTE", "OK", "Check"]
