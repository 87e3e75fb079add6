"""Guards on groups and shared route-maps, one case at a time, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from installing import (
    BLUE,
    BROWNFIELD,
    EXPORT,
    IMPORT,
    ONE,
    ORANGE,
    after,
    attachments,
    clean,
    family,
    guard,
    one_map,
    parse,
    refused,
    stanzas,
)

from policies.change import apply, steps
from policies.filters import SessionKey
from policies.install import install
from policies.managed import managed
from policies.proof import leaks
from policies.strangers import unknown_neighbors

if TYPE_CHECKING:
    from policies.guards import WantedGuard

# Groups ----------------------------------------------------------------------------------------

GROUP = ["neighbor G peer-group", "neighbor G remote-as 65000"]
MEMBERS = [f"neighbor 10.0.0.{n} peer-group G" for n in (1, 2)]


def test_a_guard_on_a_group_holds_its_members_too() -> None:
    running = parse(*GROUP, *MEMBERS, *family("neighbor 10.0.0.2 route-map RM in"),
                    maps=one_map("permit 10"))  # fmt: skip
    found = clean(running, guard("G", group=True))
    assert attachments(found) == {"G v4 import": "RF-import-out-orange"}
    assert [str(key) for key, _, _ in sorted(found.fenced)] == ["10.0.0.1", "10.0.0.2", "G"]
    assert "RM deny 1: v4" in stanzas(found)
    after(running, guard("G", group=True))


def test_a_member_that_carries_a_family_its_group_does_not_gets_its_own() -> None:
    running = parse(*GROUP, *MEMBERS, *family("neighbor 10.0.0.1 activate", version=6))
    found = clean(running, guard("G", group=True))
    assert attachments(found) == {
        "10.0.0.1 v6 import": "RF-import-out-orange",
        "G v4 import": "RF-import-out-orange",
    }
    after(running, guard("G", group=True))


def test_a_member_keeps_its_guard_when_its_groups_goes() -> None:
    running = parse(*GROUP, *MEMBERS)
    done = after(running, guard("G", group=True))
    found = clean(done, guard("10.0.0.1"))
    assert attachments(found) == {"10.0.0.1 v4 import": "RF-import-out-orange"}
    assert after(done, guard("10.0.0.1")) == after(running, guard("10.0.0.1"))


def test_a_group_that_takes_over_from_its_member_leaves_it_no_map_of_its_own() -> None:
    running = parse(*GROUP, *MEMBERS)
    done = after(running, guard("10.0.0.1"))
    assert after(done, guard("G", group=True)) == after(running, guard("G", group=True))


def test_a_member_follows_its_groups_new_policy_with_the_guard_in_it() -> None:
    done = after(parse(*GROUP, *MEMBERS), guard("10.0.0.1"))
    key = SessionKey("", "10.0.0.1")
    grown = parse(
        *GROUP, *MEMBERS, *family("neighbor G route-map RM in"), maps=one_map("permit 10")
    )
    mine = {**grown.sessions, key: done.sessions[key]}
    lists, maps = {**grown.lists, **done.lists}, {**grown.route_maps, **done.route_maps}
    both = replace(grown, sessions=mine, lists=lists, route_maps=maps)
    found = clean(both, guard("G", group=True))
    assert attachments(found) == {}
    assert stanzas(found) == ["RM deny 1: v4"]


def test_a_group_with_a_closed_member_is_not_opened() -> None:
    lines = ["neighbor G peer-group", *MEMBERS]
    lines += ["neighbor 10.0.0.1 remote-as 65000", "neighbor 10.0.0.2 remote-as 65002"]
    found = install("tor1", parse(*lines), [guard("G", group=True)])
    assert refused(found) == [
        (
            "mixed-group: peer group G needs a route-map for some of its members, which would open "
            "10.0.0.2: it is closed for want of a policy"
        )
    ]
    clean(parse(*lines), guard("G", group=True, may_open=True))


@pytest.mark.parametrize("follows", [True, False])
def test_a_member_gets_no_outbound_map_where_members_follow_their_group(follows: bool) -> None:
    running = parse(*GROUP, *MEMBERS)
    running = replace(
        running, semantics=replace(running.semantics, members_follow_outbound=follows)
    )
    found = install("tor1", running, [guard("10.0.0.1", EXPORT)])
    assert [one.limit for one in found.violations] == ["outbound-of-a-member"] * follows
    clean(running, guard("10.0.0.1"))
    clean(running, guard("G", EXPORT, group=True))


def test_one_session_with_two_guards_is_refused() -> None:
    guards = [guard("G", group=True), guard("10.0.0.1", fence=BLUE)]
    found = install("tor1", parse(*GROUP, *MEMBERS), guards)
    assert refused(found) == [
        "two-guards: 10.0.0.1 is to be fenced as only orange and as only blue"
    ]
    clean(parse(*GROUP, *MEMBERS), guard("G", group=True), guard("10.0.0.1"))


# Refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "what"),
    [
        (guard("10.0.0.9"), "neighbor 10.0.0.9"),
        (guard("G", group=False), "neighbor G"),
        (guard("10.0.0.1", group=True), "peer group 10.0.0.1"),
        (guard("10.0.0.1", vrf="blue"), "neighbor 10.0.0.1 (vrf blue)"),
    ],
)
def test_a_session_that_the_device_does_not_have_is_named(wanted: WantedGuard, what: str) -> None:
    assert refused(install("tor1", parse(*GROUP, *MEMBERS), [wanted])) == [
        f"missing-session: the site names the {what}, which the device does not have"
    ]


TWO = [*BROWNFIELD[:1], "neighbor 10.0.0.2 remote-as 65002"]
SHARED = [*TWO, *family(*(f"neighbor 10.0.0.{n} route-map RM in" for n in (1, 2)))]


def test_a_map_that_sessions_with_equal_guards_share_is_guarded_once() -> None:
    running = parse(*SHARED, maps=one_map("permit 10"))
    assert stanzas(clean(running, guard("10.0.0.1"), guard("10.0.0.2"))) == ["RM deny 1: v4"]


@pytest.mark.parametrize(
    ("guards", "said"),
    [
        ([guard("10.0.0.1")], ["only orange", "no guard"]),
        ([guard("10.0.0.2")], ["no guard", "only orange"]),
        ([guard("10.0.0.1"), guard("10.0.0.2", fence=BLUE)], ["only orange", "only blue"]),
    ],
)
def test_a_map_that_needs_different_guards_is_refused(
    guards: list[WantedGuard], said: list[str]
) -> None:
    found = install("tor1", parse(*SHARED, maps=one_map("permit 10")), guards)
    wants = "; ".join(f"10.0.0.{n} import wants {what}" for n, what in enumerate(said, start=1))
    assert refused(found) == [
        "shared-route-map: route-map RM is shared by sessions that need different guards: " + wants
    ]
    assert "copy RM under a second name" in found.violations[0].way_out


def test_one_map_for_both_directions_with_one_guard_is_refused() -> None:
    lines = [
        ONE,
        *family("neighbor 10.0.0.1 route-map RM in", "neighbor 10.0.0.1 route-map RM out"),
    ]
    (said,) = refused(
        install("tor1", parse(*lines, maps=one_map("permit 10")), [guard("10.0.0.1")])
    )
    assert "10.0.0.1 export wants no guard; 10.0.0.1 import wants only orange" in said


def test_a_map_that_serves_something_else_too_is_refused() -> None:
    lines = [
        ONE,
        *family("redistribute connected route-map RM", "neighbor 10.0.0.1 route-map RM in"),
    ]
    found = install("tor1", parse(*lines, maps=one_map("permit 10")), [guard("10.0.0.1")])
    assert refused(found) == [
        (
            "shared-route-map: route-map RM also serves `redistribute connected route-map RM`, "
            "which no guard may narrow"
        )
    ]
    clean(parse(*lines, maps=one_map("permit 10")))


def test_every_refusal_is_told_at_once() -> None:
    running = parse(*SHARED, maps=one_map("permit 1"))
    guards = [guard("10.0.0.1"), guard("10.0.0.2"), guard("10.0.0.9"), guard("G", group=True)]
    limits = [one.limit for one in install("tor1", running, guards).violations]
    assert limits == ["missing-session", "missing-session", "no-room"]


# What goes past a guard ------------------------------------------------------------------------


PAST_THE_GUARD = (
    "default-originate",
    "unsuppress-map PAST",
    "advertise-map PAST exist-map NOWHERE",
    "advertise-map PAST non-exist-map NOWHERE",
)


@pytest.mark.parametrize("line", PAST_THE_GUARD)
def test_what_goes_past_the_guard_is_a_leak(line: str) -> None:
    lines = [ONE, *family("neighbor 10.0.0.1 route-map RM out", f"neighbor 10.0.0.1 {line}")]
    maps = one_map("permit 10") + "route-map PAST permit 10\nexit\n"
    running = parse(*lines, maps=maps)
    found = clean(running, guard("10.0.0.1", EXPORT))
    done = apply(running, steps(managed(running), found.managed))
    (leak,) = leaks(done, found.fenced)
    assert ip_network("0.0.0.0/0") in leak.leaked
    assert str(leak).startswith("10.0.0.1 announces 0.0.0.0/0")
    assert str(leak).endswith("but is to be fenced as only orange")


def test_a_leak_says_which_session_accepts_what() -> None:
    running = parse(*BROWNFIELD, maps=one_map("permit 10"))
    slot = (SessionKey("", "10.0.0.1"), 4, IMPORT)
    (leak,) = leaks(running, {slot: ORANGE})
    assert (leak.session, leak.version, leak.direction) == slot
    assert leak.leaked == ~ORANGE.allowed[4]
    assert leaks(running, {(SessionKey("", "10.0.0.9"), 4, IMPORT): ORANGE}) == ()


# Neighbors that the site does not know ---------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "ignored", "expected"),
    [
        (["G", "10.0.0.7"], [], []),
        (["G"], [], ["10.0.0.7"]),
        (["G"], ["10.0.0.7"], []),
        (["10.0.0.1", "10.0.0.7"], [], ["10.0.0.2", "G"]),
        (["10.0.0.1", "10.0.0.2", "10.0.0.7"], [], []),
        (["10.0.0.7"], ["G"], []),
        ([], [], ["10.0.0.1", "10.0.0.2", "10.0.0.7", "G"]),
    ],
)
def test_unknown_neighbors(known: list[str], ignored: list[str], expected: list[str]) -> None:
    running = parse(*GROUP, *MEMBERS, "neighbor 10.0.0.7 remote-as 65007")
    keys = [SessionKey("", name) for name in known]
    found = unknown_neighbors(running, [guard("G", group=True)], keys, ignored)
    assert [key.name for key in found] == expected
    assert unknown_neighbors(running, [], keys, ignored) == ()


def test_a_group_that_listens_is_more_than_its_members() -> None:
    running = parse(*GROUP, *MEMBERS, "bgp listen range 10.1.0.0/16 peer-group G")
    known = [SessionKey("", f"10.0.0.{n}") for n in (1, 2)]
    found = unknown_neighbors(running, [guard("10.0.0.1")], known, [])
    assert [key.name for key in found] == ["G"]
