"""Spinner on stderr during an activity, drawn only if stderr is a terminal."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from mnistcli.cli.streams import err, is_animated


def show_spinner(activity: str) -> AbstractContextManager[Any]:
    """Show a spinner during an activity such as ``Starting TensorFlow``."""
    if not is_animated():
        return nullcontext()
    from rich.live import Live  # with the next line, a tenth of the time for the help
    from rich.spinner import Spinner

    # Not redirected: `hold_back_stderr` redirects stderr during the animation.
    return Live(
        Spinner("dots", f"{activity} ..."),
        console=err,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
