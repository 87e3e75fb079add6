"""Where the ledger's password comes from; it is in nothing that is said. And a missing driver."""

from __future__ import annotations

import builtins
import sys
from typing import TYPE_CHECKING, Any

import pytest
from builders import write_site
from ledgers import settings
from postgres_fixture import PASSWORD, USER, WRONG_PASSWORD, Postgres

from inventory.site import load_site
from runbooks.ledger import open_ledger

if TYPE_CHECKING:
    from pathlib import Path

    from ledgers import Told


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://{USER}:{WRONG_PASSWORD}@127.0.0.1/x",
        f"postgresql://{USER}:{WRONG_PASSWORD}/{WRONG_PASSWORD}@127.0.0.1/x",
        f"postgresql://{USER}@127.0.0.1/x?password={WRONG_PASSWORD}",
        f"postgresql://{USER}@127.0.0.1/x?sslmode=require&sslpassword={WRONG_PASSWORD}",
    ],
)
def test_a_password_in_the_url_is_refused_at_its_line(url: str, place: Path, told: Told) -> None:
    path = write_site(place, {"site.yaml": settings(url)})
    line = 1 + (path / "site.yaml").read_text().splitlines().index(f"ledger: {{url: '{url}'}}")
    said = told(path)
    assert said.startswith(f"{path}/site.yaml:{line}:10: url: a URL in site.yaml holds no password")
    assert "RINGFENCE_LEDGER_PASSWORD" in said


def with_password(place: Path, url: str, content: str | None, mode: int = 0o600) -> Path:
    """Write a site whose ledger's password is ``content`` of a file; None is an absent one."""
    text = settings(None) + f"ledger: {{url: '{url}', password_file: secret}}\n"
    if content is not None:
        (place / "secret").write_text(content)
        (place / "secret").chmod(mode)
    return write_site(place, {"site.yaml": text})


@pytest.fixture(autouse=True)
def _nothing_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take away what whoever runs the tests may have set."""
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "no-pgpass"))
    for name in ("PGPASSWORD", "RINGFENCE_LEDGER_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("by", "is_right"),
    [
        (by, is_right)
        for by in ("variable", "file", "variable before file")
        for is_right in (True, False)
    ],
)
def test_where_a_password_comes_from(
    by: str,
    is_right: bool,
    request: pytest.FixtureRequest,
    place: Path,
    told: Told,
) -> None:
    password, other = (PASSWORD, WRONG_PASSWORD) if is_right else (WRONG_PASSWORD, PASSWORD)
    postgres: Postgres = request.getfixturevalue("postgres")
    url = postgres.url(postgres.new_database(), over="loopback")
    path = with_password(place, url, f"{password if by == 'file' else other}\n")
    if by == "variable":
        path = write_site(place, {"site.yaml": settings(url)})
    if by != "file":
        request.getfixturevalue("monkeypatch").setenv("RINGFENCE_LEDGER_PASSWORD", password)
    if is_right:
        with open_ledger(load_site(path)) as ledger, ledger.hold("deploy"):
            assert ledger.runs() == ()
    else:
        said = told(path)
        assert said.startswith(f"the ledger {url}: connection failed: ")
        assert said.endswith(f'FATAL:  password authentication failed for user "{USER}"')


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        (None, 0, "'secret' can't be read: "),
        ("", 0o600, "'secret' is not one line of text"),
        ("\n", 0o600, "'secret' is not one line of text"),
        (f"{PASSWORD}\n", 0o644, "others may read 'secret'; chmod 600 it"),
    ],
)
def test_a_password_file_that_is_not_one(
    content: str | None,
    mode: int,
    why: str,
    place: Path,
    told: Told,
) -> None:
    path = with_password(place, f"postgresql://{USER}@127.0.0.1:1/x", content, mode)
    said = told(path)
    assert said.startswith(f"{path}/site.yaml: ledger.password_file: {why}")


@pytest.mark.parametrize("is_there", [True, False])
def test_a_driver_that_is_missing(
    is_there: bool,
    place: Path,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if is_there:
        # As psycopg is where it finds no libpq: installed, and of no use.
        usual = builtins.__import__

        def without_libpq(name: str, *rest: Any, **more: Any) -> Any:  # noqa: ANN401
            if name == "psycopg":
                raise ImportError("no pq wrapper available.\nAttempts made:\n- one")
            return usual(name, *rest, **more)

        monkeypatch.setattr(builtins, "__import__", without_libpq)
        why = "can't be loaded (no pq wrapper available.)"
    else:
        monkeypatch.setitem(sys.modules, "psycopg", None)
        why = "is not installed"
    path = write_site(place, {"site.yaml": settings(f"postgresql://{USER}@127.0.0.1:1/x")})
    assert told(path) == (
        f"{path}/site.yaml: ledger.url needs psycopg, which {why}: pip install "
        "'ringfence[postgresql]' (in a checkout: pip install -e '.[postgresql]')"
    )
