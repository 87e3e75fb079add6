"""Depths over made-up fabrics: as brute force finds them, folded or not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import TYPE_CHECKING

from depth_oracle import OUTSIDE, Oracle, Place
from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st
from leaf_spine import LeafSpine, fenced, open_running, open_runnings

from inventory.fields import Role
from inventory.sessions import Session
from policies.depth.hijacks import Ground, from_inside
from policies.depth.measuring import Found, measured
from policies.depth.network import Network
from policies.depth.quotient import refine
from policies.depth.rights import Rights
from policies.depth.together import together
from policies.depth.values import Hijack
from policies.filters import Attachment, PrefixList, RouteMap, Running, Stanza
from policies.pools import VERSIONS
from policies.prefix_list import Action, PrefixListEntry
from policies.prefix_set import PrefixSet

if TYPE_CHECKING:
    from inventory.site import Site
    from policies.prefix_set import Network as Prefix

#: Prefixes that a filter may be about, some of each class for someone.
PREFIXES = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.0.0.0/20",
        "10.0.1.0/24",
        "10.0.1.64/26",
        "10.0.1.64/27",
        "10.0.16.0/26",
        "10.0.17.7/32",
        "172.16.0.0/24",
        "172.16.1.0/25",
        "198.51.100.0/24",
        "::/0",
        "fd00::/48",
        "fd00:0:0:1::/122",
        "fd00:0:1::7/128",
        "2001:db8::/48",
    )
)
LENGTHS = {4: 32, 6: 128}
#: Shrinking a network takes minutes; a failure's seed is printed all the same.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@st.composite
def entries(draw: st.DrawFn, version: int) -> tuple[PrefixListEntry, ...]:
    some = [one for one in PREFIXES if one.version == version]
    found = []
    for number, prefix in enumerate(draw(st.lists(st.sampled_from(some), min_size=1, max_size=3))):
        longer = draw(st.booleans()) and prefix.prefixlen < LENGTHS[version]
        found.append(
            PrefixListEntry(
                action=draw(st.sampled_from(Action)),
                prefix=prefix,
                ge=None,
                le=LENGTHS[version] if longer else None,
                seq=number,
            )
        )
    if draw(st.booleans()):
        rest = ip_network("0.0.0.0/0" if version == 4 else "::/0")
        found.append(
            PrefixListEntry(
                action=Action.PERMIT, prefix=rest, ge=None, le=LENGTHS[version], seq=len(found)
            )
        )
    return tuple(found)


@st.composite
def filtered(draw: st.DrawFn, running: Running) -> Running:
    """``running`` with a few filters of all kinds, and perhaps a family less."""
    maps: dict[str, RouteMap] = {}
    lists: dict[tuple[int, str], PrefixList] = {}
    sessions = {}
    for key, session in running.sessions.items():
        attachments = {}
        for version, direction in session.attachments:
            at = (version, direction)
            choice = draw(st.integers(0, 3))
            attachments[at] = Attachment()
            if choice == 1:
                name = f"{key.name}-{version}-{direction}"
                lists[version, name] = PrefixList(version, name, draw(entries(version)))
                stanza = Stanza(seq=10, action=Action.PERMIT, lists=((version, name),))
                maps[name] = RouteMap(name, (stanza,))
                attachments[at] = Attachment(route_map=name)
        if draw(st.integers(0, 9)) == 0:
            attachments = {at: one for at, one in attachments.items() if at[0] == 4}
        sessions[key] = replace(session, attachments=attachments)
    return replace(running, lists=lists, route_maps=maps, sessions=sessions)


@st.composite
def sites(draw: st.DrawFn) -> Site:
    """A few switches, linked in whatever way; each link is named at one end at least."""
    names = [
        f"{role}{number}"
        for role, most in (("tor", 3), ("spine", 2), ("border", 1))
        for number in range(draw(st.integers(1, most)))
    ]
    like = LeafSpine(clusters=2).site(min_depth=draw(st.integers(1, 3)))
    pairs = [(one, other) for at, one in enumerate(names) for other in names[:at]]
    sessions: dict[str, list[Session]] = {name: [] for name in names}
    clusters = st.sampled_from([("c0",), ("c1",), ("c0", "c1"), None])
    for one, other in draw(st.lists(st.sampled_from(pairs), unique=True, min_size=2, max_size=7)):
        ends = draw(st.sampled_from([(one, other)] * 4 + [(one,), (other,)]))
        for near in ends:
            far = other if near == one else one
            for number in range(draw(st.sampled_from([1, 1, 1, 2]))):
                told = draw(clusters)
                sessions[near].append(
                    Session(neighbor=f"To-{far}-{number}", device=far, clusters=told)
                )
    for name in names:
        if name.startswith("tor"):
            for number in range(draw(st.integers(0, 2))):
                told = draw(clusters) or ("c0",)
                which = {"peer_group": "N"} if draw(st.booleans()) else {"neighbor": "N"}
                kind, text = next(iter(which.items()))
                sessions[name].append(
                    Session.model_validate(
                        {kind: f"{text}{number}", "role": Role.NODE, "clusters": told}
                    )
                )
        elif name.startswith("border") and draw(st.booleans()):
            sessions[name].append(Session(neighbor="Transit", role=Role.EXTERNAL))
    template = next(iter(like.devices.values()))
    devices = {
        name: replace(
            template,
            name=name,
            hostname=name,
            role=Role(name.rstrip("0123456789")),
            sessions=tuple(own),
        )
        for name, own in sessions.items()
    }
    return replace(like, devices=devices)


@dataclass(frozen=True)
class Made:
    """A site and its running configurations; hypothesis refuses to print all that is in them."""

    site: Site
    runnings: dict[str, Running]

    def __repr__(self) -> str:
        sessions = {
            name: [(one.name, one.device, one.clusters) for one in device.sessions]
            for name, device in self.site.devices.items()
        }
        lists = {name: sorted(one.lists) for name, one in self.runnings.items()}
        return f"Made({sessions}, {lists})"


@st.composite
def networks(draw: st.DrawFn) -> Made:
    site = draw(sites())
    runnings = {name: draw(filtered(open_running(one))) for name, one in site.devices.items()}
    for name in draw(st.lists(st.sampled_from(sorted(runnings)), unique=True, max_size=1)):
        del runnings[name]
    return Made(site, runnings)


def place_of(network: Network, vertex: int) -> Place:
    one = network.fabric.vertices[vertex]
    if one.kind is Role.NODE:
        return (one.device, "node", one.clusters)
    return OUTSIDE if one.kind is Role.EXTERNAL else (one.device, "", ())


def not_asked(oracle: Oracle, attacker: Place, victim: Place, version: int) -> bool:
    if attacker == victim:
        if attacker[1] != "node":
            return True
        sessions = oracle.end(attacker[0], attacker, version) or ()
        return sum(2 if one.peer_group else 1 for one in sessions) <= 1
    role = None if attacker[1] else oracle.site.devices[attacker[0]].role
    if victim == OUTSIDE:
        return role is Role.BORDER
    return role is Role.TOR and victim[1] == "node" and victim[0] == attacker[0]


Rows = dict[tuple[Place, Place, Hijack], set[int]]


def by_brute_force(oracle: Oracle, prefixes: list[Prefix], demanded: int) -> Rows:
    """Attacker, victim, hijack -> the depths that are to be told.

    They are the least of all prefixes, but for 0 where it could be no more, and of the short ones.
    """
    every: defaultdict[tuple[Place, Place, Hijack], set[tuple[int, bool]]] = defaultdict(set)
    for attacker in oracle.places():
        for prefix in prefixes:
            hijack = oracle.hijack(attacker, prefix)
            for victim in oracle.places() if hijack else ():
                if hijack is None or not_asked(oracle, attacker, victim, prefix.version):
                    continue
                depth = oracle.fewest(attacker, victim, prefix)
                possible = oracle.fewest(attacker, victim, prefix, best=True)
                assert (depth is None) is (possible is None)
                if depth is not None and possible is not None:
                    is_short = depth < min(demanded, possible)
                    every[attacker, victim, hijack].add((depth, is_short))
    found: Rows = {}
    for key, some in every.items():
        least, short = min(some)[0], min((one for one, is_short in some if is_short), default=-1)
        if told := {one for one in (least, short) if one > 0 or one == short == 0}:
            found[key] = told
    return found


def everything_measured(network: Network) -> list[Found]:
    """What each attacker may reach, none of them folded with another."""
    apart = list(range(len(network.fabric.vertices)))
    return [one for attacker in apart for one in measured(network, apart, attacker)]


@settings(max_examples=10, deadline=None, phases=PHASES)
@given(networks())
def test_the_search_finds_what_brute_force_finds(made: Made) -> None:
    site, runnings = made.site, made.runnings
    network, oracle = Network.of(site, runnings), Oracle(site, runnings)
    prefixes = [*PREFIXES]
    for version in VERSIONS:
        atoms = network.atoms[version]
        prefixes += [atoms.witness(1 << at) for at in range(atoms.count)]
    demanded = site.settings.min_depth
    expected = by_brute_force(oracle, prefixes, demanded)
    found: Rows = {}
    for one in everything_measured(network):
        for victim in one.victims:
            key = (place_of(network, one.attacker), place_of(network, victim), one.hijack)
            found.setdefault(key, set()).add(one.depth)
            event(f"short: {one.depth < min(demanded, one.possible)}")
    assert found == expected


@settings(max_examples=10, deadline=None, phases=PHASES)
@given(networks())
def test_the_way_of_a_row_is_a_simple_one_on_which_as_many_drop(
    made: Made,
) -> None:
    site, runnings = made.site, made.runnings
    network, oracle = Network.of(site, runnings), Oracle(site, runnings)
    colours = refine(network.fabric, network.seeds)
    for attacker in range(len(colours)):
        for one in measured(network, colours, attacker):
            way = tuple(place_of(network, at) for at in (attacker, *(at for at, _ in one.way)))
            prefix = network.atoms[one.version].witness(one.prefix)
            assert oracle.hijack(way[0], prefix) is one.hijack
            assert len(oracle.dropping(way, prefix, best=False)) == one.depth
            assert way in set(oracle.ways(way[0], way[-1], prefix.version))


def in_words(network: Network, found: list[Found]) -> set[tuple[object, ...]]:
    """What is found, whoever it is found for."""
    vertices = network.fabric.vertices
    return {
        (
            vertices[victim].kind,
            vertices[victim].device == vertices[one.attacker].device,
            one.hijack,
            one.depth,
            one.possible,
        )
        for one in found
        for victim in one.victims
    }


def assert_folding_changes_nothing(site: Site, runnings: dict[str, Running]) -> int:
    """Assert it for every attacker; return how many were measured in another's place."""
    network = Network.of(site, runnings)
    colours = refine(network.fabric, network.seeds)
    apart = list(range(len(colours)))
    alone = {attacker: list(measured(network, apart, attacker)) for attacker in apart}
    for attacker in apart:
        folded = list(measured(network, colours, attacker))
        expected = {(v, o.hijack, o.depth, o.possible) for o in alone[attacker] for v in o.victims}
        assert expected == {(v, o.hijack, o.depth, o.possible) for o in folded for v in o.victims}
        likes = in_words(network, alone[colours.index(colours[attacker])])
        assert likes == in_words(network, alone[attacker])
    return len(colours) - len(set(colours))


