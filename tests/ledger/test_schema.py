"""What the migrations make is what the code says, once, wherever ringfence is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from builders import write_site
from ledgers import settings
from sqlalchemy import Connection, MetaData, inspect, text

from inventory.site import load_site
from runbooks.ledger import migrations, open_ledger
from runbooks.ledger.opening import backend_of
from runbooks.ledger.schema import ensure_schema
from runbooks.ledger.tables import HEAD, METADATA, REVISIONS, VERSION_TABLE

if TYPE_CHECKING:
    from inventory.site import Site

CHECKOUT = Path(__file__).parent.parent.parent
#: Brings the tables of a site's ledger to the head once it is told to; says what it did.
MIGRATE = """
import sys
from pathlib import Path
import alembic.command, sqlalchemy.dialects.postgresql, sqlalchemy.dialects.sqlite
from inventory.site import load_site
from runbooks.ledger.opening import backend_of
from runbooks.ledger.schema import ensure_schema, revision
backend = backend_of(load_site(Path(sys.argv[1])))
print("ready", flush=True)
sys.stdin.readline()
with backend.writer() as connection:
    ensure_schema(backend, connection)
    with connection.begin():
        print(revision(connection))
"""


def shape(connection: Connection) -> dict[str, Any]:
    """Return the tables of the ledger as the database has them."""
    found = inspect(connection)
    return {
        name: {
            "columns": [
                (one["name"], str(one["type"]), one["nullable"], one["default"])
                for one in found.get_columns(name)
            ],
            "primary key": (
                found.get_pk_constraint(name)["name"],
                found.get_pk_constraint(name)["constrained_columns"],
            ),
            "foreign keys": [
                (
                    one["name"],
                    one["constrained_columns"],
                    one["referred_table"],
                    one["referred_columns"],
                )
                for one in found.get_foreign_keys(name)
            ],
            "indexes": [one["name"] for one in found.get_indexes(name)],
        }
        for name in sorted(found.get_table_names())
        if name != VERSION_TABLE
    }


def differences(connection: Connection, tables: MetaData) -> list[Any]:
    """Return what Alembic would generate a migration for."""
    options = {"compare_type": True, "version_table": VERSION_TABLE}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), tables))


def test_the_migrations_make_the_tables_that_the_code_names(site: Site) -> None:
    backend = backend_of(site)
    with backend.writer() as connection:
        ensure_schema(backend, connection)
        with connection.begin():
            assert differences(connection, METADATA) == []
            migrated = shape(connection)
        names = ("audit", "finding", "holder", "look", "run", "step")
        assert list(migrated) == [f"ringfence_{name}" for name in names]
        with connection.begin():
            METADATA.drop_all(connection)
            assert shape(connection) == {}
            METADATA.create_all(connection)
        with connection.begin():
            assert shape(connection) == migrated


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE ringfence_run ADD COLUMN more TEXT",
        "ALTER TABLE ringfence_run DROP COLUMN undoes",
        "CREATE TABLE ringfence_more (x TEXT)",
    ],
)
def test_a_difference_is_found(change: str, site: Site) -> None:
    # So that the test above means something.
    backend = backend_of(site)
    with backend.writer() as connection:
        ensure_schema(backend, connection)
        with connection.begin():
            before = shape(connection)
        with connection.begin():
            connection.execute(text(change))
        with connection.begin():
            assert len(differences(connection, METADATA)) == 1
            assert shape(connection) != before


def test_every_revision_is_known_and_follows_the_one_before() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    assert [one.revision for one in reversed(scripts)] == list(REVISIONS)
    assert [one.down_revision for one in reversed(scripts)] == [None, *REVISIONS[:-1]]
    assert REVISIONS[-1] == HEAD


def test_a_schema_that_is_current_is_left_alone(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_ledger(site) as ledger, ledger.hold("deploy"):
        pass
    # Who has nothing to migrate does not even load what would.
    for name in [name for name in sys.modules if name.partition(".")[0] == "alembic"]:
        monkeypatch.setitem(sys.modules, name, None)
    with open_ledger(site) as ledger, ledger.hold("deploy"):
        assert ledger.runs() == ()


def waiting(connection: Connection) -> int:
    """Return how many sessions of this database wait for an advisory lock."""
    query = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with connection.engine.connect() as other:
        return int(other.execute(text(query)).scalar_one())


def test_two_processes_that_migrate_at_once(site: Site) -> None:
    backend = backend_of(site)
    command = [sys.executable, "-c", MIGRATE, str(site.path)]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    backend.writer().close()
    both = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(2)
    ]
    try:
        for one in both:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        with backend.writer() as connection:
            with connection.begin():
                # Both find no tables; neither can make them before both have looked.
                backend.lock_migrations(connection)
                for one in both:
                    assert one.stdin is not None
                    one.stdin.write("go\n")
                    one.stdin.flush()
                deadline = time.monotonic() + 30
                while connection.dialect.name == "postgresql" and waiting(connection) < 2:
                    assert time.monotonic() < deadline
                    time.sleep(0.02)
            assert [one.communicate(timeout=60)[0] for one in both] == [f"{HEAD}\n"] * 2
            with connection.begin():
                assert differences(connection, METADATA) == []
                rows = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608
                assert rows.scalars().all() == [HEAD]
    finally:
        for one in both:
            one.kill()
            one.communicate()


def test_the_migrations_go_wherever_ringfence_is_installed() -> None:
    # What setuptools puts into a wheel: packages that are included, and files that are named.
    tool = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["setuptools"]
    find, data = tool["packages"]["find"], tool["package-data"]["*"]
    assert find["namespaces"] is False
    top = Path(migrations.__file__).parent
    files = [one for one in top.rglob("*") if one.is_file() and "__pycache__" not in one.parts]
    assert {one.name for one in files} >= {"__init__.py", "env.py", "script.py.mako"}
    for one in files:
        inside = one.parent.relative_to(CHECKOUT)
        packages = [inside, *inside.parents[:-1]]
        assert [str(up) for up in packages if not (CHECKOUT / up / "__init__.py").is_file()] == []
        assert any(fnmatch(".".join(inside.parts), pattern) for pattern in find["include"])
        assert one.suffix == ".py" or any(fnmatch(one.name, pattern) for pattern in data)


def test_a_ledger_migrates_from_a_place_with_a_percent_sign(tmp_path: Path) -> None:
    path = write_site(tmp_path / "50%s#?x", {"site.yaml": settings(None)})
    with open_ledger(load_site(path)) as ledger, ledger.hold("deploy"):
        assert ledger.runs() == ()
    assert (path / "runs" / "ledger.db").is_file()


def test_the_command_line_loads_no_database_before_it_needs_one() -> None:
    code = (
        "import sys, runbooks.cli; "
        "print(sorted({'sqlalchemy', 'alembic', 'sqlite3', 'psycopg'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"
