"""Download MNIST into the user's cache, unless it exists, and print its folder.

Usage, as in continuous integration: python -m tests.support.download_mnist
"""

import sys

from mnistcli.datasets.mnist import load_mnist, locate_mnist
from mnistcli.errors import DownloadError


def main() -> None:
    """Print the folder with the four files; exit with status 1 if they cannot be downloaded."""
    try:
        load_mnist()
    except DownloadError as error:
        sys.exit(error.message)
    print(locate_mnist())


if __name__ == "__main__":
    main()
