"""Traces by example: each way in which a prefix gets through a session, or does not."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest
from filter_sets import FRR
from frr_text import FRR as DIALECT
from frr_text import family, router

from policies.accepts import session_accepts
from policies.filters import Attachment, Direction, RouteMap, Running, Session, SessionKey, Stanza
from policies.prefix_list import Action
from policies.references import AttachmentRef, EntryRef, Part, Reference, StanzaRef
from policies.trace import decide, trace

IN, OUT = Direction.IMPORT, Direction.EXPORT
KEY = SessionKey("", "10.0.0.1")
TEXT = "\n".join(
    (
        "frr version 8.4.4",
        "frr defaults datacenter",
        router(
            "neighbor 10.0.0.1 remote-as 65001",
            *family(4, "neighbor 10.0.0.1 prefix-list NOT-TOO-LONG in", "neighbor 10.0.0.1 "
                    "route-map FROM-NODE in", "neighbor 10.0.0.1 default-originate"),
        ),
        "ip prefix-list NOT-TOO-LONG seq 5 deny 0.0.0.0/0 ge 27",
        "ip prefix-list NOT-TOO-LONG seq 10 permit 0.0.0.0/0 le 26",
        "ip prefix-list POOLS seq 5 permit 10.65.0.0/16 ge 26 le 26",
        "ip prefix-list BAD seq 5 permit 10.65.66.0/24 le 32",
        "route-map FROM-NODE deny 10",
        " match ip address prefix-list BAD",
        "exit",
        "route-map FROM-NODE permit 20",
        " match ip address prefix-list POOLS",
        " call CHECK",
        "exit",
        "route-map FROM-NODE permit 30",
        " match ip address prefix-list NOWHERE",
        "exit",
        "route-map CHECK deny 5",
        " match ip address prefix-list HALF",
        "exit",
        "route-map CHECK permit 10",
        "exit",
        "ip prefix-list HALF seq 5 permit 10.65.128.0/17 le 32",
        "end",
        "",
    )
)  # fmt: skip
LIST_AT = AttachmentRef(KEY, 4, IN, Part.PREFIX_LIST)
MAP_AT = AttachmentRef(KEY, 4, IN, Part.ROUTE_MAP)
SHORT = (LIST_AT, EntryRef(4, "NOT-TOO-LONG", 1))


@pytest.mark.parametrize(
    ("prefix", "places"),
    [
        # Dropped by the session's list, by a stanza, by a called map, and by the map's end.
        ("10.65.0.0/27", (LIST_AT, EntryRef(4, "NOT-TOO-LONG", 0))),
        (
            "10.65.66.64/26",
            (*SHORT, MAP_AT, StanzaRef("FROM-NODE", 10), EntryRef(4, "BAD", 0)),
        ),
        (
            "10.65.200.0/26",
            (
                *SHORT,
                MAP_AT,
                StanzaRef("FROM-NODE", 20),
                EntryRef(4, "POOLS", 0),
                StanzaRef("CHECK", 5),
                EntryRef(4, "HALF", 0),
            ),
        ),
        ("192.0.2.0/24", (*SHORT, MAP_AT, StanzaRef("FROM-NODE", None))),
        # Through the called map, whose last stanza says so.
        (
            "10.65.1.0/26",
            (
                *SHORT,
                MAP_AT,
                StanzaRef("FROM-NODE", 20),
                EntryRef(4, "POOLS", 0),
                StanzaRef("CHECK", 10),
            ),
        ),
    ],
)
def test_of_a_session_with_a_list_and_a_map(prefix: str, places: tuple[Reference, ...]) -> None:
    running = DIALECT.parse(TEXT)
    assert trace(running, running.sessions[KEY], 4, IN, ip_network(prefix)) == places


def test_every_place_of_a_trace_is_a_line_or_an_end() -> None:
    running, index = DIALECT.parse(TEXT), DIALECT.index(TEXT)
    places = trace(running, running.sessions[KEY], 4, IN, ip_network("192.0.2.0/24"))
    shown = [place.text.strip() for place in index.evidence((places[-1], *places))]
    assert shown == [
        "neighbor 10.0.0.1 prefix-list NOT-TOO-LONG in",
        "ip prefix-list NOT-TOO-LONG seq 10 permit 0.0.0.0/0 le 26",
        "neighbor 10.0.0.1 route-map FROM-NODE in",
        "the end of route-map FROM-NODE, which denies",
    ]


def test_of_an_open_session_and_of_a_default_route_that_is_made_up() -> None:
    text = TEXT.replace("datacenter", "traditional")
    default = ip_network("0.0.0.0/0")
    for given, may in ((TEXT, True), (text, False)):
        running, index = DIALECT.parse(given), DIALECT.index(given)
        one = running.sessions[KEY]
        other = trace(running, one, 4, OUT, ip_network("192.0.2.0/24"))
        assert other == (AttachmentRef(KEY, 4, OUT),)
        assert decide(running, one, 4, OUT, ip_network("192.0.2.0/24")).may is may
        assert decide(running, one, 4, OUT, default).may is True
    (place,) = trace(running, one, 4, OUT, default)
    assert place == AttachmentRef(KEY, 4, OUT, Part.DEFAULT)
    (line,) = index.places(place)
    assert line.text == "  neighbor 10.0.0.1 default-originate"


def session(at: Attachment) -> Session:
    return Session(
        key=KEY,
        is_group=False,
        group=None,
        is_external=True,
        closed_without_policy=False,
        attachments={(4, IN): at},
    )


def running_of(**maps: tuple[Stanza, ...]) -> Running:
    found = {name: RouteMap(name, stanzas) for name, stanzas in maps.items()}
    return Running(lists={}, route_maps=found, sessions={}, semantics=FRR)


PREFIX = ip_network("192.0.2.0/24")
PERMIT, DENY = (Stanza(seq=10, action=one) for one in (Action.PERMIT, Action.DENY))


@pytest.mark.parametrize(
    ("attachment", "places", "may"),
    [
        (Attachment(overrides=("rcf F()",), route_map="YES"), [Part.OTHER], True),
        (Attachment(unknown=("filter-list 7",)), [Part.OTHER], True),
        (Attachment(route_map="NO"), [Part.ROUTE_MAP, StanzaRef("NO", 10)], False),
        (Attachment(route_map="GONE"), [Part.ROUTE_MAP, StanzaRef("GONE", None)], False),
        (
            Attachment(route_map="NO", unsuppress_map="YES"),
            [Part.UNSUPPRESS_MAP, StanzaRef("YES", 10)],
            True,
        ),
        (
            Attachment(route_map="NO", advertise_map="YES"),
            [Part.ADVERTISE_MAP, StanzaRef("YES", 10)],
            True,
        ),
        (
            Attachment(route_map="GUARDED"),
            [Part.ROUTE_MAP, StanzaRef("GUARDED", 5)],
            False,
        ),
    ],
)  # fmt: skip
def test_of_attachments(
    attachment: Attachment, places: list[Part | StanzaRef], *, may: bool
) -> None:
    guard = replace(DENY, seq=5)
    running = running_of(YES=(PERMIT,), NO=(DENY,), GUARDED=(guard, PERMIT))
    one = session(attachment)
    decided = decide(running, one, 4, IN, PREFIX)
    assert decided.may is may
    assert decided.places == tuple(
        AttachmentRef(KEY, 4, IN, place) if isinstance(place, Part) else place for place in places
    )


@pytest.mark.parametrize("calls", range(8, 13))
def test_calls_are_followed_as_deep_as_the_sets_go(calls: int) -> None:
    maps = {
        f"M{at}": (Stanza(seq=10, action=Action.PERMIT, call=f"M{at + 1}"),) for at in range(calls)
    }
    running = running_of(**maps, **{f"M{calls}": (DENY,)})
    one = session(Attachment(route_map="M0"))
    decided = decide(running, one, 4, IN, PREFIX)
    judged = session_accepts(running, one, 4, IN)
    assert (decided.may, decided.must) == (PREFIX in judged.may, PREFIX in judged.must)
