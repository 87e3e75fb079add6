"""Depth of defence on fabrics that a reader can follow, and on the lab's against its drill."""

from __future__ import annotations

import cProfile
import pstats
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from depth_oracle import OUTSIDE, Oracle
from leaf_spine import LeafSpine, fenced, open_runnings, with_session
from pydantic import ValidationError

from inventory.fields import Role
from inventory.matrix import MatrixRow
from inventory.models import SiteFile
from inventory.site import load_site
from lab.attacks import ATTACKS, Attack
from lab.fabrics import FABRICS
from lab.prefixes import CLUSTER_OF
from lab.render import node_files
from lab.topology import NODES, rack_of
from policies.depth import Depth, Hijack, depths
from policies.depth.measuring import measured
from policies.depth.network import Network
from policies.dialects import DIALECTS
from policies.filters import Attachment, Direction, RouteMap, SessionKey, Stanza
from policies.prefix_list import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depth_oracle import Place

    from inventory.site import Site
    from policies.filters import Running

#: One ToR of each of two clusters, below one spine and one border.
SMALL = LeafSpine(borders=1, spines=1)
NODE = "node of c0 at tor0 (and 1 like it)"

Table = dict[tuple[str, Hijack, str], tuple[int, int]]


def table(rows: tuple[Depth, ...]) -> Table:
    """(attacker, hijack, victim) -> (depth, possible)."""
    found = {(one.attacker, one.hijack, one.victim): (one.depth, one.possible) for one in rows}
    assert len(found) == len(rows)
    return found


def of(attacker: str, hijack: Hijack, found: Table) -> dict[str, tuple[int, int]]:
    return {one[2]: value for one, value in found.items() if one[:2] == (attacker, hijack)}


@pytest.fixture(scope="module")
def site() -> Site:
    return SMALL.site(min_depth=3)


@pytest.fixture(scope="module")
def guarded(site: Site) -> dict[str, Running]:
    return fenced(site, open_runnings(site))


@pytest.mark.parametrize(
    "hijack", [Hijack.DEFAULT_ROUTE, Hijack.FOREIGN, Hijack.TOO_LONG, Hijack.TOO_SHORT]
)
def test_what_a_node_announces_is_dropped_by_each_tier_on_its_way(
    site: Site, guarded: dict[str, Running], hijack: Hijack
) -> None:
    assert of(NODE, hijack, table(depths(site, guarded))) == {
        "node in its rack": (1, 1),
        "tor0": (1, 1),
        "spine0": (2, 2),
        # A ToR can't tell what its spine may send it, and a border not what goes out.
        "tor1": (2, 2),
        "node of c1 at tor1": (2, 2),
        "border0": (3, 3),
        "outside": (3, 3),
    }


def test_another_clusters_block_is_told_only_below_where_they_meet(
    site: Site, guarded: dict[str, Running]
) -> None:
    found = of(NODE, Hijack.OTHER_CLUSTER, table(depths(site, guarded)))
    assert found["node in its rack"] == (1, 1)
    assert found["spine0"] == found["border0"] == found["outside"] == (2, 2)


def test_the_pools_from_outside_are_dropped_by_border_and_spine(
    site: Site, guarded: dict[str, Running]
) -> None:
    assert of("outside", Hijack.POOL_FROM_OUTSIDE, table(depths(site, guarded))) == {
        "border0": (1, 1),
        "spine0": (2, 2),
        "tor0 (and 1 like it)": (2, 2),
        "node of c0 at tor0 (and 1 like it)": (2, 2),
    }


def test_without_filters_everything_arrives_and_is_short(site: Site) -> None:
    rows = depths(site, open_runnings(site))
    assert {one.depth for one in rows} == {0}
    assert {one.drops for one in rows} == {()}
    assert all(one.short for one in rows)


def test_the_way_names_the_devices_in_order_and_those_that_drop(
    site: Site, guarded: dict[str, Running]
) -> None:
    rows = {(one.attacker, one.hijack, one.victim): one for one in depths(site, guarded)}
    one = rows[NODE, Hijack.DEFAULT_ROUTE, "node of c1 at tor1"]
    assert str(one.witness) == "0.0.0.0/0"
    assert one.path == ("tor0", "spine0", "tor1")
    assert one.drops == ("tor0", "spine0")
    assert (one.wanted, one.short, one.attackers, one.victims) == (2, False, 2, 1)
    assert one.key == "default-route node to node 2/2"


