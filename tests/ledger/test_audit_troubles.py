"""A history that can't be used is one sentence, soon, and changes nothing else."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.config import Config
from audit_parts import make_finding
from audit_reports import make_report
from builders import write_site
from ledgers import settings
from plans import make_plan
from postgres_fixture import USER, Postgres
from sqlalchemy import text

from inventory.errors import InputError
from inventory.site import Site, load_site
from runbooks.ledger import migrations, open_ledger, sqlite
from runbooks.ledger.audits import open_history
from runbooks.ledger.opening import backend_of
from runbooks.ledger.tables import HEAD

if TYPE_CHECKING:
    from collections.abc import Iterator

REPORT = make_report(findings=(make_finding(first_seen=None),), exit_code=2)


def refused(site: Site) -> str:
    """Return the one sentence that every method refuses with."""
    said = set()
    with open_history(site) as history:
        for method in (
            lambda: history.remember(REPORT),
            history.past,
            history.milestones,
            lambda: history.changes(REPORT.id),
        ):
            with pytest.raises(InputError) as caught:
                method()
            # A traceback would lead to what was to be written.
            assert caught.value.__cause__ is None
            assert caught.value.__suppress_context__ or caught.value.__context__ is None
            said.add(str(caught.value))
    (sentence,) = said
    assert "\n" not in sentence
    for word in ("INSERT", "SELECT", "Traceback"):
        assert word not in sentence
    return sentence


def test_a_file_that_is_no_database(in_memory: Path) -> None:
    site = load_site(write_site(in_memory / "site", {"site.yaml": settings(None)}))
    (site.path / "runs").mkdir()
    (site.path / "runs" / "ledger.db").write_text("nonsense" * 1000)
    assert refused(site).startswith(
        f"the ledger {site.path}/runs/ledger.db: file is not a database;"
    )


def test_a_newer_ledger(site: Site) -> None:
    with open_history(site) as history:
        history.remember(REPORT)
    with backend_of(site).writer() as connection, connection.begin():
        connection.execute(text("UPDATE ringfence_schema SET version_num = '9999'"))
    assert f"its schema is 9999, this one knows {HEAD}" in refused(site)


def test_a_server_that_is_not_there(in_memory: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    url = f"postgresql://{USER}@127.0.0.1:{port}/x"
    site = load_site(write_site(in_memory / "site", {"site.yaml": settings(url)}))
    assert "Connection refused" in refused(site)


def test_tables_that_may_not_be_written(postgres: Postgres, in_memory: Path) -> None:
    name = postgres.new_database()
    site = load_site(write_site(in_memory / "site", {"site.yaml": settings(postgres.url(name))}))
    with open_history(site) as history:
        history.remember(REPORT)
        postgres.query(f"REVOKE INSERT ON ringfence_audit FROM {USER}", name)
        postgres.query("ALTER TABLE ringfence_audit OWNER TO admin", name)
        postgres.query(f"GRANT SELECT ON ringfence_audit TO {USER}", name)
        with pytest.raises(InputError, match=r"permission denied for table ringfence_audit$"):
            history.remember(make_report(id="next"))
        # What was half written is not there.
        assert [one.id for one in history.past()] == [REPORT.id]
        assert len(history.changes(REPORT.id).gone) == 0


@contextmanager
def writing(site: Site) -> Iterator[None]:
    """Have somebody else in the middle of a transaction that writes, in the block."""
    code = (
        "import sqlite3, sys\n"
        "one = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "one.execute('BEGIN IMMEDIATE')\n"
        "print('begun', flush=True)\n"
        "sys.stdin.readline()\n"
    )
    path = site.path / "runs" / "ledger.db"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "begun\n"
        yield
        other.communicate("end\n")


def test_somebody_who_writes_for_long_is_not_waited_for_for_ever(
    in_memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_S", 0.2)
    site = load_site(write_site(in_memory / "site", {"site.yaml": settings(None)}))
    with open_history(site) as history:
        history.remember(REPORT)
        with writing(site):
            with pytest.raises(InputError, match="database is locked; somebody else has it open"):
                history.remember(make_report(id="next"))
            # Reading is in nobody's way.
            assert [one.id for one in history.past()] == [REPORT.id]
        assert history.remember(make_report(id="next")).history[-1].id == "next"


def test_a_folder_that_can_not_be_made(tmp_path: Path) -> None:
    site = load_site(write_site(tmp_path / "site", {"site.yaml": settings(None)}))
    (site.path / "runs").touch()
    with open_history(site) as history, pytest.raises(InputError, match=r"^the ledger .*: "):
        history.remember(REPORT)


def test_a_ledger_of_before_gets_the_tables_and_keeps_its_runs(site: Site) -> None:
    backend = backend_of(site)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with backend.writer() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    values = "('dc1', 'r1', 'confirmed', '[]', :plan, '')"
    insert = "INSERT INTO ringfence_run (site, name, status, devices, plan, plan_digest) VALUES "
    with backend.writer() as connection, connection.begin():
        connection.execute(text(insert + values), {"plan": make_plan().text()})
    with open_history(site) as history:
        assert history.past() == ()
        assert history.remember(REPORT).findings[0].first_seen == REPORT.ended
    with open_ledger(site) as ledger:
        (run,) = ledger.runs()
        assert (run.name, run.status, run.plan) == ("r1", "confirmed", make_plan())


def test_a_database_is_not_made_by_asking(site: Site) -> None:
    with open_history(site) as history:
        history.past()
    path = site.path / "runs" / "ledger.db"
    assert not path.exists()
    if site.settings.ledger.url is None:
        path.parent.mkdir()
        sqlite3.connect(path).close()
        with open_history(site) as history:
            assert history.milestones().devices == {}
