"""What is wrong with the guard of one slot: :func:`cause_of`. The first rule that fits is told.

Law: a slot whose guard is whole, of the site's pools of now and ahead of all that lets anything
through has no cause here; whether it lets through what it may is for the sets to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.drift.homes import homes
from policies.drift.kinds import Kind
from policies.drift.shape import Shape, is_end, stem
from policies.drift.words import session_name, slot_name
from policies.ownership import is_intact, is_owned
from policies.placement import first_way_through
from policies.references import AttachmentRef, EntryRef, StanzaRef

if TYPE_CHECKING:
    from policies.drift.view import View
    from policies.filters import Stanza
    from policies.managed import Slot
    from policies.references import Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What is wrong with an object; equal for all slots that feel it.

    ``what`` is the first half of a sentence, ``mended`` what a deploy does where none is refused.
    """

    kind: Kind
    object: str
    what: str
    mended: str
    references: tuple[Reference, ...] = ()


def cause_of(view: View, slot: Slot) -> Cause | None:
    """Return what is wrong with the guard that ``slot`` is to have; None if nothing is."""
    found = view.route_map(slot)
    if found is None:
        return _unguarded(view, slot)
    shape = Shape.of(found, slot[1])
    return _tampered(view, shape) or _edited(view, shape) or _placed(view, slot, shape)


def tampered_list(view: View, version: int, name: str) -> Cause:
    """Return the cause that a list of ours is that does not hold what its name promises."""
    found = view.running.lists[version, name]
    count = len(found.entries) + len(found.unknown)
    return Cause(
        kind=Kind.TAMPERED_LIST,
        object=view.nouns.a_list(version, name),
        what=f"{view.nouns.a_list(version, name)} was edited: it does not hold what its name says",
        mended="a deploy puts a right one beside it, refers to that, and takes this one away",
        references=tuple(EntryRef(version, name, at) for at in range(count))
        or (EntryRef(version, name, None),),
    )


def _tampered(view: View, shape: Shape) -> Cause | None:
    """Return a list of ours that the guard asks and that somebody edited."""
    for stanza in shape.ours:
        for key in stanza.referred:
            one = view.running.lists.get(key)
            if key[0] == shape.version and is_owned(key[1]) and one and not is_intact(one):
                return tampered_list(view, *key)
    return None


def _edited(view: View, shape: Shape) -> Cause | None:
    """Return a line in what is ours that ringfence would not have written."""
    odd = shape.odd
    if odd is None and shape.end is not None and not is_end(view.running, shape.found):
        odd = shape.end
    if odd is None:
        return None
    nouns, name = view.nouns, shape.found.name
    return Cause(
        kind=Kind.FOREIGN_LINE,
        object=nouns.a_stanza(name, odd.seq),
        what=f"{nouns.a_stanza(name, odd.seq)} is not as ringfence wrote it",
        mended="a deploy writes it anew",
        references=(StanzaRef(name, odd.seq),),
    )


def _placed(view: View, slot: Slot, shape: Shape) -> Cause | None:
    """Return what is wrong with where the guard stands, or with its age."""
    name, version = shape.found.name, slot[1]
    if shape.guard is None:
        return _unguarded(view, slot)
    guard = shape.guard
    ((_, listed),) = guard.referred
    if (version, listed) not in view.running.lists:
        return Cause(
            kind=Kind.MISSING,
            object=view.nouns.a_list(version, listed),
            what=f"{view.nouns.a_list(version, listed)}, which a guard asks, is not on the device",
            mended="a deploy makes it anew and refers to that",
            references=(StanzaRef(name, guard.seq), EntryRef(version, listed, None)),
        )
    if is_owned(name) and shape.end is None:
        return Cause(
            kind=Kind.MISSING,
            object=f"the end of {view.nouns.a_map(name)}",
            what=f"the end of {view.nouns.a_map(name)} is not on the device, and nothing passes",
            mended="a deploy puts a whole one in its place",
            references=(StanzaRef(name, None),),
        )
    first = first_way_through(shape.found)
    if not is_owned(name) and first < guard.seq:
        return _shadowed(view, shape, first)
    wanted = view.fence(slot).screen(version, sets_only=view.running.semantics.sets_only)
    if stem(listed) == wanted.prefix_list.name:
        return None
    moved = homes(view, slot, orphans_only=True, exact=True)
    return _detached(view, slot, moved) if moved else _outdated(view, version, listed)


