"""Option conflicts: options that are mutually exclusive."""

from collections.abc import Mapping

from mnistcli.errors import ConfigError


def forbid_together(option: str, others: Mapping[str, object], *, hint: str | None = None) -> None:
    """Check that an option is not combined with others.

    Args:
        option: The option that is given, such as ``--seeds``.
        others: The values of the others by their names; None or False for one that is not given.
        hint: The arguments to type instead. Defaults to none.

    Raises:
        ConfigError: One of the other options is given.
    """
    for other, value in others.items():
        if value is not None and value is not False:
            raise ConfigError(f"{option} cannot be combined with {other}", hint=hint)
