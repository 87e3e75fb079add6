"""The ledger in one file of SQLite beside the run folders: :class:`SqliteBackend`.

A rollback journal and ``synchronous=EXTRA``: a transaction that committed survives the loss of
power, and the file alone is the ledger whenever nobody writes. The lock on the site is a lock on
a file, which dies with the process. See decision 0012.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from pathlib import Path

_DATABASE, _LOCK = "ledger.db", "lock"

#: Seconds to wait for somebody else's transaction, which takes milliseconds.
_BUSY_S = 10


class SqliteBackend:
    """``ledger.db`` in the folder ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._path = root / _DATABASE
        self.where = str(self._path)
        self._lock: int | None = None

    def is_there(self) -> bool:
        """Return whether the file is."""
        return self._path.exists()

    def reader(self) -> Connection:
        """Return a connection that never makes the file, and reads also where it can't write."""
        return _engine(self._path, "rw", writes=False).connect()

    def writer(self) -> Connection:
        """Return a connection whose transactions begin by locking the file for writers."""
        make_folder(self._root)
        is_new = not self._path.exists()
        connection = _engine(self._path, "rwc", writes=True).connect()
        if is_new:
            sync_folder(self._root)
        return connection

    def take(self) -> Connection | None:
        """Lock ``lock`` beside the file, then connect."""
        make_folder(self._root)
        if self._lock is None:
            lock = os.open(self._root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                return None
            self._lock = lock
            try:
                return self.writer()
            except BaseException:
                # Who could not open it holds nothing.
                self.release()
                raise
        return self.writer()

    def lock_migrations(self, connection: Connection) -> None:
        """Do nothing: the transaction of a writer is the only one that writes."""

    def lock_history(self, connection: Connection) -> None:
        """Do nothing, for the same reason."""

    def let_go(self, connection: Connection) -> None:
        """Do nothing: the lock is the file's, not the connection's."""

    def release(self) -> None:
        """Close the file that is locked, which frees it."""
        if self._lock is not None:
            lock, self._lock = self._lock, None
            os.close(lock)


def _engine(path: Path, mode: str, *, writes: bool) -> Engine:
    name = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=lambda: _connect(f"file:{name}?mode={mode}", writes=writes),
        poolclass=NullPool,
    )
    # pysqlite begins no transaction of its own accord: this does, the writers' with the lock.
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _connect(uri: str, *, writes: bool) -> Any:  # noqa: ANN401 - the driver's own connection
    import sqlite3  # noqa: PLC0415 - only where a ledger is opened

    connection = sqlite3.connect(
        uri, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    if writes:
        # Whatever somebody set for this file before, what was decided holds.
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA synchronous=EXTRA")
        connection.execute("PRAGMA foreign_keys=ON")
    return connection


def make_folder(path: Path) -> None:
    """Make the folder ``path`` and what is above it, so that a loss of power leaves it there."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(path: Path) -> None:
    """Return once the names in the folder ``path`` are on disk."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