def _shadowed(view: View, shape: Shape, first: int) -> Cause:
    name, nouns = shape.found.name, view.nouns
    guard: Stanza | None = shape.guard
    seq = guard.seq if guard else 0
    return Cause(
        kind=Kind.SHADOWED,
        object=nouns.a_stanza(name, first),
        what=f"{nouns.a_stanza(name, first)} decides before the guard, {nouns.stanza} {seq}, does",
        mended="a deploy puts the guard ahead of it",
        references=(StanzaRef(name, first), StanzaRef(name, seq)),
    )


def _outdated(view: View, version: int, listed: str) -> Cause:
    return Cause(
        kind=Kind.OUTDATED,
        object=view.nouns.a_list(version, listed),
        what=f"{view.nouns.a_list(version, listed)} is whole, and of other pools than it is to be",
        mended="a deploy brings it up to the pools",
        references=(EntryRef(version, listed, None),),
    )


def _unguarded(view: View, slot: Slot) -> Cause | None:
    """Return why no guard is asked on the slot; None if it is closed, as it is to be."""
    one, attached = view.attachment(slot), AttachmentRef(*slot)
    if one.behind:
        return Cause(
            kind=Kind.SHADOWED,
            object=view.nouns.a_map(one.route_map or ""),
            what=f"{view.nouns.a_map(one.route_map or '')} decides before {' '.join(one.behind)}, "
            "which is to be the first",
            mended="a deploy puts the guard first",
            references=(attached, *(StanzaRef(name, None) for name in one.behind)),
        )
    closed = slot in view.wanted.closed
    # What never was attached is closed in the same way: only a guard that nobody has is a trace.
    found = homes(view, slot, orphans_only=closed)
    if found:
        return _detached(view, slot, found)
    return None if closed else _missing(view, slot)


def _detached(view: View, slot: Slot, found: tuple[StanzaRef, ...]) -> Cause:
    holder = view.holder(slot)
    has = view.attachment(slot).route_map
    names = " and ".join(dict.fromkeys(view.nouns.a_map(one.route_map) for one in found))
    stands = f"the guard of {slot_name(view.running, holder)} stands in {names}"
    instead = f"{view.nouns.a_map(has)} is attached" if has else "nothing is attached"
    closed = slot in view.wanted.closed
    return Cause(
        kind=Kind.DETACHED,
        object=slot_name(view.running, holder),
        what=f"{stands}, and {instead} instead",
        mended="no deploy opens a closed session: attach its policy again"
        if closed
        else "a deploy guards what the session has now: attach its own policy again before that, "
        "if it is to have it",
        references=(AttachmentRef(*holder), *found),
    )


def _missing(view: View, slot: Slot) -> Cause:
    holder, one = view.holder(slot), view.attachment(slot)
    found = view.route_map(slot)
    if found is not None and (is_owned(found.name) or view.running.semantics.ahead is None):
        # One map is one cause, whoever has it.
        name = f"{view.nouns.a_map(found.name)} (ipv{slot[1]})"
        return Cause(
            kind=Kind.MISSING,
            object=name,
            what=f"{view.nouns.a_map(found.name)} has no guard of IPv{slot[1]}",
            mended="a deploy installs it",
            references=(StanzaRef(found.name, min(s.seq for s in found.stanzas)),),
        )
    name = slot_name(view.running, holder)
    has = f"has {view.nouns.a_map(one.route_map)} alone" if one.route_map else "has no policy"
    if one.route_map is not None and found is None:
        has = f"refers to {view.nouns.a_map(one.route_map)}, which is not on the device"
    return Cause(
        kind=Kind.MISSING,
        object=name,
        what=f"{session_name(view.running, holder[0])} {has}, and no guard (ipv{slot[1]} "
        f"{slot[2]})",
        mended="a deploy installs it",
        references=(AttachmentRef(*holder),),
    )