def test_a_rows_key_is_its_own_and_does_not_name_devices(
    site: Site, guarded: dict[str, Running]
) -> None:
    some = {name: one for name, one in guarded.items() if name != "tor1"}
    for runnings in (guarded, some, open_runnings(site)):
        rows = depths(site, runnings)
        assert len({one.key for one in rows}) == len(rows)
    assert not any(name in one.key for one in depths(site, some) for name in ("tor0", "tor1"))


@pytest.mark.parametrize("tier", ["tor", "spine", "border"])
def test_a_tier_without_guards_is_one_device_less(
    site: Site, guarded: dict[str, Running], tier: str
) -> None:
    now = open_runnings(site)
    some = {name: now[name] if name.startswith(tier) else one for name, one in guarded.items()}
    rows = {(one.attacker, one.hijack, one.victim): one for one in depths(site, some)}
    one = rows[NODE, Hijack.DEFAULT_ROUTE, "outside"]
    assert (one.depth, one.possible, one.wanted, one.short) == (2, 3, 3, True)
    assert one.path == ("tor0", "spine0", "border0")
    assert one.drops == tuple(name for name in one.path if not name.startswith(tier))
    assert str(one) == (
        f"default-route from {NODE} to outside: only {' and '.join(one.drops)} drop 0.0.0.0/0 on "
        "the way over tor0, spine0 and border0; 3 of 3 are demanded"
    )


def test_a_guard_that_the_site_took_out_of_the_matrix_is_missed() -> None:
    row = MatrixRow.model_validate({"on": "spine", "facing": "tor"})
    site = SMALL.site(min_depth=3, matrix=(row,))
    rows = depths(site, fenced(site, open_runnings(site)))
    found = table(rows)
    assert found[NODE, Hijack.DEFAULT_ROUTE, "outside"] == (3, 3)  # the export to the border
    assert found[NODE, Hijack.DEFAULT_ROUTE, "spine0"] == (1, 2)
    assert found["tor0 subverted (and 1 like it)", Hijack.DEFAULT_ROUTE, "spine0"] == (0, 1)


def test_one_hole_in_one_family_is_found_at_its_place(
    site: Site, guarded: dict[str, Running]
) -> None:
    session = guarded["spine0"].sessions[SessionKey("", "To-tor1")]
    holed = with_session(guarded["spine0"], "To-tor1", **{"import": Attachment()})
    kept = session.attachments[4, Direction.IMPORT]
    holed.sessions[SessionKey("", "To-tor1")].attachments[4, Direction.IMPORT] = kept  # type: ignore[index]
    rows = depths(site, {**guarded, "spine0": holed})
    at_spine = [one for one in rows if one.victim == "spine0" and one.short]
    assert {(one.attacker, one.depth, one.possible) for one in at_spine} == {
        ("node of c1 at tor1", 1, 2),
        ("tor1 subverted", 0, 1),
    }
    assert {one.witness.version for one in at_spine} == {6}


def test_a_subverted_devices_own_filters_do_not_count(
    site: Site, guarded: dict[str, Running]
) -> None:
    now = open_runnings(site)
    subverted = [
        {
            key[1:]: value
            for key, value in table(depths(site, {**guarded, "tor0": running})).items()
            if key[0].startswith("tor0 subverted")
        }
        for running in (now["tor0"], guarded["tor0"])
    ]
    assert subverted[0] == subverted[1] != {}
    assert subverted[0][Hijack.DEFAULT_ROUTE, "outside"] == (2, 2)


def test_nodes_of_a_subverted_tor_are_not_asked_about(
    site: Site, guarded: dict[str, Running]
) -> None:
    found = table(depths(site, guarded))
    victims = of("tor0 subverted (and 1 like it)", Hijack.DEFAULT_ROUTE, found)
    assert set(victims) == {"spine0", "tor1", "node of c1 at tor1", "border0", "outside"}


def test_where_nothing_could_be_told_there_is_no_row(
    site: Site, guarded: dict[str, Running]
) -> None:
    found = table(depths(site, guarded))
    assert set(of("spine0 subverted", Hijack.DEFAULT_ROUTE, found)) == {"border0", "outside"}


