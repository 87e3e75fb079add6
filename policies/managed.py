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
    from collections.abc import Mapping

    from policies.filters import Running

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


def digest(running: Running) -> str:
    """Return a digest of everything on the device that a plan was computed from.

    That is the managed part, and what it leans on: every session's attachments and the
    route-maps they name, or call. Configuration that decides nothing about routes is left out.
    """
    named = {
        attachment.route_map
        for session in running.sessions.values()
        for attachment in session.attachments.values()
    }
    decide = _with_called(running, {name for name in named if name is not None})
    parts = [
        *(repr(one) for _, one in sorted(owned_lists(running.lists).items())),
        *(repr(one) for name, one in sorted(running.route_maps.items()) if name in decide),
        *(
            repr(
                (
                    key,
                    one.is_group,
                    one.group,
                    one.closed_without_policy,
                    sorted(one.attachments.items()),
                )
            )
            for key, one in sorted(running.sessions.items())
        ),
    ]
    return "sha256:" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()
