"""A site with a ledger in each of the two databases: the fixture ``site``.

And for ledgers that can't be used: ``place``, ``device`` and ``told``.
"""

from __future__ import annotations

import json
import socket
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders import write_site
from ledgers import settings
from postgres_fixture import PASSWORD, WRONG_PASSWORD

from inventory.errors import Exit
from inventory.site import Site, load_site
from runbooks import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledgers import Told
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


@pytest.fixture
def device() -> Iterator[socket.socket]:
    """Listen as a device would; what is in the queue is a connection that was opened."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        listener.setblocking(False)
        yield listener


@pytest.fixture
def place(in_memory: Path, device: socket.socket) -> Path:
    """Return where a site may be written whose device is ``device``; anybody may go there."""
    in_memory.chmod(0o755)
    every = f"port: {device.getsockname()[1]}\nusername: nobody\npassword: none\n"
    (in_memory / "site").mkdir()
    (in_memory / "site" / "defaults.yaml").write_text(every)
    return in_memory / "site"


@pytest.fixture
def told(device: socket.socket, capsys: pytest.CaptureFixture[str]) -> Told:
    """Return what checks that commands refuse: with 5, one sentence, and no device contacted."""

    def refused(path: Path, command: list[str]) -> str:
        code = cli.run([*command, "--site", str(path)])
        out, err = capsys.readouterr()
        (line,) = err.splitlines()
        assert code == Exit.BAD_INPUT
        if "--json" in command:
            document = json.loads(out)
            assert document["exit_code"] == 5
            assert [f"ringfence: {one}" for one in document["error"]] == [line]
        else:
            assert out == ""
        for word in (PASSWORD, WRONG_PASSWORD, "Traceback", "INSERT", "SELECT"):
            assert word not in out + err
        with pytest.raises(BlockingIOError):
            device.accept()
        return line.removeprefix("ringfence: ")

    def told(path: Path, commands: tuple[list[str], ...] | None = None) -> str:
        every = commands or (["runs"], ["deploy", "--yes"], ["recover"])
        said = {
            refused(path, [*command, *as_json]) for command in every for as_json in ([], ["--json"])
        }
        (sentence,) = said
        return sentence

    return told
