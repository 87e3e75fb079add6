"""A ledger that can't be used is one sentence and an exit code, and no device is contacted."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from builders import write_site
from ledgers import settings
from plans import make_plan
from postgres_fixture import USER, Postgres

from inventory.errors import Exit, InputError
from inventory.site import load_site
from runbooks import cli
from runbooks.ledger import UnrecordedError, open_ledger
from runbooks.ledger.tables import HEAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledgers import Told

    from inventory.site import Site

CHECKOUT = Path(__file__).parent.parent.parent
WRITING = (["deploy", "--yes"], ["recover"])


def test_a_ledger_that_can_be_used_lets_devices_be_contacted(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    # So that the silence in the other tests means something. Closed at once: nothing answers.
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    (site.path / "defaults.yaml").write_text(f"port: {port}\nusername: nobody\npassword: none\n")
    assert cli.run(["deploy", "--yes", "--site", str(site.path)]) == Exit.INCOMPLETE
    assert f"127.0.0.1:{port} refuses the connection" in capsys.readouterr().err


def unreachable(_server: Postgres) -> tuple[str, str]:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    return f"postgresql://{USER}@127.0.0.1:{port}/x", f"port {port} failed: Connection refused"


def no_host(_server: Postgres) -> tuple[str, str]:
    return f"postgresql://{USER}@no-host.invalid/x", "failed to resolve host 'no-host.invalid': "


def no_database(server: Postgres) -> tuple[str, str]:
    return server.url("nothing"), 'FATAL:  database "nothing" does not exist'


def no_role(server: Postgres) -> tuple[str, str]:
    url = server.url("postgres").replace(f"{USER}@", "stranger@")
    return url, 'FATAL:  role "stranger" does not exist'


def not_let_in(server: Postgres) -> tuple[str, str]:
    name = server.new_database()
    server.query(f"ALTER DATABASE {name} OWNER TO admin")
    server.query(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
    return server.url(name), f'FATAL:  permission denied for database "{name}"'


def no_password(server: Postgres) -> tuple[str, str]:
    return server.url(server.new_database(), over="loopback"), "no password supplied"


def unknown_option(server: Postgres) -> tuple[str, str]:
    return f"{server.url('x')}&nonsense=1", 'invalid connection option "nonsense"'


def newer(server: Postgres) -> tuple[str, str]:
    name = server.new_database()
    server.query("CREATE TABLE ringfence_schema (version_num text)", name)
    server.query("INSERT INTO ringfence_schema VALUES ('9999')", name)
    server.query(f"GRANT ALL ON ringfence_schema TO {USER}", name)
    return server.url(name), NEWER


NEWER = (
    f" was made by a newer ringfence (its schema is 9999, this one knows {HEAD}): update ringfence "
    "on this host"
)


@pytest.mark.parametrize(
    "trouble",
    [
        unreachable,
        no_host,
        no_database,
        no_role,
        not_let_in,
        no_password,
        unknown_option,
        newer,
    ],
)
def test_a_server_that_can_not_be_used(
    trouble: Callable[[Postgres], tuple[str, str]],
    postgres: Postgres,
    place: Path,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Nothing of who runs the tests: libpq would find a password there.
    monkeypatch.setenv("PGPASSFILE", str(place / "no-pgpass"))
    for name in ("PGPASSWORD", "RINGFENCE_LEDGER_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    url, expected = trouble(postgres)
    said = told(write_site(place, {"site.yaml": settings(url)}))
    assert said.startswith(f"the ledger {url}")
    assert expected in said


def test_tables_that_may_not_be_made(
    postgres: Postgres, place: Path, told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    name = postgres.new_database()
    postgres.query(f"ALTER DATABASE {name} OWNER TO admin")
    postgres.query("REVOKE CREATE ON SCHEMA public FROM PUBLIC", name)
    url = postgres.url(name)
    path = write_site(place, {"site.yaml": settings(url)})
    said = told(path, WRITING)
    assert said == f"the ledger {url}: permission denied for schema public"
    # Reading makes nothing, so nothing is in its way.
    assert cli.run(["runs", "--site", str(path)]) == Exit.DONE
    assert capsys.readouterr().out == "no runs on record\n"


def make(path: Path) -> None:
    """Make the ledger of SQLite in the folder ``path``, with one run."""
    with open_ledger(load_site(path)) as ledger, ledger.hold("deploy"):
        ledger.begin("deploy", make_plan()).end("confirmed")


def no_sqlite(path: Path) -> None:
    (path / "runs").mkdir()
    (path / "runs" / "ledger.db").write_bytes(b"garbage! " * 1000)


def torn(path: Path) -> None:
    make(path)
    # What is left of it has the head of a database, and not the pages that it counts on.
    database = path / "runs" / "ledger.db"
    content = database.read_bytes()
    database.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def of_a_newer(path: Path) -> None:
    make(path)
    with closing(sqlite3.connect(path / "runs" / "ledger.db")) as database, database:
        database.execute("UPDATE ringfence_schema SET version_num = '9999'")


def a_folder(path: Path) -> None:
    (path / "runs" / "ledger.db").mkdir(parents=True)


AGAIN = "move it away: the run folders beside it are taken in anew"
FILES: dict[Callable[[Path], None], str] = {
    no_sqlite: f": file is not a database; {AGAIN}",
    torn: f": database disk image is malformed; {AGAIN}",
    of_a_newer: NEWER,
    a_folder: ": unable to open database file; see that you may read and write it and its folder",
}


@pytest.mark.parametrize("trouble", FILES)
def test_a_file_that_can_not_be_used(
    trouble: Callable[[Path], None],
    place: Path,
    told: Told,
) -> None:
    path = write_site(place, {"site.yaml": settings(None)})
    trouble(path)
    said = told(path)
    assert said == f"the ledger {path}/runs/ledger.db{FILES[trouble]}"


def test_the_way_out_of_a_corrupt_file_is_one(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_site(place, {"site.yaml": settings(None)})
    torn(path)
    with open_ledger(load_site(path)) as ledger:
        # The first attempt must not keep the lock that it got.
        with pytest.raises(InputError, match=AGAIN), ledger.hold("deploy"):
            pass
        (path / "runs" / "ledger.db").rename(path / "runs" / "ledger.db.bad")
        with ledger.hold("deploy"):
            pass
        assert [run.status for run in ledger.runs()] == ["confirmed"]
    assert cli.run(["recover", "--site", str(path)]) == Exit.DONE
    assert capsys.readouterr().out == "nothing to recover: every run came to its end\n"


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be somebody whom permissions are made for: to root they are none."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.mark.parametrize(
    ("commands", "closed", "expected"),
    [
        (None, ["ledger.db"], "unable to open database file"),
        (WRITING, ["lock"], "[Errno 13] Permission denied: '{runs}/lock'"),
    ],
)
def test_a_file_that_is_somebody_else_s(
    commands: tuple[list[str], ...] | None,
    closed: list[str],
    expected: str,
    place: Path,
    told: Told,
) -> None:
    path = write_site(place, {"site.yaml": settings(None)})
    make(path)
    runs = path / "runs"
    for one in (runs, *runs.rglob("*")):
        one.chmod(0o777)
    for name in closed:
        (runs / name).chmod(0o000)
    with as_nobody():
        said = told(path, commands)
    assert said.startswith(f"the ledger {runs}/ledger.db: {expected.format(runs=runs)}")


def test_a_file_that_may_be_read_alone_is_read(
    place: Path, told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_site(place, {"site.yaml": settings(None)})
    make(path)
    (path / "runs" / "ledger.db").chmod(0o444)
    (path / "runs" / "lock").chmod(0o666)
    with as_nobody():
        assert cli.run(["runs", "--site", str(path)]) == Exit.DONE
        assert "  confirmed  " in capsys.readouterr().out
        said = told(path, WRITING)
    assert said == (
        f"the ledger {path}/runs/ledger.db: attempt to write a readonly database; ask its owner, "
        "or give yourself the right to write it"
    )


def test_a_full_disk(place: Path, device: socket.socket) -> None:
    # A file system of our own, as small as can be, that nobody else ever sees.
    path = write_site(place, {"site.yaml": settings(None)})
    (path / "runs").mkdir()
    inside = (
        'mount -t tmpfs -o size=16k tmpfs "$1" && cp /dev/zero "$1/fill" 2>/dev/null; shift; '
        'test -s "$0" || exec "$@"'
    )
    user = () if os.geteuid() == 0 else ("--map-root-user",)
    ringfence = [sys.executable, "-m", "runbooks", "deploy", "--yes", "--site", str(path)]
    done = subprocess.run(
        [
            "/usr/bin/unshare",
            "--mount",
            *user,
            "sh",
            "-c",
            inside,
            "none",
            str(path / "runs"),
            *ringfence,
        ],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    where = f"ringfence: the ledger {path}/runs/ledger.db: "
    assert done.stderr == f"{where}database or disk is full; make room on the disk\n"
    assert (done.returncode, done.stdout) == (5, "")
    with pytest.raises(BlockingIOError):
        device.accept()


def fill(site: Site, connection: Any, request: pytest.FixtureRequest) -> str:  # noqa: ANN401
    """Let the database of ``site`` refuse to grow; returns what it is about to say of it."""
    if site.settings.ledger.url is None:
        with connection.begin():
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        return "database or disk is full; make room on the disk"
    server: Postgres = request.getfixturevalue("postgres")
    database = site.settings.ledger.url.partition("@/")[2].partition("?")[0]
    text = 'could not extend file "base/1/2": No space left on device'
    body = f"RAISE EXCEPTION USING ERRCODE = ''disk_full'', MESSAGE = ''{text}'', HINT = ''Room!''"
    server.query(
        f"CREATE FUNCTION full_() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {body}; END'", database
    )
    server.query(
        "CREATE TRIGGER full_ BEFORE INSERT ON ringfence_step EXECUTE FUNCTION full_()", database
    )
    return text


def test_a_disk_that_fills_up_in_a_run(site: Site, request: pytest.FixtureRequest) -> None:
    with open_ledger(site) as ledger, ledger.hold("deploy"):
        record = ledger.begin("deploy", make_plan())
        assert ledger._writer is not None
        why = fill(site, ledger._writer._connection, request)
        with pytest.raises(UnrecordedError) as caught:
            record.write("decision", confirm=["tor1"] * 10_000)
        where = ledger._backend.where
        assert str(caught.value) == (
            f"step 'decision' of run {record.run} is not on record: the ledger {where}: {why}"
        )
        assert caught.value.__cause__ is None
        assert [one["step"] for one in ledger.find(record.run).events] == ["begin"]
        record.close()
    copy = (record.folder / "events.jsonl").read_text().splitlines()
    assert [json.loads(one)["step"] for one in copy] == ["begin", "unrecorded"]
