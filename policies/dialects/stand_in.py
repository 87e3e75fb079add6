"""A route-map in use is changed while a copy stands in for it: :func:`with_stand_ins`.

Where a device takes one line at a time, the first line of a new stanza denies everything until
its ``match`` follows. So the map that is to become is built under a name of ours, of which nobody
takes notice; the sessions are switched over to it, one line each; then the operator's own map is
changed at leisure, and the sessions are switched back. Every line leaves each session with its old
policy or with its new one. Law: the steps that come out have the effect of those that went in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.change import Attach, Detach, RemoveStanza, SetStanza, apply
from policies.filters import SessionKey
from policies.managed import slots_of
from policies.ownership import stand_in_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.change import Step
    from policies.filters import Running
    from policies.managed import Slot


def with_stand_ins(steps: Sequence[Step], running: Running) -> Iterator[Step]:
    """Yield ``steps``, those that make stanzas in a route-map in use in the cover of a copy."""
    done: set[str] = set()
    for step in steps:
        if isinstance(step, SetStanza) and step.route_map in done:
            continue
        here = _of_map(steps, step.route_map) if isinstance(step, SetStanza) else ()
        if isinstance(step, SetStanza) and any(one.before is None for one in here):
            users = [slot for slot in slots_of(running) if _map_at(running, slot) == step.route_map]
            if users:
                done.add(step.route_map)
                yield from _covered(step.route_map, here, users, running)
                running = apply(running, here)
                continue
        yield step
        running = apply(running, (step,))


def _of_map(steps: Sequence[Step], name: str) -> tuple[SetStanza, ...]:
    return tuple(one for one in steps if isinstance(one, SetStanza) and one.route_map == name)


def _covered(
    name: str, changes: Sequence[SetStanza], users: Sequence[Slot], running: Running
) -> Iterator[Step]:
    copy = stand_in_name(name)
    stanzas = apply(running, changes).route_maps[name].stanzas
    yield from (SetStanza(copy, one) for one in stanzas)
    # Who only follows a peer group moves with it.
    movers = [slot for slot in users if not _follows_a_group(running, slot)]
    yield from (Attach(slot, copy, name) for slot in movers)
    yield from changes
    for slot in movers:
        if running.sessions[slot[0]].attachments[slot[1], slot[2]].inherited_from is None:
            yield Attach(slot, name, copy)
        else:
            yield Detach(slot, copy)
    yield from (RemoveStanza(copy, one) for one in stanzas)


def _map_at(running: Running, slot: Slot) -> str | None:
    return running.sessions[slot[0]].attachments[slot[1], slot[2]].route_map


def _follows_a_group(running: Running, slot: Slot) -> bool:
    """Return whether the route-map comes from a session that moves itself; a template does not."""
    above = running.sessions[slot[0]].attachments[slot[1], slot[2]].inherited_from
    return above is not None and SessionKey(slot[0].vrf, above) in running.sessions
