"""What an audit leaves behind it: a record, a call to a webhook, and nothing where neither is."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from site_fixture import Fenced, ringfence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.api import Lab

pytestmark = pytest.mark.lab


@pytest.fixture
def received() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Return the address of a webhook on this machine, and what it gets."""
    heard: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/secret-token", heard
        server.shutdown()
        thread.join()


@pytest.fixture
def drifted(lab: Lab, fenced: Fenced) -> Iterator[None]:
    lab.run("tor1", ("vtysh", "-c", "configure terminal", "-c", "no route-map FROM-NODE deny 1"))
    yield
    assert ringfence("deploy", "--site", str(fenced.site), "--yes").code == 0


def test_drift_is_told_once_and_its_end_too(
    lab: Lab,
    fenced: Fenced,
    received: tuple[str, list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, heard = received
    monkeypatch.setenv("RINGFENCE_WEBHOOK_URL", url)
    site = str(fenced.site)
    assert ringfence("audit", "--site", site).code == 0
    assert heard == []
    lab.run("tor1", ("vtysh", "-c", "configure terminal", "-c", "no route-map FROM-NODE deny 1"))
    first = ringfence("audit", "--site", site)
    assert first.code == 2
    assert len(heard) == 1
    assert "tor1" in heard[0]["text"]
    assert ringfence("audit", "--site", site).code == 2
    assert len(heard) == 1
    assert ringfence("deploy", "--site", site, "--yes").code == 0
    assert ringfence("audit", "--site", site).code == 0
    assert len(heard) == 2
    assert "secret-token" not in first.out + first.err


@pytest.mark.usefixtures("drifted")
def test_a_webhook_that_is_not_there_changes_nothing_but_a_note(
    fenced: Fenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RINGFENCE_WEBHOOK_URL", "http://127.0.0.1:9/secret-token")
    done = ringfence("audit", "--site", str(fenced.site), "--json")
    assert done.code == 2
    assert any("the webhook was not told" in note for note in done.document["notes"])
    assert "secret-token" not in done.out + done.err


@pytest.mark.usefixtures("drifted")
def test_without_a_ledger_the_audit_is_made_all_the_same(fenced: Fenced) -> None:
    settings = fenced.site / "site.yaml"
    before = settings.read_text()
    (fenced.site / "file").write_text("no folder")
    try:
        settings.write_text(before.replace("runs: runs", "runs: file/runs"))
        done = ringfence("audit", "--site", str(fenced.site), "--json")
    finally:
        settings.write_text(before)
    assert done.code == 2
    assert any("not on record" in note for note in done.document["notes"])
    assert {one["first_seen"] for one in done.document["findings"]} == {None}
    assert {one["device"] for one in done.document["findings"]} >= {"tor1"}


def test_a_file_that_can_t_be_written_is_found_before_anything_is_asked(
    fenced: Fenced, tmp_path: Path
) -> None:
    for option in ("--html", "--junit", "--markdown", "--prometheus", "--fix"):
        done = ringfence("audit", "--site", str(fenced.site), option, str(tmp_path / "no" / "x"))
        assert (done.code, done.out) == (5, "")
        assert "can't be written there; nothing was contacted" in done.err
        assert "look" not in done.err


def test_one_format_may_go_to_standard_output(fenced: Fenced) -> None:
    done = ringfence("audit", "--site", str(fenced.site), "--markdown", "-")
    assert done.code == 0
    assert done.out.startswith("#")
    twice = ringfence("audit", "--site", str(fenced.site), "--markdown", "-", "--html", "-")
    assert (twice.code, twice.out) == (64, "")
