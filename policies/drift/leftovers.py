"""What of ours stands on a device and serves nothing, and what is wanted and in no cause's way.

Law: whatever a deploy would change is told by some finding, so that no finding means no change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.drift.cause import Cause, tampered_list
from policies.drift.kinds import Kind
from policies.drift.report import Felt
from policies.drift.words import slot_name
from policies.ownership import is_intact, is_owned
from policies.references import AttachmentRef, EntryRef, StanzaRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.drift.report import Findings
    from policies.drift.view import View
    from policies.managed import Slot

#: A prefix-list's family and name.
Key = tuple[int, str]


def add_leftovers(view: View, findings: Findings) -> None:
    """Tell what is left, besides what ``findings`` has."""
    told = findings.places
    lists = {(one.version, one.prefix_list) for one in told if isinstance(one, EntryRef)}
    lists |= _add_tampered(view, findings, lists)
    if view.wanted.violations:
        # What is wanted is not known, and so not what is left.
        return
    lists |= _add_stanzas(
        view, findings, {(one.route_map, one.seq) for one in told if isinstance(one, StanzaRef)}
    )
    _add_attachments(view, findings)
    _add_lists(view, findings, lists)
    _add_wanted(view, findings)


def _add_tampered(view: View, findings: Findings, told: set[Key]) -> set[Key]:
    """Tell of the edited lists that no guard asks, and return them."""
    found = {key for key, one in view.now.lists.items() if key not in told and not is_intact(one)}
    for version, name in sorted(found):
        findings.add(tampered_list(view, version, name))
    return found


def _add_stanzas(view: View, findings: Findings, told: set[tuple[str, int | None]]) -> set[Key]:
    """Tell of our stanzas that nothing wants, and return the lists that they ask."""
    left: set[Key] = set()
    for (name, seq), stanza in sorted(view.now.stanzas.items(), key=lambda item: item[0]):
        if (name, seq) in view.wanted.managed.stanzas:
            continue
        left |= {*stanza.referred}
        if (name, seq) not in told and not _explained(view, name, findings):
            cause = _leftover_stanza(view, name, seq)
            for felt in _felt(view, name, stanza.referred) or [None]:
                findings.add(cause, felt)
    return left


def _add_attachments(view: View, findings: Findings) -> None:
    """Tell of sessions that no guard wants, and that have a map of ours which others need."""
    wanted = view.wanted.managed
    needed = {name for name, _ in wanted.stanzas}
    for slot, name in sorted(view.now.attachments.items()):
        if name in needed and slot not in view.wanted.fenced and slot not in wanted.attachments:
            findings.add(_leftover_attachment(view, slot, name), _lost_by(view, slot))


def _add_lists(view: View, findings: Findings, told: set[Key]) -> None:
    """Tell of our lists that nothing asks."""
    asked = {key for one in view.now.stanzas.values() for key in one.referred}
    for key in sorted(view.now.lists):
        if key not in view.wanted.managed.lists and key not in asked | told:
            findings.add(_leftover_list(view, *key))


def _explained(view: View, name: str, findings: Findings) -> bool:
    """Return whether a cause is told of a slot that has the map now."""
    return any(slot in findings.slots for slot in view.users.get(name, ()))


def _felt(view: View, name: str, referred: tuple[Key, ...]) -> list[Felt | None]:
    """Return what a guard that nothing wants holds back."""
    versions = {version for version, _ in referred} or {4, 6}
    return [
        _lost_by(view, slot)
        for slot in view.users.get(name, ())
        if slot[1] in versions and slot not in view.wanted.fenced
    ]


def _lost_by(view: View, slot: Slot) -> Felt:
    return Felt(slot, None, (view.may_later(slot) - view.may(slot)) or None)


def _leftover_attachment(view: View, slot: Slot, name: str) -> Cause:
    where = slot_name(view.running, slot)
    return Cause(
        kind=Kind.LEFTOVER,
        object=where,
        what=f"{view.nouns.a_map(name)} is attached to {where}, and no guard is wanted there",
        mended="a deploy detaches it",
        references=(AttachmentRef(*slot),),
    )


def _leftover_stanza(view: View, name: str, seq: int) -> Cause:
    whole = is_owned(name)
    said = view.nouns.a_map(name) if whole else view.nouns.a_stanza(name, seq)
    return Cause(
        kind=Kind.LEFTOVER,
        object=said,
        what=f"{said} is ringfence's, and no guard wants it",
        mended="a deploy removes it",
        references=(StanzaRef(name, None if whole else seq),),
    )


def _leftover_list(view: View, version: int, name: str) -> Cause:
    said = view.nouns.a_list(version, name)
    return Cause(
        kind=Kind.LEFTOVER,
        object=said,
        what=f"{said} is ringfence's, and nothing refers to it",
        mended="a deploy removes it",
        references=(EntryRef(version, name, None),),
    )


def _add_wanted(view: View, findings: Findings) -> None:
    """Tell of whatever a deploy would make, and no cause is told of."""
    for name in _new_maps(view):
        slots = [slot for slot in _later_users(view, name) if slot in view.wanted.fenced]
        if slots and not any(slot in findings.slots for slot in slots):
            said = view.nouns.a_map(name)
            cause = Cause(
                kind=Kind.MISSING,
                object=said,
                what=f"{said} is not as a deploy would have it",
                mended="a deploy makes it so",
                references=(StanzaRef(name, None),),
            )
            for slot in slots:
                findings.add(cause, Felt(slot))


def _new_maps(view: View) -> Iterator[str]:
    wanted, now = view.wanted.managed, view.now
    names = {key[0] for key, one in wanted.stanzas.items() if now.stanzas.get(key) != one}
    names |= {one for slot, one in wanted.attachments.items() if now.attachments.get(slot) != one}
    yield from sorted(names)


def _later_users(view: View, name: str) -> list[Slot]:
    return [
        (key, version, direction)
        for key, session in view.after.sessions.items()
        for (version, direction), one in session.attachments.items()
        if one.route_map == name
    ]
