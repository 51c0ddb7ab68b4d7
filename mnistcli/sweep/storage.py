"""Storage of a sweep: a journal file or PostgreSQL, and the lock under which a trial is claimed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.storages.journal import JournalFileBackend

from mnistcli.errors import ConfigError, SweepError, os_reason
from mnistcli.extras import require_packages
from mnistcli.files.locks import wait_for_lock

JOURNAL = "journal.log"
_LOCK_FILE = "journal.lock"
_EXAMPLE = "--storage postgresql+psycopg://user@host/database"
_SCHEMES = ("postgresql://", "postgresql+psycopg://")
# All sweeps of a database share one advisory lock: it is held for milliseconds.
_LOCK_KEY = 0x6D6E697374
_ENGINE_OPTIONS: dict[str, Any] = {
    "connect_args": {"connect_timeout": 10},  # seconds
    "pool_pre_ping": True,
}
_HEARTBEAT_INTERVAL = 15  # seconds
_HEARTBEAT_GRACE = 60  # seconds

StaleCallback = Callable[["optuna.Study", "optuna.trial.FrozenTrial"], None]


def require_storage(url: str | None) -> None:
    """Check that a storage can be used: its address, its packages and a connection.

    SQLite is refused because workers that start simultaneously lose trials; MySQL is not tested.

    Args:
        url: The address; None for the journal file.

    Raises:
        ConfigError: The address does not name a PostgreSQL database.
        MnistCliError: A package is missing.
        SweepError: The database does not answer, or rejects the connection.
    """
    if url is None:
        return
    if not url.startswith(_SCHEMES):
        raise ConfigError(
            f"--storage must be a PostgreSQL address, not {url.partition(':')[0]!r}; without "
            "--storage, a file keeps the trials",
            hint=_EXAMPLE,
        )
    require_packages("psycopg", "sqlalchemy", extra="sweep", needed_by="--storage")
    with translate_storage_errors():
        try:
            engine = _create_engine(url)
        except ValueError as error:
            raise ConfigError(
                f"--storage is not a valid address: {error}", hint=_EXAMPLE
            ) from error
        engine.connect().close()
        engine.dispose()


@dataclass(frozen=True)
class Storage:
    """The location of a study: a journal file in a directory, or a PostgreSQL database.

    It can be sent to other processes; each opens its own connection.

    Attributes:
        directory: The directory of the sweep.
        url: The address of the database; None for the journal file.
    """

    directory: Path
    url: str | None = None

    def open(self, on_stale: StaleCallback | None = None) -> "OpenStorage":
        """Open the storage, and create its tables if they do not exist.

        Args:
            on_stale: Called with each trial whose worker has stopped its heartbeat.

        Raises:
            SweepError: The storage cannot be opened.
        """
        with translate_storage_errors():
            if self.url is None:
                backend = JournalFileBackend(str(self.directory / JOURNAL))
                return OpenStorage(self, optuna.storages.JournalStorage(backend), None)
            return self._open_database(self.url, on_stale)

    def _open_database(self, url: str, on_stale: StaleCallback | None) -> "OpenStorage":
        engine = _create_engine(url)
        # Race condition: processes that create the tables simultaneously would violate unique
        # constraints.
        with _advisory_lock(engine):
            storage = optuna.storages.RDBStorage(
                _with_driver(url),
                engine_kwargs=_ENGINE_OPTIONS,
                heartbeat_interval=_HEARTBEAT_INTERVAL,
                grace_period=_HEARTBEAT_GRACE,
                heartbeat_stale_trial_callback=on_stale,
            )
        return OpenStorage(self, storage, engine)


class OpenStorage:
    """An open storage of one process.

    Args:
        storage: The location of the storage.
        backend: The storage of Optuna.
        engine: The connections of the lock; None for the journal file.
    """

    def __init__(
        self, storage: Storage, backend: "optuna.storages.BaseStorage", engine: Any | None
    ) -> None:
        self.backend = backend
        self._storage = storage
        self._engine = engine

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lock that all processes of the study share; without a database, a file lock."""
        if self._engine is not None:
            with _advisory_lock(self._engine):
                yield
            return
        with wait_for_lock(self._storage.directory / _LOCK_FILE):
            yield

    def close(self) -> None:
        """Close the connections."""
        self.backend.remove_session()
        if isinstance(self.backend, optuna.storages.RDBStorage):
            self.backend.engine.dispose()
        if self._engine is not None:
            self._engine.dispose()


@contextmanager
def translate_storage_errors() -> Iterator[None]:
    """Turn errors of a storage into a `SweepError` of one line.

    Raises:
        SweepError: The storage cannot be reached, or rejects the connection.
    """
    try:
        yield
    except OSError as error:
        raise SweepError(f"cannot use the storage: {os_reason(error, str(error))}") from error
    except optuna.exceptions.OptunaError as error:
        raise SweepError(f"the storage failed: {_first_line(error.__cause__ or error)}") from error
    except Exception as error:
        if not type(error).__module__.startswith(("sqlalchemy", "psycopg")):
            raise
        raise SweepError(
            f"the storage failed: {_first_line(error)}",
            hint=_EXAMPLE,
        ) from error


def _with_driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _create_engine(url: str) -> Any:
    import sqlalchemy  # noqa: PLC0415 - not needed for the journal file

    return sqlalchemy.create_engine(_with_driver(url), **_ENGINE_OPTIONS)


@contextmanager
def _advisory_lock(engine: Any) -> Iterator[None]:
    import sqlalchemy  # noqa: PLC0415 - not needed for the journal file

    key = {"key": _LOCK_KEY}
    # Without a transaction: one that is open for long blocks the maintenance of the database.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:key)"), key)
        try:
            yield
        finally:
            with suppress(sqlalchemy.exc.SQLAlchemyError):  # a lost connection has no lock
                connection.execute(sqlalchemy.text("SELECT pg_advisory_unlock(:key)"), key)


def _first_line(error: BaseException) -> str:
    """Return the first line of a message, without the statement that SQLAlchemy adds."""
    original = getattr(error, "orig", None) or error
    lines = str(original).strip().splitlines()
    return lines[0] if lines else type(original).__name__
