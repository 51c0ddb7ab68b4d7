"""Progress of downloads: the interface of a progress bar."""

from typing import Protocol


class ProgressBar(Protocol):
    """Progress bar of the files of a dataset, with the methods that pooch calls on tqdm's bars.

    Attributes:
        total: Size of the current file in bytes; 0 if the server does not send it. It is set when
            a download starts.
    """

    total: int

    def set_description(self, text: str) -> None:
        """Show the name of a file. Called once for each file, before it is downloaded."""

    def update(self, count: int) -> None:
        """Advance by a number of bytes."""

    def reset(self) -> None:
        """Return to 0 bytes."""

    def close(self) -> None:
        """Remove the bar. Called after each file; it may be called twice."""