@settings(max_examples=10, deadline=None, phases=PHASES)
@given(networks())
def test_folding_changes_nothing_on_any_fabric(made: Made) -> None:
    event(f"folded {min(3, assert_folding_changes_nothing(made.site, made.runnings))}")


shapes = st.builds(
    LeafSpine,
    borders=st.integers(1, 2),
    pods=st.integers(1, 3),
    spines=st.integers(1, 2),
    tors=st.integers(1, 4),
    clusters=st.integers(1, 2),
    narrowed=st.booleans(),
)


@settings(max_examples=15, deadline=None, phases=PHASES)
@given(shapes, st.data())
def test_folding_changes_nothing_on_a_fenced_fabric(shape: LeafSpine, data: st.DataObject) -> None:
    site = shape.site(min_depth=2)
    now = open_runnings(site)
    runnings = fenced(site, now)
    for name in data.draw(st.lists(st.sampled_from(sorted(now)), unique=True, max_size=3)):
        runnings[name] = now[name]
    event(f"folded {min(5, assert_folding_changes_nothing(site, runnings))}")


@settings(max_examples=10, deadline=None, phases=PHASES)
@given(networks())
def test_together_the_weakest_attacker_of_each_tier_is_found(
    made: Made,
) -> None:
    site, runnings = made.site, made.runnings
    network = Network.of(site, runnings)
    vertices = network.fabric.vertices
    least: dict[tuple[Role, Hijack, int], tuple[int, set[int]]] = {}
    for one in everything_measured(network):
        for victim in one.victims:
            key = (vertices[one.attacker].kind, one.hijack, victim)
            depth, attackers = least.get(key, (one.depth, set()))
            if one.depth <= depth:
                attackers = {one.attacker, *(attackers if one.depth == depth else ())}
                least[key] = (one.depth, attackers)
    for kind in {one.kind for one in vertices}:
        for one in together(network, kind):
            depth, attackers = least[kind, one.hijack, one.way[-1][0]]
            assert one.depth == depth
            assert one.attacker in attackers
            assert one.way[-1][0] in one.victims
            assert one.among == sum(other.kind is kind for other in vertices)
            # Others of its tier may be weaker only against themselves: never told too great.
            told = {v for v in one.victims if (kind, one.hijack, v) in least}
            assert all(least[kind, one.hijack, victim][0] >= depth for victim in told)


@settings(max_examples=50, deadline=None, phases=PHASES)
@given(st.lists(st.sampled_from(["c0", "c1", "c2"]), unique=True), st.sampled_from(VERSIONS))
def test_the_classes_are_disjoint_and_with_what_is_right_all_prefixes(
    clusters: list[str], version: int
) -> None:
    site = LeafSpine(clusters=3).site()
    rights = Rights(site)
    ground = Ground(version, site.clusters, rights.territories[version])
    own = rights.own(Role.TOR, tuple(clusters), version)
    classes = from_inside(ground, clusters, own)
    whole = own
    for one in classes.values():
        assert whole.isdisjoint(one)
        whole |= one
    assert whole == PrefixSet.everything(version)
