"""Where guards go, one case at a time: names, numbers, what is left closed, what is mended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from installing import (
    BLUE,
    BROWNFIELD,
    IMPORT,
    INSIDE,
    ONE,
    ORANGE,
    after,
    attachments,
    clean,
    family,
    fence,
    guard,
    one_map,
    parse,
    refused,
    stanzas,
)

from policies.change import steps
from policies.filters import RouteMap, SessionKey
from policies.install import install
from policies.managed import Managed, managed
from policies.prefix_list import Action
from policies.proof import leaks

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


def test_a_session_that_carries_labeled_unicast_is_refused() -> None:
    running = parse(
        "neighbor NODES peer-group",
        "neighbor NODES remote-as 64621",
        "neighbor 10.0.0.1 peer-group NODES",
        "address-family ipv4 labeled-unicast",
        " neighbor NODES activate",
        "exit-address-family",
    )
    found = install("tor1", running, [guard("10.0.0.1")])
    assert [one.limit for one in found.violations] == ["unjudged-family"]
    assert "ipv4 labeled-unicast" in found.violations[0].evidence
