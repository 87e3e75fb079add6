"""From one :class:`~lab.switch.meaning.Router` to the next in FRR's lines; read :func:`delta`.

Law: what is equal in both is not mentioned. New lists and maps come first, then each session is
switched over by one line, and what nobody refers to any more goes last, so at every moment a
session has the old policy or the new one. A new neighbor is shut down until it has its policies.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.switch.frr_policy import Item, RouteMap, compiled
from lab.switch.meaning import DynamicPeers, Family, Peer, Router

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_VERSIONS = (4, 6)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_NO_FAMILY = Family()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """Configuration lines in the order in which they are to be sent."""

    create: tuple[str, ...]
    undo: tuple[str, ...]
    """Takes back ``create``, should FRR refuse a part of it."""
    switch: tuple[str, ...]
    remove: tuple[str, ...]


def delta(old: Router | None, new: Router | None) -> Delta:
    """Return what turns a daemon that behaves as ``old`` into one that behaves as ``new``."""
    before, after = _items(old), _items(new)
    coming = [item for name, item in after.items() if name not in before]
    going = [item for name, item in reversed(before.items()) if name not in after]
    return Delta(
        create=_flat(item.create for item in coming),
        undo=_flat(item.remove for item in reversed(coming)),
        switch=tuple(_switch(old, new)),
        remove=_flat(item.remove for item in going),
    )


def group_name(name: str) -> str:
    """Return FRR's name of a dynamic group: its own, if that is a word."""
    if _PLAIN.fullmatch(name):
        return name
    return f"G-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _flat(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(line for lines in groups for line in lines)


def _items(router: Router | None) -> dict[str, Item]:
    """Return all lists, then all maps, by name."""
    maps = [one for one in _maps(router) if one is not None]
    lists = {item.name: item for one in maps for item in one.lists}
    # bgpd ends a transaction at a list that isn't its library's: those go first.
    ordered = sorted(lists.values(), key=lambda item: not item.create[0].startswith("bgp "))
    return {item.name: item for item in (*ordered, *(one.map for one in maps))}


def _maps(router: Router | None) -> Iterator[RouteMap | None]:
    for session in _sessions(router).values():
        for version, family in session.families.items():
            for direction in ("in", "out"):
                yield _map(family, version, direction)


def _map(family: Family, version: int, direction: str) -> RouteMap | None:
    program = family.import_policy if direction == "in" else family.export_policy
    return None if program is None else compiled(program, version)


def _name(family: Family, version: int, direction: str) -> str | None:
    found = _map(family, version, direction)
    return None if found is None else found.map.name


def _sessions(router: Router | None) -> dict[str, Peer | DynamicPeers]:
    """Return neighbors and groups by FRR's name."""
    if router is None:
        return {}
    peers: dict[str, Peer | DynamicPeers] = {str(peer.address): peer for peer in router.peers}
    return peers | {group_name(group.name): group for group in router.dynamic}


def _switch(old: Router | None, new: Router | None) -> Iterator[str]:
    if old is not None and (new is None or new.asn != old.asn):
        yield f"no router bgp {old.asn}"
        old = None
    if new is None or new == old:
        return
    yield f"router bgp {new.asn}"
    if old is None:
        yield from _globals()
    if old is None or new.router_id != old.router_id:
        yield f"bgp router-id {new.router_id}"
    before, after = _sessions(old), _sessions(new)
    for name, session in before.items():
        if not _is_same(session, after.get(name)):
            yield from _gone(name, session)
    before = {name: one for name, one in before.items() if _is_same(one, after.get(name))}
    for name, session in after.items():
        yield from _head(name, before.get(name), session)
    for version in _VERSIONS:
        yield from _family(version, (old, new), (before, after))
    for name, session in after.items():
        yield from _tail(name, before.get(name), session)
    yield "exit"


def _is_same(old: Peer | DynamicPeers, new: Peer | DynamicPeers | None) -> bool:
    """Return whether it is the same neighbor still; FRR forgets half of one whose AS changes."""
    return type(new) is type(old) and new is not None and new.remote_asn == old.remote_asn


