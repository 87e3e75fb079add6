"""A server of PostgreSQL for tests: the fixture ``postgres``, and :class:`Postgres`.

Law: it is the distribution's own, it is durable (fsync on), it listens on loopback and a socket
of its own alone, and it is gone with the tests. A machine without one skips what needs it with
the sentence that says what to install; under CI=true it fails, so that no pipeline passes by
skipping.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The role that ledgers log in with over loopback, by this password; over the socket, by none.
USER, PASSWORD = "ringfence", "S3cret-of-the-Ledger"

#: What is not it.
WRONG_PASSWORD = "Wr0ng-secret"

_MISSING = "tests of PostgreSQL need its server: sudo apt-get install postgresql"
_START_S = 60


def _programs() -> Path | None:
    """Return the folder of the newest server's programs."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(found, key=lambda one: float(one.parent.parent.name), default=None)
    return newest.parent if newest else None


class Postgres:
    """One cluster in a folder of its own; ``port`` is its port on loopback."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # A socket's path has 107 bytes at the most: pytest's own folders may be longer.
        self.folder = Path(tempfile.mkdtemp(prefix="rf-pg-"))
        self._data = self.folder / "data"
        self._log = self.folder / "log"
        self._as_owner: tuple[str, ...] = ()
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            who = (f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups")
            self._as_owner = ("setpriv", *who)
        self.folder.chmod(0o755)
        initdb = ("-U", "admin", "--auth-local=trust", "--auth-host=scram-sha-256", "-E", "UTF8")
        subprocess.run(
            [
                *self._as_owner,
                str(programs / "initdb"),
                *("-D", str(self._data), *initdb, "--locale=C", "--no-sync", "--wal-segsize=1"),
            ],
            check=True,
            capture_output=True,
            cwd="/",
        )
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = int(free.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        self.start()
        self.query(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")

    def start(self) -> None:
        """Start the server, also after a crash; returns once it answers."""
        deadline = time.monotonic() + _START_S
        while True:
            self._process = self._launch()
            while self._process.poll() is None:
                try:
                    self.query("SELECT 1")
                except psycopg.OperationalError:
                    assert time.monotonic() < deadline, self._log.read_text()
                    time.sleep(0.05)
                else:
                    return
            # Right after a kill, the shared memory of the one before may be in use still.
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.2)

    def _launch(self) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "fsync": "on",
            # What our sessions must not believe.
            "synchronous_commit": "off",
            "max_connections": "50",
            "shared_buffers": "16MB",
        }
        words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self._data), *words]
        # It ends with who started it, whatever becomes of that one.
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [*(self._as_owner or ("setpriv",)), "--pdeathsig=INT", *command],
                stdout=log,
                stderr=log,
                cwd="/",
            )

    def kill(self, number: signal.Signals) -> None:
        """End the server by a signal, and wait for it."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(timeout=_START_S)

    def stop(self) -> None:
        """Stop it for good, and remove what it left."""
        self.kill(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def query(self, query: str, database: str = "postgres", *values: object) -> list[Any]:
        """Run one statement as the administrator; return its rows."""
        with psycopg.connect(
            host=str(self.folder), port=self.port, user="admin", dbname=database, autocommit=True
        ) as connection:
            done = connection.execute(query.encode(), values or None)
            return done.fetchall() if done.description else []

    def new_database(self) -> str:
        """Return the name of a new, empty database that belongs to :data:`USER`."""
        self._databases += 1
        name = f"ledger{self._databases}"
        query = sql.SQL("CREATE DATABASE {} OWNER {}")
        self.query(query.format(sql.Identifier(name), sql.Identifier(USER)).as_string())
        return name

    def url(self, database: str, *, over: str = "socket") -> str:
        """Return the URL of ``database``, over the socket (no password) or loopback (with one)."""
        if over == "socket":
            return f"postgresql://{USER}@/{database}?host={self.folder}&port={self.port}"
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def cut(self, database: str) -> int:
        """End every other session in ``database``; return how many there were."""
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        return len(self.query(query, "postgres", database))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Return a running server for the whole session."""
    programs = _programs()
    if programs is None:
        if os.environ.get("CI") == "true":
            pytest.fail(_MISSING, pytrace=False)
        pytest.skip(_MISSING)
    server = Postgres(programs)
    yield server
    server.stop()
