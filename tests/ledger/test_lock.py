"""One run at a time for a site, on one host or on two; a dead holder keeps nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders import write_site
from ledgers import settings
from postgres_fixture import PASSWORD, Postgres

from inventory.errors import RefusedError
from inventory.site import load_site
from runbooks.ledger import open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inventory.site import Site

HOLDER = Path(__file__).parent.parent / "support" / "ledger_holder.py"
EXPECTED = {
    "synchronous_commit": "on",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25000",
    "idle_session_timeout": "0",
}
WHO = r"\S+@\S+ pid \d+, deploy(, run \d{8}T\d{6}Z(-\d+)?)?, since 2\S+; wait for it to end"


class Holder:
    """A process that holds a site, on this host or on one of another name."""

    def __init__(self, site: Path, *run: str, host: str | None = None) -> None:
        command = [sys.executable, str(HOLDER), str(site), "deploy", *run]
        if host is not None:
            # A UTS namespace of its own: another host's name, and nothing else.
            user = () if os.geteuid() == 0 else ("--map-root-user",)
            inside = f'hostname {host} && exec "$@"'
            command = ["unshare", "--uts", *user, "sh", "-c", inside, "sh", *command]
        checkout = str(HOLDER.parent.parent.parent)
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": checkout},
        )
        self.said = self.hear()

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self, text: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()
        return self.hear()

    def end(self) -> int:
        self.process.communicate("go\n" if self.process.poll() is None else None, timeout=60)
        return self.process.returncode


@contextmanager
def holder(site: Path, *run: str, host: str | None = None) -> Iterator[Holder]:
    one = Holder(site, *run, host=host)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.process.send_signal(signal.SIGCONT)
            one.process.kill()
        one.process.communicate()


def is_free(site: Site) -> bool:
    try:
        with open_ledger(site) as ledger, ledger.hold("deploy"):
            return True
    except RefusedError:
        return False


def soon_free(site: Site) -> bool:
    """Return whether the site becomes free: a server notices a death when it next looks."""
    deadline = time.monotonic() + 30
    while not is_free(site):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_the_second_is_refused_and_told_who(site: Site) -> None:
    with holder(site.path, "run") as first:
        run = first.said.removeprefix("held ")
        with holder(site.path) as second:
            assert re.fullmatch(f"another run is going on: {WHO}", second.said)
            assert f"pid {first.process.pid}, deploy, run {run}, since " in second.said
            assert second.end() == 4
        assert first.end() == 0
    assert is_free(site)


def test_two_hosts_share_one_lock(postgres: Postgres, tmp_path: Path) -> None:
    # Each jump host has its own checkout, and so its own run folders; only the database is shared.
    url = postgres.url(postgres.new_database())
    sites = [
        write_site(tmp_path / host, {"site.yaml": settings(url)}) for host in ("jump1", "jump2")
    ]
    with holder(sites[0], "run", host="jump1") as first:
        assert first.said.startswith("held ")
        with holder(sites[1], host="jump2") as second:
            assert re.fullmatch(f"another run is going on: {WHO}", second.said)
            assert "@jump1 pid " in second.said
            assert second.end() == 4
        assert first.end() == 0
    with holder(sites[1], "run", host="jump2") as second:
        assert second.said.startswith("held ")
        assert second.end() == 0
    with open_ledger(load_site(sites[1])) as ledger:
        assert [run.first["by"].partition("@")[2] for run in ledger.runs()] == ["jump1", "jump2"]
        assert [run.status for run in ledger.runs()] == ["taken-back", "taken-back"]


def test_two_sites_of_one_database_are_two_locks(postgres: Postgres, tmp_path: Path) -> None:
    url = postgres.url(postgres.new_database())
    other = settings(url).replace("name: dc1", "name: dc2")
    first = write_site(tmp_path / "a", {"site.yaml": settings(url)})
    second = write_site(tmp_path / "b", {"site.yaml": other})
    with holder(first, "run") as one, holder(second, "run") as two:
        assert one.said.startswith("held ")
        assert two.said.startswith("held ")
        assert (one.end(), two.end()) == (0, 0)
    with open_ledger(load_site(first)) as ledger:
        assert [run.name for run in ledger.runs()] == [one.said.removeprefix("held ")]


def test_a_holder_that_was_killed_keeps_nothing(site: Site) -> None:
    with holder(site.path, "run") as first:
        assert not is_free(site)
        first.process.kill()
        first.process.wait()
        assert soon_free(site)
    with open_ledger(site) as ledger:
        assert [run.name for run in ledger.unfinished()] == [first.said.removeprefix("held ")]


def test_a_holder_that_is_frozen_keeps_it(site: Site) -> None:
    with holder(site.path, "run") as first:
        first.process.send_signal(signal.SIGSTOP)
        with (
            pytest.raises(RefusedError, match=f"pid {first.process.pid}, deploy, run "),
            open_ledger(site) as ledger,
            ledger.hold("deploy"),
        ):
            pass
        first.process.send_signal(signal.SIGCONT)
        assert first.tell("write") == "written"
        assert first.end() == 0


def test_a_holder_that_fails_leaves_it_free(site: Site) -> None:
    with open_ledger(site) as ledger:
        with pytest.raises(ValueError, match="over"), ledger.hold("deploy"):
            raise ValueError("over")
        with ledger.hold("deploy"):
            assert not is_free(site)
    assert is_free(site)


def test_who_lost_the_connection_does_not_write_the_decision(
    postgres: Postgres, tmp_path: Path
) -> None:
    database = postgres.new_database()
    path = write_site(tmp_path, {"site.yaml": settings(postgres.url(database))})
    site = load_site(path)
    with holder(path, "run") as first:
        run = first.said.removeprefix("held ")
        assert first.tell("write") == "written"
        assert postgres.cut(database) == 1
        said = first.tell("write")
        assert said.startswith(f"not written: step 'decision' of run {run} is not on record: ")
        assert "terminating connection due to administrator command" in said
        # The way back is on record again as soon as the lock is: nobody else had it meanwhile.
        assert first.tell("write") == "written"
        assert first.end() == 0
    with open_ledger(site) as ledger:
        steps = [event["step"] for event in ledger.find(run).events]
    assert steps == ["begin", "decision", "decision", "end"]
    copy = (path / "runs" / run / "events.jsonl").read_text().splitlines()
    assert [line.count('"step": "unrecorded"') for line in copy] == [0, 0, 1, 0, 0]


@pytest.mark.parametrize("is_going_on", [True, False])
def test_who_was_away_while_somebody_else_held_the_site_writes_nothing_any_more(
    is_going_on: bool, postgres: Postgres, tmp_path: Path
) -> None:
    database = postgres.new_database()
    path = write_site(tmp_path, {"site.yaml": settings(postgres.url(database))})
    site = load_site(path)
    with holder(path, "run") as first:
        run = first.said.removeprefix("held ")
        postgres.cut(database)
        assert soon_free(site)
        with holder(path, "run") as second:
            assert second.said.startswith("held ")
            if not is_going_on:
                assert second.end() == 0
            assert first.tell("write").startswith("not written: ")
            # Not at the second attempt either, with a connection that works.
            why = "which somebody else has" if is_going_on else "somebody else has held the site"
            assert why in first.tell("write")
            if is_going_on:
                assert second.tell("write") == "written"
                assert second.end() == 0
    with open_ledger(site) as ledger:
        assert [event["step"] for event in ledger.find(run).events] == ["begin"]


def test_the_server_looks_after_a_host_that_died_and_syncs_every_commit(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whatever the server's own settings are; over a socket there is no TCP to be set.
    url = postgres.url(postgres.new_database(), over="loopback")
    site = load_site(write_site(tmp_path, {"site.yaml": settings(url)}))
    monkeypatch.setenv("RINGFENCE_LEDGER_PASSWORD", PASSWORD)
    with open_ledger(site) as ledger, ledger.hold("deploy"):
        assert ledger._writer is not None
        connection = ledger._writer._connection
        assert connection is not None
        with connection.begin():
            found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar() for name in EXPECTED}
    assert found == EXPECTED
    assert postgres.query("SHOW synchronous_commit") == [("off",)]
