"""Spinner on stderr during an activity, drawn only if stderr is a terminal."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from mnistcli.cli.streams import err, is_animated
from mnistcli.system import signals


@contextmanager
def show_spinner(activity: str) -> Iterator[None]:
    """Show a spinner during an activity such as ``Starting TensorFlow``."""
    with _animation(activity):
        yield
    signals.raise_again()


def _animation(activity: str) -> AbstractContextManager[Any]:
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
