"""Shell completion (tab completion): install or show the script of a shell."""

from typing import Any

from mnistcli.config_validation import require_choice
from mnistcli.errors import ConfigError

_SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")


def complete_for(option: str, shell: str, ctx: Any) -> None:
    """Install or show the script for shell completion (tab completion), and exit."""
    from typer.completion import install_callback, show_callback

    try:
        name = require_choice("shell", shell, _SHELLS)
    except ConfigError as error:
        raise ConfigError(error.message, hint=f"mnistcli {option} bash") from error
    callback = install_callback if option == "--install-completion" else show_callback
    callback(ctx, ctx.command.params[0], name)