def _globals() -> Iterator[str]:
    yield "bgp log-neighbor-changes"
    yield "no bgp default ipv4-unicast"
    # What a platform does by default is in the meaning, as a program that rejects.
    yield "no bgp ebgp-requires-policy"
    yield "coalesce-time 50"
    yield "timers bgp 3 9"


def _gone(name: str, session: Peer | DynamicPeers) -> Iterator[str]:
    if isinstance(session, Peer):
        yield f"no neighbor {name}"
    else:
        yield from (f"no bgp listen range {one} peer-group {name}" for one in session.ranges)
        yield f"no neighbor {name} peer-group"


def _head(name: str, old: Peer | DynamicPeers | None, new: Peer | DynamicPeers) -> Iterator[str]:
    if old is None and isinstance(new, DynamicPeers):
        yield f"neighbor {name} peer-group"
    if old is None:
        yield f"neighbor {name} remote-as {new.remote_asn}"
        yield f"neighbor {name} advertisement-interval 0"
    if isinstance(new, Peer) and (old is None or (new.is_shut_down and not _is_down(old))):
        yield f"neighbor {name} shutdown"
    if isinstance(new, Peer) and old is None:
        yield f"neighbor {name} timers connect 1"


def _is_down(session: Peer | DynamicPeers | None) -> bool:
    return isinstance(session, Peer) and session.is_shut_down


def _tail(name: str, old: Peer | DynamicPeers | None, new: Peer | DynamicPeers) -> Iterator[str]:
    if isinstance(new, Peer):
        if not new.is_shut_down and (old is None or _is_down(old)):
            yield f"no neighbor {name} shutdown"
        return
    had = set(old.ranges) if isinstance(old, DynamicPeers) else set()
    for one in sorted(had - set(new.ranges), key=str):
        yield f"no bgp listen range {one} peer-group {name}"
    for one in new.ranges:
        if one not in had:
            yield f"bgp listen range {one} peer-group {name}"


def _family(
    version: int,
    routers: tuple[Router | None, Router],
    sessions: tuple[Mapping[str, Peer | DynamicPeers], Mapping[str, Peer | DynamicPeers]],
) -> Iterator[str]:
    """Yield an address family's lines, with the frame around them if there are any."""
    lines = [*_networks(version, *routers)]
    before, after = sessions
    for name, session in after.items():
        old = before[name].families.get(version) if name in before else None
        lines += _member(name, version, old, session.families.get(version))
    if lines:
        yield from (f"address-family ipv{version} unicast", *lines, "exit-address-family")


def _networks(version: int, old: Router | None, new: Router) -> Iterator[str]:
    had = set() if old is None else {one for one in old.networks if one.version == version}
    wanted = [one for one in new.networks if one.version == version]
    yield from (f"no network {one}" for one in sorted(had - set(wanted), key=str))
    yield from (f"network {one}" for one in wanted if one not in had)


def _member(name: str, version: int, old: Family | None, new: Family | None) -> Iterator[str]:
    """Yield a session's lines in one family: policies before it opens, and after it closes."""
    if old == new:
        return
    if new is None:
        yield f"no neighbor {name} activate"
    had, wanted = old or _NO_FAMILY, new or _NO_FAMILY
    for direction in ("in", "out"):
        was, now = _name(had, version, direction), _name(wanted, version, direction)
        if now != was:
            yield (
                f"no neighbor {name} route-map {was} {direction}"
                if now is None
                else f"neighbor {name} route-map {now} {direction}"
            )
    for flag, was_on, is_on in (
        ("route-reflector-client", had.route_reflector_client, wanted.route_reflector_client),
        ("next-hop-self", had.next_hop_self, wanted.next_hop_self),
    ):
        if was_on != is_on:
            yield f"{'' if is_on else 'no '}neighbor {name} {flag}"
    if old is None:
        yield f"neighbor {name} activate"
