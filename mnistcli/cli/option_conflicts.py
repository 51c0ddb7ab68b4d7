"""Option conflicts: options that are mutually exclusive, and options that require others."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mnistcli.config import TrainConfig
from mnistcli.errors import ConfigError

if TYPE_CHECKING:  # loaded only for a cluster
    from mnistcli.cluster.addresses import ClusterAddress


def forbid_together(option: str, others: Mapping[str, object], *, hint: str | None = None) -> None:
    """Check that an option is not combined with others.

    Args:
        option: The option that is given, such as ``--seeds``.
        others: The values of the others, keyed by option; None or False for one that is not given.
        hint: The arguments to type instead. Defaults to none.

    Raises:
        ConfigError: One of the other options is given.
    """
    for other, value in others.items():
        if value is not None and value is not False:
            raise ConfigError(f"{option} cannot be combined with {other}", hint=hint)


def forbid_all_gpus(config: TrainConfig, option: str, *, several: bool) -> None:
    """Check that several processes that train at the same time do not each use all GPUs.

    Args:
        config: The config.
        option: The option that starts the processes.
        several: Whether it starts several.

    Raises:
        ConfigError: `--device all` is combined with several processes.
    """
    if several and config.device == "all":
        raise ConfigError(
            f"--device all cannot be combined with {option}: each of its processes would use all "
            "GPUs",
            hint="--device gpu",
        )


def require_several_models(
    address: "ClusterAddress | None", seeds: str | None, config: TrainConfig
) -> None:
    """Check that a cluster has several models to train: training one model is not parallelized.

    Raises:
        ConfigError: A cluster is given for a single model.
    """
    if address is not None and seeds is None and config.ensemble == 1:
        raise ConfigError(
            "--cluster requires --seeds or --ensemble: one model is trained by one process",
            hint="--seeds 0..9",
        )
