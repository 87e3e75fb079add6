"""The one that writes: :class:`Writer` holds the site's lock and the connection that goes with it.

Law: a transaction that commits was that of the holder. The lock lives and dies with the
connection (PostgreSQL) or the process (SQLite), and every transaction looks, under a row lock,
whether the site is still held with this writer's own token: who was away while somebody else held
the site writes nothing any more.
"""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from inventory.errors import RefusedError
from runbooks.ledger import rows
from runbooks.ledger.schema import ensure_schema
from runbooks.ledger.troubles import SupersededError, UnrecordedError, sentence, translated
from runbooks.ledger.who import now, who

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from runbooks.ledger.backend import Backend

#: How often, and how many seconds apart, somebody who holds the lock is asked for his name: it
#: is written right after the lock is taken.
_ASKED, _ASK_AGAIN_S = 10, 0.1

#: Seconds until a lost database is looked for again: there is a network to be taken back.
_AGAIN_S = 5.0


class Writer:
    """Holds ``site`` from its making until :meth:`close`."""

    def __init__(self, backend: Backend, site: str, command: str) -> None:
        self._backend = backend
        self._site = site
        self._token = uuid.uuid4().hex
        self._mutex = threading.Lock()
        self._connection: Connection | None = None
        self._not_before = 0.0
        with translated(backend.where):
            self._connection = self._take(command)

    def _take(self, command: str) -> Connection:
        connection = self._backend.take()
        if connection is None:
            raise RefusedError(f"another run is going on: {self._holder()}; wait for it to end")
        try:
            ensure_schema(self._backend, connection)
            values = {
                "token": self._token,
                "command": command,
                "since": now(),
                "run": None,
                **who(),
            }
            with connection.begin():
                rows.hold(connection, self._site, values)
        except BaseException:
            connection.close()
            self._backend.release()
            raise
        return connection

    def _holder(self) -> str:
        """Return who holds the site, in words."""
        for _ in range(_ASKED):
            with suppress(SQLAlchemyError), self._backend.reader() as connection:
                found = rows.holder(connection, self._site)
                if found is not None:
                    run = f", run {found.run}" if found.run else ""
                    return f"{found.by} pid {found.pid}, {found.command}{run}, since {found.since}"
            time.sleep(_ASK_AGAIN_S)
        return "somebody who did not write down a name yet"

    def transact(
        self, work: Callable[[Connection], None], what: str, *, is_urgent: bool = False
    ) -> None:
        """Do ``work`` in one transaction; returns once it is durable.

        A connection that was lost is made anew, with the lock, by the call after the one that
        found out; ``is_urgent`` does not wait between two attempts.

        Raises:
            UnrecordedError: it was not done, or it is not known whether it was.
        """
        with self._mutex:
            try:
                connection = self._connection or self._again(is_urgent=is_urgent)
                with connection.begin():
                    if rows.held_by(connection, self._site) != self._token:
                        raise SupersededError(
                            f"{what} is not on record: the ledger {self._backend.where} was lost "
                            "and somebody else has held the site since"
                        )
                    work(connection)
            except (SQLAlchemyError, OSError) as error:
                self._drop()
                if isinstance(error, UnrecordedError):
                    raise
                raise UnrecordedError(
                    f"{what} is not on record: the ledger {self._backend.where}: {sentence(error)}"
                ) from None

    def _again(self, *, is_urgent: bool) -> Connection:
        if time.monotonic() < self._not_before and not is_urgent:
            raise OSError("it can't be reached")
        self._not_before = time.monotonic() + _AGAIN_S
        connection = self._backend.take()
        if connection is None:
            raise SupersededError(
                "the ledger was lost, and with it the site's lock, which somebody else has"
            )
        self._not_before = 0.0
        self._connection = connection
        return connection

    def _drop(self) -> None:
        """Let go of a connection that failed; what it did is not known."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError, OSError):
                connection.invalidate()
            with suppress(SQLAlchemyError, OSError):
                connection.close()

    def close(self) -> None:
        """Give the lock back. What can't be told to the database any more, it finds out."""
        with self._mutex:
            connection = self._connection
            try:
                if connection is not None:
                    with suppress(SQLAlchemyError, OSError), connection.begin():
                        rows.let_go(connection, self._site, self._token)
                        self._backend.let_go(connection)
            finally:
                self._drop()
                self._backend.release()
