"""Stub results of the probes of the doctor."""

from mnistcli.diagnosis.probe_processes import ProbeResult

FOUND = {"tensorflow": "2.21.0", "keras": "3.15.1", "seconds": 5.23, "gpus": [], "cuda": True}


def found(messages: list[str] | None = None, **values: object) -> ProbeResult:
    return ProbeResult(FOUND | values, "", messages or [])


def failed(error: str) -> ProbeResult:
    return ProbeResult({}, error, [])
