"""Steps from one filter set to another, in an order that is safe at every moment.

:func:`steps` orders make-before-break: new lists, then the stanzas that name them, then
attachments, and only then what is no longer referred to. :func:`apply` is what a device
that takes the steps will hold; the law is ``managed(apply(steps(a, b), r)) == b`` for a
running configuration ``r`` whose managed part is ``a``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from policies.filters import PrefixList, RouteMap, Running, SessionKey, Stanza, members
from policies.ownership import is_owned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from policies.filters import Direction, Session
    from policies.managed import Managed, Slot


@dataclass(frozen=True, slots=True)
class AddList:
    """Create a prefix-list that nothing refers to yet."""

    prefix_list: PrefixList


@dataclass(frozen=True, slots=True)
class Relist:
    """Print a prefix-list behind the others, as if it had been made last; it stays as it is.

    Only for platforms that print lists in the order of their creation, and only where the
    device takes "no" and the same list anew in one transaction, as if nothing had been said.
    """

    prefix_list: PrefixList


@dataclass(frozen=True, slots=True)
class SetStanza:
    """Create a stanza, or point an existing one at other lists, in one go.

    ``before`` is what stands there now: a dialect needs it to take lines back.
    """

    route_map: str
    stanza: Stanza
    before: Stanza | None = None


@dataclass(frozen=True, slots=True)
class Attach:
    """Put a route-map of ours on a session that has none; ``name`` replaces ``before``."""

    slot: Slot
    name: str
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Detach:
    """Take a route-map of ours off a session.

    ``restores`` is the policy that it stood ahead of, which stands there again.
    """

    slot: Slot
    name: str
    restores: str | None = None


@dataclass(frozen=True, slots=True)
class RemoveStanza:
    """Remove a stanza of ours; with its last stanza a route-map is gone."""

    route_map: str
    stanza: Stanza


@dataclass(frozen=True, slots=True)
class RemoveList:
    """Remove a prefix-list of ours that nothing refers to any more."""

    prefix_list: PrefixList


Step = AddList | Relist | SetStanza | Attach | Detach | RemoveStanza | RemoveList


def steps(old: Managed, new: Managed, *, in_order: bool = False) -> tuple[Step, ...]:
    """Return the steps from ``old`` to ``new``, in a safe order; empty if they are equal.

    With ``in_order`` the lists are printed in the order of ``new`` afterwards: a rollback
    restores the text, not only what it means.

    Raises:
        ValueError: a list changes under its own name. Names follow content, so that asks
            for an edit in place, which would show half a list for a moment.
    """
    for key, one in new.lists.items():
        if old.lists.get(key, one) != one:
            raise ValueError(f"prefix-list {one.name} can't change under its own name")
    out: list[Step] = list(_lists(old, new) if in_order else _new_lists(old, new))
    out += [
        SetStanza(route_map, stanza, old.stanzas.get((route_map, seq)))
        for (route_map, seq), stanza in sorted(new.stanzas.items(), key=lambda item: item[0])
        if old.stanzas.get((route_map, seq)) != stanza
    ]
    out += [
        Attach(slot, name, old.attachments.get(slot))
        for slot, name in sorted(new.attachments.items())
        if old.attachments.get(slot) != name
    ]
    out += [
        Detach(slot, name, inner(old.stanzas, name))
        for slot, name in sorted(old.attachments.items())
        if slot not in new.attachments
    ]
    out += [
        RemoveStanza(route_map, stanza)
        for (route_map, seq), stanza in sorted(old.stanzas.items(), key=lambda item: item[0])
        if (route_map, seq) not in new.stanzas
    ]
    out += [RemoveList(one) for key, one in sorted(old.lists.items()) if key not in new.lists]
    return tuple(out)


def _new_lists(old: Managed, new: Managed) -> list[Step]:
    return [AddList(one) for key, one in sorted(new.lists.items()) if key not in old.lists]


def _lists(old: Managed, new: Managed) -> Iterator[Step]:
    """Yield what makes the new lists, and moves what has to stand behind one of them."""
    for family in sorted({version for version, _ in new.lists}):
        wanted = [key for key in new.lists if key[0] == family]
        kept = [key for key in old.lists if key in new.lists and key[0] == family]
        right = sum(
            1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(wanted, kept, strict=False))
        )
        for key in wanted[right:]:
            yield Relist(new.lists[key]) if key in old.lists else AddList(new.lists[key])


def apply(running: Running, changes: Iterable[Step]) -> Running:
    """Return what ``running`` becomes once ``changes`` are made, one after the other."""
    for change in changes:
        running = _apply(running, change)
    return running


def _apply(running: Running, change: Step) -> Running:
    match change:
        case AddList(one) | Relist(one):
            return replace(running, lists={**_without(running, one), _key(one): one})
        case RemoveList(one):
            return replace(running, lists=_without(running, one))
        case SetStanza(name, stanza):
            return _with_stanzas(running, name, stanza.seq, (stanza,))
        case RemoveStanza(name, stanza):
            return _with_stanzas(running, name, stanza.seq, ())
        case Attach(slot, name):
            return _attached(running, slot, name)
        case Detach(slot, _, restores):
            return _attached(running, slot, None, restores)


def _key(one: PrefixList) -> tuple[int, str]:
    return one.version, one.name


def _without(running: Running, one: PrefixList) -> dict[tuple[int, str], PrefixList]:
    return {key: kept for key, kept in running.lists.items() if key != _key(one)}


def _with_stanzas(running: Running, name: str, seq: int, put: tuple[Stanza, ...]) -> Running:
    old = running.route_maps.get(name, RouteMap(name, ()))
    stanzas = sorted(
        (*(one for one in old.stanzas if one.seq != seq), *put), key=lambda one: one.seq
    )
    maps = {key: one for key, one in running.route_maps.items() if key != name or stanzas}
    if stanzas:
        maps[name] = RouteMap(name, tuple(stanzas))
    return replace(running, route_maps=maps)


def _attached(
    running: Running, slot: Slot, name: str | None, restores: str | None = None
) -> Running:
    """Return ``running`` with ``name`` on the session, and on members that inherit it.

    A member of a group that loses its own map inherits the group's again; what ``restores`` is
    stands there as its own only if it is not just that.
    """
    key, version, direction = slot
    at = (version, direction)
    target = running.sessions.get(key)
    here = target.attachments.get(at) if target else None
    if target is None or here is None:
        return running
    sessions = dict(running.sessions)
    above = _of_group(running, target, at) if name is None else None
    if restores is not None and restores not in (above, _stands_ahead_of(running, above)):
        name, above = restores, None
    changed = replace(here, route_map=name or above, inherited_from=target.group if above else None)
    sessions[key] = replace(target, attachments={**target.attachments, at: changed})
    for one in members(running, target):
        there = one.attachments.get(at)
        if there is not None and (there.inherited_from == key.name or there.route_map is None):
            below = changed.route_map
            follows = replace(there, route_map=below, inherited_from=key.name if below else None)
            sessions[one.key] = replace(one, attachments={**one.attachments, at: follows})
    return replace(running, sessions=sessions)


def inner(stanzas: Mapping[tuple[str, int], Stanza], name: str) -> str | None:
    """Return the policy that the route-map ``name`` of ours stands ahead of; None if of none."""
    last = max((one for (held, _), one in stanzas.items() if held == name), key=_seq, default=None)
    return last.call if last is not None else None


def _seq(stanza: Stanza) -> int:
    return stanza.seq


def _stands_ahead_of(running: Running, name: str | None) -> str | None:
    found = running.route_maps.get(name or "")
    return found.stanzas[-1].call if found is not None and is_owned(found.name) else None


def _of_group(running: Running, member: Session, at: tuple[int, Direction]) -> str | None:
    """Return the route-map that ``member`` has from its peer group once it has none itself."""
    if member.group is None:
        return None
    group = running.sessions.get(SessionKey(member.key.vrf, member.group))
    there = group.attachments.get(at) if group else None
    return there.route_map if there else None
