"""Made-up devices for property tests: hypothesis strategies of `Running` and of guards.

Read `devices` (what an operator has) and `guard_sets` (what a site wants of it). Networks are
few and small, so that lists meet each other often; `UNIVERSE` holds prefixes worth asking about.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from policies.filters import (
    Ahead,
    Attachment,
    Direction,
    PrefixList,
    RouteMap,
    Running,
    Semantics,
    Session,
    SessionKey,
    Stanza,
)
from policies.guards import Fence, WantedGuard, deny_list
from policies.prefix_list import Action, PrefixListEntry
from policies.prefix_set import PrefixSet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policies.prefix_set import Network

VERSIONS = (4, 6)
ROOT = {4: ip_network("10.0.0.0/29"), 6: ip_network("fd00::/125")}
ANY = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}


def _nets(version: int) -> tuple[Network, ...]:
    root = ROOT[version]
    shorter: list[Any] = [ANY[version], root.supernet(prefixlen_diff=9)]
    inside = [net for diff in range(4) for net in root.subnets(prefixlen_diff=diff)]
    return (*shorter, *inside)


UNIVERSE: Mapping[int, tuple[Network, ...]] = {version: _nets(version) for version in VERSIONS}

FRR = Semantics(
    undefined_list_matches=False,
    undefined_map_permits=False,
    undefined_call_permits=True,
    undefined_attached_list_permits=False,
    empty_list_matches=None,
    empty_attached_list_permits=True,
)
known = st.sampled_from((True, False, None))
semantics = st.builds(
    Semantics,
    undefined_list_matches=known,
    undefined_map_permits=known,
    undefined_call_permits=known,
    undefined_attached_list_permits=known,
    empty_list_matches=known,
    empty_attached_list_permits=known,
    # No platform is known to have a match on one family hold for the other: guards rest on that.
    other_family_matches=st.sampled_from((False, None)),
    list_beside_map=known,
    ahead=st.none() | st.sampled_from(Ahead),
    sets_only=st.booleans(),
)
actions = st.sampled_from(Action)


@st.composite
def entries(draw: st.DrawFn, version: int) -> PrefixListEntry:
    """An entry over the universe, without a number."""
    prefix = draw(st.sampled_from(UNIVERSE[version]))
    ge = draw(st.none() | st.integers(prefix.prefixlen, prefix.max_prefixlen))
    le = draw(st.none() | st.integers(ge or prefix.prefixlen, prefix.max_prefixlen))
    return PrefixListEntry(action=draw(actions), prefix=prefix, ge=ge, le=le)


def numbered_list(version: int, name: str, some: list[PrefixListEntry]) -> PrefixList:
    """A list of ``some`` entries, numbered by ten."""
    return PrefixList(
        version,
        name,
        tuple(
            PrefixListEntry(action=e.action, prefix=e.prefix, ge=e.ge, le=e.le, seq=10 * at)
            for at, e in enumerate(some, start=1)
        ),
    )


@st.composite
def prefix_lists(
    draw: st.DrawFn, names: tuple[str, ...], *, fewest: int = 1
) -> dict[tuple[int, str], PrefixList]:
    """Lists of both families, of ``fewest`` entries or more; some of the names stay undefined."""
    found = {}
    for version in VERSIONS:
        for name in draw(st.lists(st.sampled_from(names), unique=True)):
            some = draw(st.lists(entries(version), min_size=fewest, max_size=4))
            found[version, name] = numbered_list(version, name, some)
    return found


@st.composite
def route_maps(
    draw: st.DrawFn,
    names: tuple[str, ...],
    list_names: tuple[str, ...],
    *,
    first: int = 1,
    jumps: bool = True,
    several: bool = False,
) -> dict[str, RouteMap]:
    """Route-maps that call only later ones, so never in circles; every unknown line is unique."""
    found = {}
    for at, name in enumerate(names):
        stanzas = []
        numbers = st.lists(st.integers(first, 40), unique=True, min_size=1, max_size=4)
        for seq in sorted(draw(numbers)):
            families = draw(st.sampled_from([(), (4,), (6,), (4,), (6,), (4, 6)]))
            lists = tuple((v, draw(st.sampled_from(list_names))) for v in families)
            any_of: tuple[tuple[tuple[int, str], ...], ...] = ()
            if several and len(families) == 1 and draw(st.booleans()):
                lists, any_of = (), (tuple((families[0], one) for one in list_names[:2]),)
            none_of: tuple[tuple[int, str], ...] = ()
            if several and draw(st.integers(0, 3)) == 0:
                none_of = ((draw(st.sampled_from(VERSIONS)), draw(st.sampled_from(list_names))),)
            action = draw(actions)
            permits = action is Action.PERMIT
            call = None
            if permits and draw(st.integers(0, 3)) == 0:
                call = draw(st.sampled_from([*names[at + 1 :], "NOWHERE"]))
            stanzas.append(
                Stanza(
                    seq=seq,
                    action=action,
                    lists=lists,
                    any_of=any_of,
                    none_of=none_of,
                    unknown=(f"match tag {name}.{seq}",) if draw(st.integers(0, 3)) == 0 else (),
                    sets=("set metric 5",) if permits and draw(st.booleans()) else (),
                    call=call,
                    goes_on=jumps and permits and draw(st.integers(0, 4)) == 0,
                )
            )
        found[name] = RouteMap(name, tuple(stanzas))
    return found


LISTS = ("PL-A", "PL-B")
MAPS = ("RM-A", "RM-B", "RM-C")
NEIGHBORS = ("10.9.0.1", "10.9.0.2", "2001:db8::1", "swp1")


@st.composite
def devices(draw: st.DrawFn, *, shared: bool = True) -> Running:
    """What an operator has on one device: nothing of it is ringfence's.

    Without ``shared`` every session has maps of its own that begin at 10 and nothing else uses,
    so that every guard finds a place.
    """
    own: list[str] = []
    policies = _policies(draw, own, shared=shared)
    sessions: dict[SessionKey, Session] = {}
    for vrf in draw(st.sampled_from([(), ("",), ("blue",)])):
        group = _session(draw, SessionKey(vrf, "NODES"), policies(), is_group=True)
        sessions[group.key] = group
        for name in draw(st.lists(st.sampled_from(NEIGHBORS[:2]), unique=True)):
            key = SessionKey(vrf, name)
            sessions[key] = _member(draw, key, group, policies)
    for name in draw(st.lists(st.sampled_from(NEIGHBORS), unique=True, max_size=3)):
        key = SessionKey("", name)
        if key not in sessions:
            sessions[key] = _session(draw, key, policies(), is_group=False)
    first = draw(st.sampled_from([1, 10])) if shared else 10
    maps = draw(route_maps(MAPS if shared else tuple(own), LISTS, first=first))
    if not shared:
        # A map that is called serves two masters.
        maps = {name: _without_calls(one) for name, one in maps.items()}
    called = {s.call for m in maps.values() for s in m.stanzas if s.call in maps}
    other = {name: (f"call {name}",) for name in called if name}
    if shared and draw(st.integers(0, 5)) == 0:
        other["RM-A"] = ("redistribute connected route-map RM-A",)
    meaning = draw(st.just(FRR) | semantics)
    if meaning.ahead is not None:
        sessions = {key: _not_repeating(one, sessions) for key, one in sessions.items()}
    if not shared and meaning.list_beside_map is not True:
        # Such a session is refused: it is not known what becomes of the list.
        sessions = {key: without_lone_lists(one) for key, one in sessions.items()}
    return Running(
        lists=draw(prefix_lists(LISTS)),
        route_maps=maps,
        sessions=sessions,
        semantics=meaning,
        routers={"": 65001, "blue": 65001},
        other_uses=other,
    )


Attachments = dict[tuple[int, Direction], Attachment]


def _policies(draw: st.DrawFn, own: list[str], *, shared: bool) -> Callable[[], Attachments]:
    """Return what draws the policies of one session; maps made for it alone go to ``own``."""

    def route_map() -> str | None:
        if draw(st.booleans()):
            return None
        if shared:
            return draw(st.sampled_from([*MAPS, "UNDEFINED"]))
        own.append(f"RM-{len(own)}")
        return own[-1]

    def policies() -> Attachments:
        return {
            (version, direction): Attachment(
                route_map=route_map(),
                prefix_list=draw(st.sampled_from([None, None, None, *LISTS])),
                unknown=draw(st.sampled_from([(), (), (), ("filter-list AS-1",)])),
            )
            for version in draw(st.sampled_from([(4,), (6,), (4, 6)]))
            for direction in Direction
        }

    return policies


def _session(
    draw: st.DrawFn, key: SessionKey, attachments: Attachments, *, is_group: bool
) -> Session:
    external = draw(st.booleans())
    return Session(
        key=key,
        is_group=is_group,
        group=None,
        is_external=external,
        closed_without_policy=external and draw(st.booleans()),
        listens=is_group and draw(st.booleans()),
        attachments=attachments,
    )


def _member(
    draw: st.DrawFn, key: SessionKey, group: Session, policies: Callable[[], Attachments]
) -> Session:
    """Return a member that has lines of its own for some families, and the group's else."""
    mine = policies() if draw(st.booleans()) else {}
    for at, above in group.attachments.items():
        own = mine.get(at, replace(above, route_map=None))
        if own.route_map is None:
            from_group = group.key.name if above.route_map else None
            own = replace(own, route_map=above.route_map, inherited_from=from_group)
        mine[at] = own
    odd_one_out = draw(st.integers(0, 9)) == 0
    return Session(
        key=key,
        is_group=False,
        group=group.key.name,
        is_external=group.is_external,
        closed_without_policy=group.closed_without_policy is not odd_one_out,
        attachments=mine,
    )


