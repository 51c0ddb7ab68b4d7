"""Diagnosis of an installation: what works on this machine, what does not, and how to fix it.

Everything that loads a heavy library runs in a child process, so that a missing or crashing library
does not stop the other checks.
"""

from mnistcli.diagnosis.checks import FAILED, NOTE, OK, Check
from mnistcli.diagnosis.report import Diagnosis, diagnose

__all__ = ["FAILED", "NOTE", "OK", "Check", "Diagnosis", "diagnose"]
