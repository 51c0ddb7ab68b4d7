"""Dataset loading with download progress, and notes on stderr."""

from pathlib import Path
from typing import TYPE_CHECKING

from mnistcli.cli.spinner import show_spinner
from mnistcli.cli.streams import print_note

if TYPE_CHECKING:  # loads NumPy, which help and errors do without
    from mnistcli.datasets import Splits


def load_splits(name: str, data_dir: Path | None) -> "Splits":
    """Load a dataset and print its notes.

    Args:
        name: The name or path of the dataset.
        data_dir: Directory of the MNIST files; None for the default.
    """
    from mnistcli.cli.progress import DownloadProgress

    with show_spinner("Starting"):
        from mnistcli import datasets
    splits = datasets.load(name, data_dir=data_dir, progress=DownloadProgress())
    for note in splits.notes:
        print_note(note)
    return splits