def _not_repeating(one: Session, sessions: Mapping[SessionKey, Session]) -> Session:
    """Return a member without maps of its own that only repeat its group's.

    Where a guard stands ahead of a policy, such a line can't be told from what is inherited.
    """
    group = sessions.get(SessionKey(one.key.vrf, one.group or ""))
    changed = {
        at: replace(there, inherited_from=one.group)
        if group
        and at in group.attachments
        and there.route_map is not None
        and group.attachments[at].route_map == there.route_map
        else there
        for at, there in one.attachments.items()
    }
    return replace(one, attachments=changed)


def without_lone_lists(one: Session) -> Session:
    """Return a session without prefix-lists that stand where there is no route-map."""
    return replace(
        one,
        attachments={
            at: there if there.route_map else replace(there, prefix_list=None)
            for at, there in one.attachments.items()
        },
    )


def _without_calls(one: RouteMap) -> RouteMap:
    return RouteMap(
        one.name,
        tuple(
            Stanza(
                seq=s.seq,
                action=s.action,
                lists=s.lists,
                unknown=s.unknown,
                sets=s.sets,
                goes_on=s.goes_on,
            )
            for s in one.stanzas
        ),
    )


@st.composite
def fences(draw: st.DrawFn, kind: str, label: str) -> Fence:
    """A fence of one kind over pools of the universe, different ones each time."""
    allowed = {}
    for version in VERSIONS:
        nets = draw(st.lists(st.sampled_from(UNIVERSE[version][1:]), max_size=3))
        ranges = [
            (net, draw(st.integers(net.prefixlen, net.max_prefixlen)), net.max_prefixlen)
            for net in nets
        ]
        pools = PrefixSet.from_ranges(version, ranges)
        allowed[version] = ~pools if kind == "in" else pools
    lists = {v: deny_list(kind, label, v, ~one) for v, one in allowed.items()}
    return Fence(kind, label, allowed, lists)


@st.composite
def fence_books(draw: st.DrawFn) -> dict[str, Fence]:
    """One generation of pools: the fences by what they are."""
    return {
        "only a": draw(fences("out", "a")),
        "only b": draw(fences("out", "b")),
        "never a": draw(fences("in", "a")),
    }


Wish = tuple[SessionKey, bool, Direction, str, bool]


@st.composite
def wishes(draw: st.DrawFn, running: Running) -> tuple[Wish, ...]:
    """Which sessions are to be guarded, in which direction and how, by the fence's name."""
    found: list[Wish] = []
    for key, session in running.sessions.items():
        for direction in Direction:
            if draw(st.booleans()):
                kind = draw(st.sampled_from(["only a", "only a", "only b", "never a"]))
                found.append((key, session.is_group, direction, kind, draw(st.booleans())))
    return tuple(found)


def guards_of(some: tuple[Wish, ...], book: Mapping[str, Fence]) -> list[WantedGuard]:
    """The guards that ``some`` wishes mean with this generation of pools."""
    return [
        WantedGuard(
            session=key,
            is_group=is_group,
            direction=direction,
            fence=book[kind],
            may_open=may_open,
        )
        for key, is_group, direction, kind, may_open in some
    ]