def test_an_unknown_device_is_not_counted_and_named(
    site: Site, guarded: dict[str, Running]
) -> None:
    rows = depths(site, {name: one for name, one in guarded.items() if name != "spine0"})
    over = [one for one in rows if "spine0" in one.path]
    assert over
    assert {one.unknown for one in over} == {("spine0",)}
    assert {one.unknown for one in rows if one not in over} == {()}
    assert not any("spine0" in one.drops for one in rows)
    assert table(rows)[NODE, Hijack.DEFAULT_ROUTE, "outside"] == (2, 3)
    assert "(nothing is known of spine0)" in str(over[0])


def test_a_session_that_the_device_lacks_counts_as_unknown(
    site: Site, guarded: dict[str, Running]
) -> None:
    del (lacking := open_runnings(site)["spine0"]).sessions[SessionKey("", "To-tor0")]  # type: ignore[attr-defined]
    rows = depths(site, {**guarded, "spine0": lacking})
    assert {one.unknown for one in rows if "spine0" in one.path} == {("spine0",)}


def test_a_session_that_lets_nothing_through_drops(site: Site, guarded: dict[str, Running]) -> None:
    closed = with_session(guarded["tor1"], "NODES", export=Attachment(route_map="SHUT"))
    shut = RouteMap("SHUT", (Stanza(seq=10, action=Action.DENY),))
    closed.route_maps["SHUT"] = shut  # type: ignore[index]
    found = table(depths(site, {**guarded, "tor1": closed}))
    assert found["node of c0 at tor0", Hijack.DEFAULT_ROUTE, "node of c1 at tor1"] == (3, 3)


def test_a_spine_that_is_not_told_which_clusters_are_behind_a_tor_is_found() -> None:
    site = LeafSpine(borders=1, spines=1, narrowed=False).site()
    rows = depths(site, fenced(site, open_runnings(site)))
    assert {(one.attacker, one.hijack, one.depth, one.possible) for one in rows if one.short} == {
        ("tor0 subverted (and 1 like it)", hijack, 0, 1)
        for hijack in (Hijack.OTHER_CLUSTER, Hijack.INFRASTRUCTURE)
    }


def test_a_single_node_is_not_its_own_victim() -> None:
    site = load_site(Path("inventory/lab"))
    rows = depths(site, lab_runnings(site, "frr"))
    in_rack = [one for one in rows if one.victim == "node in its rack"]
    # One each of two clusters at tor2, several at tor1.
    assert {one.victims for one in in_rack} == {1}
    assert {one.attackers for one in in_rack} == {3}


def lab_runnings(site: Site, fabric: str) -> dict[str, Running]:
    """What the lab's switches begin with."""
    found = {}
    for name in site.devices:
        platform = FABRICS[fabric][name]
        files = node_files(name, platform)
        text = files.get("startup") or f"frr version 8.4.4\n{files['frr.conf']}\nend\n"
        found[name] = DIALECTS[platform].parse(text)
    return found


def lab_place(node: str) -> Place:
    if node == "outside":
        return OUTSIDE
    if node not in CLUSTER_OF:
        return (node, "", ())
    rack = rack_of(node)
    assert rack is not None
    return (rack.tor, "node", (CLUSTER_OF[node].name,))


def lab_depths(
    site: Site, runnings: Mapping[str, Running]
) -> dict[tuple[Place, Place, Hijack], int]:
    """The least depth, for every attacker by itself."""
    network = Network.of(site, runnings)
    vertices = network.fabric.vertices
    places: list[Place] = [
        (one.device, {Role.NODE: "node", Role.EXTERNAL: "outside"}.get(one.kind, ""), one.clusters)
        if one.is_end
        else (one.device, "", ())
        for one in vertices
    ]
    found: dict[tuple[Place, Place, Hijack], int] = {}
    for attacker in range(len(vertices)):
        for one in measured(network, list(range(len(vertices))), attacker):
            for victim in one.victims:
                key = (places[attacker], places[victim], one.hijack)
                found[key] = min(one.depth, found.get(key, one.depth))
    return found


def rows_of(site: Site, attack: Attack) -> set[tuple[Place, Place, Hijack]]:
    """Which depths speak of an attack of the drill."""
    attacker = lab_place(attack.attacker)
    hijack = Oracle(site, {}).hijack(attacker, attack.prefix)
    assert hijack is not None
    return {(attacker, victim, hijack) for victim in map(lab_place, attack.victims)}


