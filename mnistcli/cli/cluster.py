"""The option ``--cluster``: the address of a Dask cluster."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mnistcli.cli.option_conflicts import forbid_together

if TYPE_CHECKING:  # loaded only for a cluster
    from mnistcli.cluster.addresses import ClusterAddress


def parse_cluster(text: str | None, others: Mapping[str, object]) -> "ClusterAddress | None":
    """Parse the value of ``--cluster``; None if it is not given.

    Args:
        text: The address.
        others: Options that do not work on a cluster; see `forbid_together`.

    Raises:
        ConfigError: The address is invalid, or one of the options is given as well.
        ClusterError: The package `distributed` is not installed.
    """
    if text is None:
        return None
    forbid_together("--cluster", others)
    from mnistcli.cluster.addresses import ClusterAddress

    return ClusterAddress.parse(text)
