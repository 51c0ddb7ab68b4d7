"""Addresses of clusters."""

from pathlib import Path

import pytest

from mnistcli import extras
from mnistcli.cluster.addresses import ClusterAddress
from mnistcli.errors import ClusterError, ConfigError
from mnistcli.system.processors import count_usable_processors

pytest.importorskip("distributed", reason="needs the extra cluster")


@pytest.mark.parametrize(
    ("text", "workers"),
    [
        ("local", count_usable_processors()),
        ("local:3", 3),
        ("tcp://10.0.0.1:8786", 0),
        ("tls://scheduler.example.org:8786", 0),
        ("tcp://[::1]:8786", 0),
        ("node7:8786", 0),
    ],
)
def test_addresses_are_parsed(text: str, workers: int) -> None:
    assert ClusterAddress.parse(text) == ClusterAddress(text, workers)


def test_a_scheduler_file_is_an_address() -> None:
    file = Path("my scheduler.json")
    with pytest.raises(ClusterError, match="no such scheduler file"):
        ClusterAddress.parse(str(file))
    file.write_text("{}")
    address = ClusterAddress.parse(str(file))
    assert address.file == file
    assert "--scheduler-file 'my scheduler.json'" in address.worker_command


@pytest.mark.parametrize("text", ["", "host", "tcp://host", "local:0", "local:x", "local:9999"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--cluster must be local") as caught:
        ClusterAddress.parse(text)
    assert repr(text) in caught.value.message


def test_a_missing_extra_is_an_error_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(ClusterError, match="requires the package distributed") as caught:
        ClusterAddress.parse("local")
    assert caught.value.hint == "pip install 'mnistcli[cluster]'"