@pytest.mark.parametrize("fabric", ["frr", "mixed", "turned"])
def test_each_attack_of_the_drill_has_a_depth_0_before_a_deploy_and_more_after(fabric: str) -> None:
    site = load_site(Path("inventory/lab"))
    assert {attack.attacker for attack in ATTACKS} <= set(NODES)
    now = lab_runnings(site, fabric)
    before, after = lab_depths(site, now), lab_depths(site, fenced(site, now))
    asked = {row for attack in ATTACKS for row in rows_of(site, attack)}
    assert asked <= before.keys()
    assert set(before.values()) == {0}
    assert {row: after[row] for row in asked if after[row] < 1} == {}
    assert not any(one.short for one in depths(site, fenced(site, now)))


@pytest.mark.parametrize("value", [-1, 10, "2", 1.5, True])
def test_a_min_depth_that_is_no_number_of_devices_is_refused(value: object) -> None:
    with pytest.raises(ValidationError, match="min_depth"):
        SiteFile.model_validate({"name": "x", "min_depth": value})


def work(shape: LeafSpine) -> tuple[int, tuple[Depth, ...]]:
    """How many function calls depths take, and what they are."""
    site = shape.site()
    runnings = fenced(site, open_runnings(site))
    profile = cProfile.Profile()
    profile.enable()
    rows = depths(site, runnings)
    profile.disable()
    return pstats.Stats(profile).total_calls, rows  # type: ignore[attr-defined]


def test_the_work_grows_with_the_devices_and_no_faster() -> None:
    found = [
        work(LeafSpine(borders=4, pods=pods, spines=4, tors=46, clusters=4)) for pods in (5, 10, 20)
    ]
    calls = [one for one, _ in found]
    assert calls[1] < 2.1 * calls[0]
    assert calls[2] < 2.1 * calls[1]
    # 1,004 devices; the rows are no more than those of the smallest.
    assert [len(rows) for _, rows in found] == [len(found[0][1])] * 3


def test_with_too_many_unlike_attackers_the_weakest_of_each_tier_are_told() -> None:
    found = [
        work(LeafSpine(borders=2, pods=pods, spines=2, tors=20, clusters=41))
        for pods in (4, 8, 16)  # each pod with clusters that no other pod has just so
    ]
    calls = [one for one, _ in found]
    assert calls[1] < 2.4 * calls[0]
    assert calls[2] < 2.4 * calls[1]
    for pods, (_, rows) in zip((4, 8, 16), found, strict=True):
        weakest = {one.attacker for one in rows if one.hijack is Hijack.DEFAULT_ROUTE}
        assert weakest == {
            f"node of c0 at tor0 (the weakest of {20 * pods})",
            f"tor0 subverted (the weakest of {20 * pods})",
            f"spine0 subverted (the weakest of {2 * pods})",
        }


def test_apart_and_together_agree_where_the_weakest_hides_none(
    site: Site, guarded: dict[str, Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = open_runnings(site)
    holed = {**guarded, "spine0": now["spine0"]}
    apart = {(one.hijack, one.depth) for one in depths(site, holed) if one.victim == "outside"}
    monkeypatch.setattr("policies.depth.table.WORK", 0)
    rows = [one for one in depths(site, holed) if one.victim == "outside"]
    assert {(one.hijack, one.depth) for one in rows} == apart
    assert all(one.attacker.endswith(("(the weakest of 2)", "subverted")) for one in rows)


@pytest.mark.parametrize("limit", [0, 10**9], ids=["together", "apart"])
def test_as_many_devices_drop_as_the_depth_says_and_a_subverted_one_is_none_of_them(
    site: Site, guarded: dict[str, Running], monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr("policies.depth.table.WORK", limit)
    rows = depths(site, guarded)
    assert {(one.key, one.path) for one in rows if len(one.drops) != one.depth} == set()
    assert all(set(one.drops) <= set(one.path) for one in rows)
    subverted = [one for one in rows if "subverted" in one.attacker]
    assert not [one for one in subverted if one.attacker.split()[0] in one.path]
    # A ToR's hold over its own nodes hides not what it may do to those of others.
    tiers = {one.tiers for one in subverted if one.hijack is Hijack.DEFAULT_ROUTE}
    assert "tor to node" in tiers
