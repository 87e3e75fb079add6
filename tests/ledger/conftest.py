"""A site with a ledger in each of the two databases: the fixture ``site``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders import write_site
from ledgers import settings

from inventory.site import Site, load_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postgres_fixture import Postgres


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """Return a folder in memory, if there is one: tests of many transactions need no real disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, in_memory: Path) -> Site:
    """Return a site whose ledger was never used."""
    url = None
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.url(server.new_database())
    return load_site(write_site(in_memory / "site", {"site.yaml": settings(url)}))
