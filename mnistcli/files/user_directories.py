"""The user's directories: cache, configuration and cache of Keras, and their variables."""

import os
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "MNISTCLI_CACHE_DIR"
"""Environment variable with the cache directory."""
DATA_DIR_VARIABLE = "MNISTCLI_DATA_DIR"
"""Environment variable with the directory of the MNIST files."""
CONFIG_VARIABLE = "MNISTCLI_CONFIG_DIR"
"""Environment variable with the directory of the user's configuration."""
_KERAS_VARIABLE = "KERAS_HOME"


def config_dir() -> Path:
    """Return the directory of the user's configuration, which may not exist yet.

    It is ``$MNISTCLI_CONFIG_DIR`` if that is set, otherwise the usual configuration directory of
    the operating system; on Linux, the XDG base directory specification defines it.
    """
    chosen = os.environ.get(CONFIG_VARIABLE)
    return Path(chosen) if chosen else platformdirs.user_config_path("mnistcli", appauthor=False)


def cache_dir() -> Path:
    """Return the cache directory, which may not exist yet.

    It is ``$MNISTCLI_CACHE_DIR`` if that is set, otherwise the usual cache directory of the
    operating system; on Linux, the XDG base directory specification defines it. Everything in it
    can be downloaded or computed again.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen) if chosen else platformdirs.user_cache_path("mnistcli", appauthor=False)


def keras_mnist_file() -> Path:
    """Return the file that ``keras.datasets.mnist`` downloads, which may not exist."""
    home = os.environ.get(_KERAS_VARIABLE)
    return (Path(home) if home else Path.home() / ".keras") / "datasets" / "mnist.npz"
