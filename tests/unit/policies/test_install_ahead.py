"""Guards that stand ahead of a session's policy, and families that must not share a route-map."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from installing import (
    IMPORT,
    ONE,
    ORANGE,
    after,
    attachments,
    clean,
    family,
    guard,
    one_map,
    refused,
    stanzas,
)
from installing import parse as parse_frr

from policies.change import apply, steps
from policies.filters import Ahead, Attachment, RouteMap, SessionKey
from policies.install import install
from policies.managed import Managed, managed
from policies.ownership import stand_in_name

if TYPE_CHECKING:
    from policies.filters import Running

NAME = {
    Ahead.WRAP: "RF-import-out-orange--RM",
    Ahead.CHAIN: "RF-import-out-orange RM",
}
both = pytest.mark.parametrize("ahead", Ahead)


def parse(*lines: str, ahead: Ahead | None = None, sets_only: bool = False, **more: str) -> Running:
    found = parse_frr(*lines, **more)
    said = replace(found.semantics, ahead=ahead, sets_only=sets_only)
    return replace(found, semantics=said)


BROWNFIELD = [ONE, *family("neighbor 10.0.0.1 route-map RM in")]


@both
def test_the_operators_policy_stays_behind_the_guard(ahead: Ahead) -> None:
    running = parse(*BROWNFIELD, maps=one_map("permit 10"), ahead=ahead)
    found = clean(running, guard("10.0.0.1"))
    name = NAME[ahead]
    assert attachments(found) == {"10.0.0.1 v4 import": name}
    assert found.managed.stanzas[name, 65535].call == "RM"
    assert all(one.startswith(name) for one in stanzas(found)), "the operator's own map is left"
    done = after(running, guard("10.0.0.1"))
    back = apply(done, steps(managed(done), Managed()))
    assert back == running


@both
def test_a_session_without_a_policy_gets_the_guard_alone(ahead: Ahead) -> None:
    running = parse(ONE, *family("neighbor 10.0.0.1 activate"), ahead=ahead)
    running = opened(running)
    found = clean(running, guard("10.0.0.1"))
    assert attachments(found) == {"10.0.0.1 v4 import": "RF-import-out-orange"}
    assert found.managed.stanzas["RF-import-out-orange", 65535].call is None


def opened(running: Running) -> Running:
    sessions = {
        key: replace(one, closed_without_policy=False) for key, one in running.sessions.items()
    }
    return replace(running, sessions=sessions)


@both
def test_what_it_stood_ahead_of_must_still_be_known(ahead: Ahead) -> None:
    done = after(parse(*BROWNFIELD, maps=one_map("permit 10"), ahead=ahead), guard("10.0.0.1"))
    name = NAME[ahead]
    *guards, last = done.route_maps[name].stanzas
    for end in ((), (replace(last, call=None),), (replace(last, call="OTHER"),)):
        maps = {**done.route_maps, name: RouteMap(name, (*guards, *end))}
        found = install("tor1", replace(done, route_maps=maps), [guard("10.0.0.1")])
        assert [one.limit for one in found.violations] == ["lost-policy"]


def test_a_copy_that_stayed_behind_is_never_taken_for_the_sessions_policy() -> None:
    running = parse(*BROWNFIELD, maps=one_map("permit 10"))
    copy = stand_in_name("RM")
    key = SessionKey("", "10.0.0.1")
    session = running.sessions[key]
    left = replace(
        running,
        route_maps={**running.route_maps, copy: RouteMap(copy, running.route_maps["RM"].stanzas)},
        sessions={
            key: replace(
                session,
                attachments={**session.attachments, (4, IMPORT): Attachment(route_map=copy)},
            )
        },
    )
    for guards in ([guard("10.0.0.1")], []):
        found = install("tor1", left, guards)
        assert [one.limit for one in found.violations] == ["lost-policy"]


def test_names_of_policies_with_parameters_are_hashed() -> None:
    running = parse(*BROWNFIELD, maps=one_map("permit 10"), ahead=Ahead.WRAP)
    key = SessionKey("", "10.0.0.1")
    session = running.sessions[key]
    policy = Attachment(route_map="RM(100, 7)")
    running = replace(
        running,
        sessions={key: replace(session, attachments={**session.attachments, (4, IMPORT): policy})},
    )
    found = clean(running, guard("10.0.0.1"))
    (name,) = attachments(found).values()
    assert name.startswith("RF-import-out-orange--")
    assert name.rpartition("--")[2].isalnum()
    after(running, guard("10.0.0.1"))


def test_plain_sets_name_what_may_pass() -> None:
    running = opened(parse(ONE, sets_only=True))
    found = clean(running, guard("10.0.0.1"))
    for (version, name), one in found.managed.lists.items():
        assert {entry.action for entry in one.entries} == {"permit"}
        kind = {4: "only", 6: "in"}[version]
        assert name.startswith(f"RF-{kind}-orange-v{version}-")
    # Nothing may pass of IPv6, and a list is never empty: so it names what may not.
    assert [(one.none_of != (), one.lists != ()) for one in found.managed.stanzas.values()] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    assert (ORANGE.screen(4, sets_only=True).negated, ORANGE.screen(6, sets_only=True).negated) == (
        True,
        False,
    )


@pytest.mark.parametrize("known", [False, None])
def test_families_share_a_map_only_where_a_match_is_known_to_stay_in_its_own(
    known: bool | None,
) -> None:
    lines = [
        ONE,
        "neighbor 2001:db8::1 remote-as 65001",
        *family("neighbor 10.0.0.1 route-map RM in"),
        *family("neighbor 2001:db8::1 activate", "neighbor 2001:db8::1 route-map RM in", version=6),
    ]
    running = parse(*lines, maps=one_map("permit 10"))
    running = replace(running, semantics=replace(running.semantics, other_family_matches=known))
    found = install("tor1", running, [guard("10.0.0.1"), guard("2001:db8::1")])
    if known is False:
        assert not found.violations
    else:
        (said,) = refused(found)
        assert said.startswith("shared-route-map: route-map RM serves IPv4 and IPv6 sessions")
