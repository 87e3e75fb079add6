"""Illegal routes as findings: who announces them, over which line, and how many more there are."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

from inventory.site import load_site
from policies.dialects import DIALECTS
from policies.drift import Kind
from policies.filters import SessionKey
from policies.guards import wanted_guards
from policies.illegal import TOLD
from runbooks.audit_report import DeviceState, Finding, Severity
from runbooks.device_text import DeviceText
from runbooks.judging import judge, with_routes
from tasks.adapters.base import Tables
from tasks.origins import told_by_tables
from tasks.snapshot import Snapshot

CHECKOUT = Path(__file__).resolve().parents[3]
SITE = load_site(CHECKOUT / "inventory" / "lab")
TOR = SITE.devices["tor1"]
GUARDS = wanted_guards(SITE)["tor1"]
TEXT = (CHECKOUT / "tests" / "golden" / "frr" / "tor1.fenced.conf").read_text(encoding="utf-8")
NODES = SessionKey("", "NODES")


def found(*prefixes: str) -> tuple[DeviceState, list[Finding]]:
    """Return the state of a fenced ToR in whose table ``prefixes`` are, and what is illegal."""
    running = DIALECTS["frr"].parse(TEXT)
    routes = {(NODES, 4): {"172.20.1.66": frozenset(map(ip_network, prefixes))}}
    tables = Tables(up=frozenset(), routes=routes)
    text = DeviceText("frr", Snapshot(TEXT, running, tables))
    judged = judge(SITE, TOR, text, GUARDS)
    told = told_by_tables(TOR, running, tables, judged.fenced)
    done = with_routes(TOR, judged, told, text)
    illegal = [one for one in done.findings if one.kind is Kind.ILLEGAL_ROUTE]
    assert [*judged.findings, *illegal] == list(done.findings)
    return done.report.state, illegal


def test_a_route_in_the_table_of_a_proven_session_is_critical_all_the_same() -> None:
    assert found("10.65.1.0/26") == (DeviceState.CLEAN, [])
    state, (one,) = found("10.66.5.0/26", "10.65.1.0/26")
    assert (state, one.severity) == (DeviceState.DIFFERS, Severity.CRITICAL)
    assert (one.device, one.session, one.family, one.direction) == ("tor1", "NODES", 4, "import")
    assert (one.witness, one.origin) == ("10.66.5.0/26", "172.20.1.66")
    assert one.text == (
        "10.66.5.0/26 is in the table right now, over a session that is to be fenced as "
        "only orange: it comes from 172.20.1.66"
    )
    assert [line.text for line in one.lines] == ["  neighbor NODES route-map FROM-NODE in"]


def test_a_leaked_table_says_how_much_of_it_is_not_told() -> None:
    _, illegal = found(*(f"9.9.{number}.0/24" for number in range(TOLD + 7)))
    assert len(illegal) == len({one.id for one in illegal}) == TOLD
    assert [one.text for one in illegal if "more" in one.text] == [illegal[-1].text]
    assert illegal[-1].text.endswith("; 7 more of this session are not told one by one")
