"""Checks of TensorFlow, LiteRT and MNIST, from the results of the probes."""

import signal
from collections.abc import Sequence

from mnistcli.diagnosis.checks import FAILED, NOTE, OK, Check
from mnistcli.diagnosis.packages import Requirement, requirement_text
from mnistcli.diagnosis.probe_processes import ProbeResult
from mnistcli.files.user_directories import DATA_DIR_VARIABLE


def check_tensorflow(probe: ProbeResult, requirements: Sequence[Requirement] = ()) -> Check:
    """Check that TensorFlow and Keras can be imported and compute."""
    if not probe.error:
        versions = f"{probe.values['tensorflow']} with Keras {probe.values['keras']}"
        return Check("TensorFlow", OK, f"{versions}, starts in {probe.values['seconds']:.1f} s")
    if signal.Signals.SIGILL.name in probe.error:  # an illegal instruction
        return Check(
            "TensorFlow", FAILED, "this processor lacks instructions that it needs, such as AVX"
        )
    fix = _reinstall(requirements, "tensorflow", "keras")
    return Check("TensorFlow", FAILED, probe.error, fix)


def check_litert(probe: ProbeResult, requirements: Sequence[Requirement] = ()) -> Check:
    """Check that LiteRT predicts with the packaged model."""
    if probe.error:
        return Check("LiteRT", FAILED, probe.error, _reinstall(requirements, "ai-edge-litert"))
    seconds = f"{probe.values['seconds']:.1f} s"
    return Check("LiteRT", OK, f"predicts with the packaged model in {seconds}")


def check_mnist(probe: ProbeResult) -> Check:
    """Check where the MNIST files are."""
    if not probe.error:
        path = probe.values["path"]
        if path is not None:
            return Check("MNIST", OK, f"verified files in {path}")
        detail = "not on this machine yet: the first training run downloads it (11 MB)"
        return Check("MNIST", NOTE, detail, "mnistcli train --recipe fast")
    if probe.error.startswith("DataError: "):
        detail = probe.error.removeprefix("DataError: ")
        return Check("MNIST", FAILED, detail, f"unset {DATA_DIR_VARIABLE}")
    return Check("MNIST", FAILED, probe.error)


def _reinstall(requirements: Sequence[Requirement], *packages: str) -> str:
    texts = " ".join(requirement_text(requirements, package) for package in packages)
    return f"pip install --force-reinstall {texts}"
