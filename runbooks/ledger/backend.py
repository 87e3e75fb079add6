"""What a database must do for the ledger: :class:`Backend`. SQLite's and PostgreSQL's follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Backend(Protocol):
    """One database, as one process uses it."""

    #: How messages call it; never with a password.
    where: str

    def is_there(self) -> bool:
        """Return whether there may be a ledger, without making anything."""
        ...

    def reader(self) -> Connection:
        """Return a new connection to read with."""
        ...

    def writer(self) -> Connection:
        """Return a new connection to write with, whose transactions exclude other writers'.

        Makes the database where that is a file.
        """
        ...

    def take(self) -> Connection | None:
        """Return a connection to write with that holds the site's lock; None: somebody else does.

        A lock that this process has already is no obstacle.
        """
        ...

    def lock_migrations(self, connection: Connection) -> None:
        """Let nobody else migrate until the transaction of ``connection`` ends."""
        ...

    def lock_history(self, connection: Connection) -> None:
        """Let no other audit of the site be remembered until the transaction ends."""
        ...

    def let_go(self, connection: Connection) -> None:
        """Give the lock back, which ``connection`` holds, in its transaction."""
        ...

    def release(self) -> None:
        """Give the lock back, if it is held; the connection is closed already."""
        ...
