"""Quiet import of Matplotlib: no warning about a home directory that is read-only."""

import logging


def import_matplotlib() -> None:
    """Import Matplotlib without its warnings about the cache directory.

    If it cannot write to the home directory or ``$MPLCONFIGDIR``, Matplotlib uses a temporary
    directory, which works as well. Its other warnings are logged as usual.
    """
    log = logging.getLogger("matplotlib")
    log.addFilter(_is_not_about_cache)
    try:
        import matplotlib.font_manager  # noqa: F401, PLC0415 - after the filter is set
    finally:
        log.removeFilter(_is_not_about_cache)


def _is_not_about_cache(record: logging.LogRecord) -> bool:
    return record.funcName != "_get_config_or_cache_dir"
