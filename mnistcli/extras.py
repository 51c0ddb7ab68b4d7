"""Extras: optional dependencies that few users need, and the command that installs them."""

from importlib.util import find_spec

from mnistcli.errors import MnistCliError


def install_command(extra: str) -> str:
    """Return the command that installs the packages of an extra."""
    return f"pip install 'mnistcli[{extra}]'"


def require_packages(
    *packages: str, extra: str, needed_by: str, error: type[MnistCliError] = MnistCliError
) -> None:
    """Check that packages of an extra are installed, without importing them.

    Args:
        packages: The names that Python imports, such as ``pillow_heif``.
        extra: The extra that installs them.
        needed_by: The subject of the message, such as ``--tensorboard``.
        error: The class of the error.

    Raises:
        MnistCliError: A package is not installed; the class is `error`. The hint is the command
            that installs the extra.
    """
    missing = [name.replace("_", "-") for name in packages if find_spec(name) is None]
    if missing:
        noun = "package" if len(missing) == 1 else "packages"
        raise error(
            f"{needed_by} requires the {noun} {' and '.join(missing)}", hint=install_command(extra)
        )
