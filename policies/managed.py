"""The managed part of a device: what ringfence owns there, as one value.

:func:`managed` takes it out of a parsed configuration; :mod:`policies.install` makes the
one that the guards want; :mod:`policies.change` turns the difference of two into steps.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policies.filters import Direction, PrefixList, SessionKey, Stanza
from policies.ownership import is_owned, owned_lists

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.filters import RouteMap, Running

#: Hex digits of SHA-256 that tell two states of one object apart: 64 bits.
_PART_DIGITS = 16

#: An attachment's place: session, family, direction.
Slot = tuple[SessionKey, int, Direction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """Our prefix-lists, our stanzas by (route-map, number), and where our own maps stand."""

    lists: Mapping[tuple[int, str], PrefixList] = field(default_factory=dict)
    stanzas: Mapping[tuple[str, int], Stanza] = field(default_factory=dict)
    attachments: Mapping[Slot, str] = field(default_factory=dict)


def is_our_stanza(route_map: str, stanza: Stanza) -> bool:
    """Return whether ``stanza`` is ours: in a map of ours, or about a list of ours."""
    return is_owned(route_map) or any(is_owned(name) for _, name in stanza.referred)


def slots_of(running: Running) -> tuple[Slot, ...]:
    """Return every slot of ``running``: each session, family and direction."""
    return tuple(
        (session.key, version, direction)
        for session in running.sessions.values()
        for version, direction in session.attachments
    )


def managed(running: Running) -> Managed:
    """Return what is ringfence's in ``running``."""
    return Managed(
        lists=owned_lists(running.lists),
        stanzas={
            (one.name, stanza.seq): stanza
            for one in running.route_maps.values()
            for stanza in one.stanzas
            if is_our_stanza(one.name, stanza)
        },
        attachments={
            (session.key, version, direction): attachment.route_map
            for session in running.sessions.values()
            for (version, direction), attachment in session.attachments.items()
            if attachment.route_map is not None
            and attachment.inherited_from is None
            and is_owned(attachment.route_map)
        },
    )


def _with_called(running: Running, names: set[str]) -> set[str]:
    """Return ``names`` and the route-maps that these call, directly or not."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            one = running.route_maps.get(name)
            left += [stanza.call for stanza in (one.stanzas if one else ()) if stanza.call]
    return found


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One object of a device that a plan was computed from, and a digest of what it says.

    ``kind`` and ``name`` are as people call it: ``prefix-list RF-in-orange-v4-3f9a1c20 (ipv4)``.
    """

    kind: str
    name: str
    digest: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def _part(kind: str, name: str, content: object) -> Part:
    return Part(kind, name, hashlib.sha256(repr(content).encode()).hexdigest()[:_PART_DIGITS])


def _deciding(running: Running) -> list[RouteMap]:
    """Return the route-maps that sessions name, and those that these call, by name."""
    named = {
        name
        for session in running.sessions.values()
        for one in session.attachments.values()
        for name in (one.route_map, one.unsuppress_map, one.advertise_map)
        if name is not None
    }
    decide = _with_called(running, named)
    return [one for name, one in sorted(running.route_maps.items()) if name in decide]


def _basis(running: Running) -> Iterator[Part]:
    for (version, name), one in sorted(owned_lists(running.lists).items()):
        yield _part("prefix-list", f"{name} (ipv{version})", one)
    for found in _deciding(running):
        yield _part("route-map", found.name, found)
    for key, session in sorted(running.sessions.items()):
        facts = (session.is_group, session.group, session.closed_without_policy)
        kind = "peer group" if session.is_group else "neighbor"
        yield _part(kind, str(key), (key, *facts))
        for (version, direction), attachment in sorted(session.attachments.items()):
            yield _part(f"ipv{version} {direction} policy of", str(key), attachment)


def parts(running: Running) -> tuple[Part, ...]:
    """Return all that a plan was computed from, object by object.

    That is what :func:`digest` stands on, and the operator's own prefix-lists that decide routes
    beside it: these change what a plan means, and are nothing that a way back would undo.
    """
    referred = {
        reference
        for one in _deciding(running)
        for stanza in one.stanzas
        for reference in stanza.referred
    } | {
        (version, one.prefix_list)
        for session in running.sessions.values()
        for (version, _), one in session.attachments.items()
        if one.prefix_list is not None
    }
    theirs = sorted(key for key in referred if key in running.lists and not is_owned(key[1]))
    foreign = (
        _part("prefix-list", f"{key[1]} (ipv{key[0]})", running.lists[key]) for key in theirs
    )
    return (*_basis(running), *foreign)


def digest(running: Running) -> str:
    """Return a digest of everything on the device that a change of ours stands on.

    That is the managed part, and what it leans on: every session's attachments and the
    route-maps they name, or call. Configuration that decides nothing about routes is left out.
    """
    content = [(one.kind, one.name, one.digest) for one in _basis(running)]
    return "sha256:" + hashlib.sha256(json.dumps(content).encode()).hexdigest()
