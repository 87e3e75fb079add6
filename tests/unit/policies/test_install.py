"""Where guards go, one case at a time: names, numbers, what is left closed, what is refused."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from policies.change import apply, steps
from policies.dialects import DIALECTS
from policies.filters import Direction, RouteMap, Running, SessionKey
from policies.guards import Fence, WantedGuard, deny_list
from policies.install import Installation, install, unknown_neighbors
from policies.managed import Managed, managed
from policies.prefix_list import Action
from policies.prefix_set import PrefixSet
from policies.proof import leaks

FRR = DIALECTS["frr"]
IMPORT, EXPORT = Direction


def fence(label: str, *nets: str) -> Fence:
    allowed = {
        version: PrefixSet.union(
            version,
            [PrefixSet.of(net) for net in map(ip_network, nets) if net.version == version],
        )
        for version in (4, 6)
    }
    lists = {version: deny_list("out", label, version, ~one) for version, one in allowed.items()}
    return Fence("out", label, allowed, lists)


ORANGE, BLUE = fence("orange", "10.65.0.0/16"), fence("blue", "10.66.0.0/16")


def guard(
    name: str,
    direction: Direction = IMPORT,
    fence: Fence = ORANGE,
    *,
    group: bool = False,
    may_open: bool = False,
    vrf: str = "",
) -> WantedGuard:
    return WantedGuard(
        session=SessionKey(vrf, name),
        is_group=group,
        direction=direction,
        fence=fence,
        may_open=may_open,
    )


def parse(*lines: str, maps: str = "", profile: str = "traditional") -> Running:
    inside = "".join(f" {line}\n" for line in lines)
    return FRR.parse(
        f"frr version 8.4.4\nfrr defaults {profile}\nrouter bgp 65000\n{inside}exit\n{maps}\nend\n"
    )


def family(*lines: str, version: int = 4) -> list[str]:
    inside = [f" {line}" for line in lines]
    return [f"address-family ipv{version} unicast", *inside, "exit-address-family"]


def stanzas(found: Installation) -> list[str]:
    return [
        f"{name} {one.action} {seq}: {' '.join(f'v{version}' for version, _ in one.lists)}".strip()
        for (name, seq), one in sorted(found.managed.stanzas.items(), key=lambda item: item[0])
    ]


def attachments(found: Installation) -> dict[str, str]:
    return {
        f"{key} v{version} {way}": name
        for (key, version, way), name in sorted(found.managed.attachments.items())
    }


def refused(found: Installation) -> list[str]:
    assert all(one.where == "tor1" and one.way_out for one in found.violations)
    assert not any(one.acceptable for one in found.violations)
    return [f"{one.limit}: {one.evidence}" for one in found.violations]


def clean(running: Running, *guards: WantedGuard) -> Installation:
    """Return the installation, which nothing is in the way of."""
    found = install("tor1", running, guards)
    assert found.violations == []
    return found


def after(running: Running, *guards: WantedGuard) -> Running:
    """Return the device with the guards, proven."""
    found = clean(running, *guards)
    done = apply(running, steps(managed(running), found.managed))
    assert leaks(done, found.fenced) == ()
    return done


ONE = "neighbor 10.0.0.1 remote-as 65001"
INSIDE = "neighbor 10.0.0.1 remote-as 65000"
BROWNFIELD = [ONE, *family("neighbor 10.0.0.1 route-map RM in")]


def one_map(*stanzas: str) -> str:
    return "".join(f"route-map RM {stanza}\nexit\n" for stanza in stanzas)


# Numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "seq"),
    [
        (["permit 10"], 1),
        (["permit 2"], 1),
        (["deny 1", "permit 10"], 2),
        (["deny 1", "deny 2", "permit 4"], 3),
        (["deny 10"], 1),
    ],
)
def test_the_guard_takes_the_first_free_number_in_front_of_what_permits(
    found: list[str], seq: int
) -> None:
    running = parse(*BROWNFIELD, maps=one_map(*found))
    assert stanzas(clean(running, guard("10.0.0.1"))) == [f"RM deny {seq}: v4"]


@pytest.mark.parametrize("found", [["permit 1"], ["deny 1", "permit 2"], ["permit 1", "deny 5"]])
def test_without_room_it_is_refused_and_says_what_to_do(found: list[str]) -> None:
    running = parse(*BROWNFIELD, maps=one_map(*found))
    refusal = install("tor1", running, [guard("10.0.0.1")])
    first = next(one.split()[1] for one in found if one.startswith("permit"))
    assert refused(refusal) == [
        (
            f"no-room: route-map RM lets routes through from stanza {first} on, which leaves no 1 "
            "numbers free in front of it for the guard"
        )
    ]
    assert refusal.violations[0].way_out == "renumber its stanzas to begin at 10"


def test_both_families_of_a_session_are_guarded_in_its_map() -> None:
    lines = [*BROWNFIELD, *family("neighbor 10.0.0.1 activate", version=6)]
    lines[-1:-1] = [" neighbor 10.0.0.1 route-map RM in"]
    running = parse(*lines, maps=one_map("permit 10"))
    assert stanzas(clean(running, guard("10.0.0.1"))) == ["RM deny 1: v4", "RM deny 2: v6"]


def test_a_guard_that_stands_keeps_its_number_and_moves_if_something_came_in_front() -> None:
    running = parse(*BROWNFIELD, maps=one_map("deny 1", "permit 10"))
    done = after(running, guard("10.0.0.1"))
    assert stanzas(clean(done, guard("10.0.0.1", fence=BLUE))) == ["RM deny 2: v4"]
    grown = replace(done, route_maps=parse(maps=one_map("permit 2", "permit 10")).route_maps)
    assert stanzas(clean(grown, guard("10.0.0.1"))) == ["RM deny 1: v4"]


@pytest.mark.parametrize(
    "change",
    [
        {"action": Action.PERMIT},
        {"unknown": ("match community C",)},
        {"sets": ("set metric 5",)},
        {"call": "OTHER"},
        {"goes_on": True},
        {"lists": ((4, ORANGE.lists[4].name), (6, ORANGE.lists[6].name))},
    ],
)
def test_a_stanza_of_ours_that_somebody_edited_is_replaced_beside_it(
    change: dict[str, Any],
) -> None:
    # In place it would take lines back one by one, and not every line can be.
    running = parse(*BROWNFIELD, maps=one_map("permit 10"))
    done = after(running, guard("10.0.0.1"))
    ours, theirs = done.route_maps["RM"].stanzas
    edited = RouteMap("RM", (replace(ours, **change), theirs))
    found = clean(replace(done, route_maps={"RM": edited}), guard("10.0.0.1"))
    assert stanzas(found) == ["RM deny 2: v4"]


OURS = "RF-import-out-orange"


@pytest.mark.parametrize(
    ("seqs", "change"),
    [
        ([1, 2], {}),
        ([1, 65535], {}),
        ([], {}),
        ([1, 2, 7, 65535], {}),
        ([1, 2, 65535], {"action": Action.DENY}),
        ([1, 2, 65535], {"sets": ("set metric 5",)}),
    ],
)
def test_a_map_of_ours_that_somebody_edited_is_replaced_by_another(
    seqs: list[int], change: dict[str, Any]
) -> None:
    # It is live: made whole step by step it would be half a map for a moment.
    done = after(parse(INSIDE), guard("10.0.0.1"))
    whole = {one.seq: one for one in done.route_maps[OURS].stanzas}
    kept = [replace(whole.get(seq, whole[65535]), seq=seq) for seq in seqs]
    if change:
        kept[-1] = replace(kept[-1], **change)
    maps = {OURS: RouteMap(OURS, tuple(kept))} if kept else {}
    edited = replace(done, route_maps=maps)
    found = clean(edited, guard("10.0.0.1"))
    assert attachments(found) == {"10.0.0.1 v4 import": "RF-import.2-out-orange"}
    mended = after(edited, guard("10.0.0.1"))
    assert steps(managed(mended), clean(mended, guard("10.0.0.1")).managed) == ()


def test_a_map_of_ours_changes_in_place_only_while_its_sessions_are_the_same() -> None:
    lines = [INSIDE, "neighbor 10.0.0.2 remote-as 65000"]
    both = [guard("10.0.0.1"), guard("10.0.0.2")]
    done = after(parse(*lines), *both)
    changed = [replace(one, fence=fence("orange", "10.65.0.0/17")) for one in both]
    assert set(attachments(clean(done, *changed)).values()) == {OURS}
    assert set(attachments(clean(done, both[0])).values()) == {OURS}
    assert set(attachments(clean(done, changed[0])).values()) == {"RF-import.2-out-orange"}


def test_a_list_that_is_gone_comes_back_under_another_name() -> None:
    # Under its own it would be live half made.
    done = after(parse(*BROWNFIELD, maps=one_map("permit 10")), guard("10.0.0.1"))
    (key,) = done.lists
    found = clean(replace(done, lists={}), guard("10.0.0.1"))
    assert list(found.managed.lists) == [(4, f"{key[1]}.2")]
    assert stanzas(found) == ["RM deny 1: v4"]


# Sessions without a policy ---------------------------------------------------------------------


def test_an_open_session_without_a_policy_gets_a_map_of_ours() -> None:
    found = clean(parse(INSIDE), guard("10.0.0.1"))
    assert attachments(found) == {"10.0.0.1 v4 import": "RF-import-out-orange"}
    assert stanzas(found) == [
        "RF-import-out-orange deny 1: v4",
        "RF-import-out-orange deny 2: v6",
        "RF-import-out-orange permit 65535:",
    ]


def test_a_closed_session_without_a_policy_stays_closed_and_says_so() -> None:
    found = clean(parse(ONE), guard("10.0.0.1"))
    assert found.managed == Managed()
    slot = (SessionKey("", "10.0.0.1"), 4, IMPORT)
    assert found.closed == {slot: "no policy, and the platform lets nothing through then"}
    assert leaks(parse(ONE), found.fenced) == ()


def test_a_closed_session_opens_only_if_the_site_says_so_and_closes_again() -> None:
    running = parse(ONE)
    done = after(running, guard("10.0.0.1", may_open=True))
    assert managed(done).attachments
    assert after(done, guard("10.0.0.1")) == running


def test_a_session_with_another_policy_than_a_map_gets_one_beside_it() -> None:
    running = parse(ONE, *family("neighbor 10.0.0.1 prefix-list PL in"))
    done = after(running, guard("10.0.0.1"))
    attachment = done.sessions[SessionKey("", "10.0.0.1")].attachments[4, IMPORT]
    assert (attachment.route_map, attachment.prefix_list) == ("RF-import-out-orange", "PL")


def test_an_undefined_map_that_lets_nothing_through_is_left_so() -> None:
    found = clean(parse(*BROWNFIELD), guard("10.0.0.1"))
    assert found.managed == Managed()
    assert list(found.closed.values()) == ["route-map RM is attached but not defined"]


def test_an_undefined_map_that_lets_everything_through_is_refused() -> None:
    running = parse(*BROWNFIELD)
    semantics = replace(running.semantics, undefined_map_permits=True)
    found = install("tor1", replace(running, semantics=semantics), [guard("10.0.0.1")])
    assert refused(found) == [
        "undefined-route-map: route-map RM is attached but not defined, which permits everything"
    ]


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


@pytest.mark.parametrize("line", ["default-originate", "unsuppress-map UNSUPPRESS"])
def test_what_goes_past_the_guard_is_a_leak(line: str) -> None:
    lines = [ONE, *family("neighbor 10.0.0.1 route-map RM out", f"neighbor 10.0.0.1 {line}")]
    maps = one_map("permit 10") + "route-map UNSUPPRESS permit 10\nexit\n"
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
