"""The ledger in a database of PostgreSQL that several jump hosts share: :class:`PostgresBackend`.

The lock on the site is an advisory lock of the session that writes the steps: the server frees it
when the process, the host or the connection dies, and who lost the connection can't write.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What our sessions ask of the server, whatever its own settings are. Times are in seconds but
#: for those that end in a unit. Keepalives: a host that is gone loses its lock within 10+3*5 s,
#: also while it has something unacknowledged (``tcp_user_timeout``).
_SETTINGS: Final[Mapping[str, str]] = {
    "synchronous_commit": "on",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25s",
    "idle_session_timeout": "0",
    "idle_in_transaction_session_timeout": "60s",
    "lock_timeout": "10s",
    "statement_timeout": "60s",
}

#: The same for this end, for libpq: how long it waits for a server that is gone.
_CLIENT: Final[Mapping[str, Any]] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
    "application_name": "ringfence",
}


#: How often, and how many seconds apart, the lock is tried for.
_ATTEMPTS, _AGAIN_S = 5, 0.2

#: A lock that ends with its transaction.
_LOCK_THAT_ENDS = text("SELECT pg_advisory_xact_lock(:key)")


class PostgresBackend:
    """The database at ``url``, which holds no password; ``site`` names the lock."""

    def __init__(self, url: str, site: str, password: str | None) -> None:
        scheme, _, rest = url.partition("://")
        self.where = f"{scheme}://{rest}"
        self._engine = _engine(rest, password)
        self._key = lock_key(f"site {site}")
        self._history_key = lock_key(f"history of {site}")

    def is_there(self) -> bool:
        """Return True: only the server knows."""
        return True

    def reader(self) -> Connection:
        """Return a new connection."""
        return self._engine.connect()

    def writer(self) -> Connection:
        """Return a new connection."""
        return self._engine.connect()

    def take(self) -> Connection | None:
        """Return a connection whose session holds the advisory lock."""
        connection = self._engine.connect()
        query = text("SELECT pg_try_advisory_lock(:key)")
        try:
            # The server may still be at the end of a session whose client is gone already.
            for attempt in range(_ATTEMPTS):
                time.sleep(_AGAIN_S if attempt else 0.0)
                taken = connection.execute(query, {"key": self._key}).scalar_one()
                connection.commit()
                if taken:
                    break
        except BaseException:
            connection.close()
            raise
        if taken:
            return connection
        connection.close()
        return None

    def lock_migrations(self, connection: Connection) -> None:
        """Take the advisory lock of all migrations in this database."""
        connection.execute(_LOCK_THAT_ENDS, {"key": lock_key("migrations")})

    def lock_history(self, connection: Connection) -> None:
        """Take the advisory lock of the site's history, which no deploy asks for."""
        connection.execute(_LOCK_THAT_ENDS, {"key": self._history_key})

    def let_go(self, connection: Connection) -> None:
        """Give the lock back at once, not when the server notices that the session has ended."""
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": self._key})

    def release(self) -> None:
        """Do nothing: the lock went with the connection, at the latest."""


def lock_key(what: str) -> int:
    """Return the key of an advisory lock: 64 bits, signed, the same on every host."""
    digest = hashlib.sha256(f"ringfence {what}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _engine(rest: str, password: str | None) -> Engine:
    secret = {} if password is None else {"password": password}
    url = make_url(f"postgresql+psycopg://{rest}")
    engine = create_engine(
        url,
        poolclass=NullPool,
        # What the URL says itself goes first.
        connect_args={**{k: v for k, v in _CLIENT.items() if k not in url.query}, **secret},
        # An error's text holds neither a plan nor what a device said.
        hide_parameters=True,
    )
    event.listen(engine, "connect", _set_up)
    return engine


def _set_up(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own
    """Make the session keep to :data:`_SETTINGS`, as far as the server knows them."""
    values = ", ".join(["(%s, %s)"] * len(_SETTINGS))
    query = (
        "SELECT set_config(known.name, wanted.value, false) "  # noqa: S608 - only placeholders
        f"FROM (VALUES {values}) AS wanted(name, value) JOIN pg_settings AS known USING (name)"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [word for pair in _SETTINGS.items() for word in pair])
        cursor.fetchall()
    connection.commit()
