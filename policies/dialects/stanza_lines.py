"""Route-map stanzas, read and written: what IOS-like platforms have in common.

Read :func:`read_stanza` and :func:`stanza_lines`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.dialects.prefix_lines import FAMILY_WORD, VERSION
from policies.filters import Stanza
from policies.prefix_list import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.dialects.hierarchy import Block

#: IOS-XE names a stanza with ``ordering-seq``, which decides nothing.
HEADER = re.compile(
    r"route-map (?P<name>\S+)"
    r"(?: (?P<action>permit|deny)(?: (?P<seq>\d+))?(?: ordering-seq \S+)?)?"
)
_MATCH = re.compile(r"match (?P<family>ip|ipv6) address prefix-list (?P<names>\S.*)")

#: What stands where the action and the number are left out (IOS-XE: route-map, usage).
_DEFAULT_SEQ = 10

Names = dict[int, tuple[str, ...]]


def read_stanza(found: re.Match[str], block: Block) -> Stanza:
    """Return the stanza that ``block`` is, whose first line :data:`HEADER` has ``found``.

    Several lists in one line are alternatives. Two lines for one family are not known to
    be that or the opposite, so they are unknown.
    """
    matches: dict[str, list[tuple[str, ...]]] = {}
    unknown: list[str] = []
    sets: list[str] = []
    call, goes_on = None, False
    for child in block.children:
        words = child.words
        if one := _MATCH.fullmatch(child.text):
            matches.setdefault(one["family"], []).append(tuple(one["names"].split()))
        elif words[0] in ("match", "sub-route-map"):
            unknown.append(child.text)
        elif words[0] == "call" and len(words) > 1:
            call = words[1]
        elif words[0] not in ("exit", "!"):
            goes_on = goes_on or words[0] in ("on-match", "continue")
            sets.append(child.text)
    lists: list[tuple[int, str]] = []
    any_of: list[tuple[tuple[int, str], ...]] = []
    for family, some in matches.items():
        version = VERSION[family]
        if len(some) > 1:
            unknown += [f"match {family} address prefix-list {' '.join(one)}" for one in some]
        elif len(some[0]) > 1:
            any_of.append(tuple((version, name) for name in some[0]))
        else:
            lists.append((version, some[0][0]))
    return Stanza(
        seq=int(found["seq"] or _DEFAULT_SEQ),
        action=Action(found["action"] or Action.PERMIT),
        lists=tuple(lists),
        any_of=tuple(any_of),
        unknown=tuple(unknown),
        sets=tuple(sets),
        call=call,
        goes_on=goes_on,
    )


def stanza_lines(
    name: str, stanza: Stanza, before: Stanza | None, *, indent: str, appends: bool
) -> Iterator[str]:
    """Yield the lines that make ``stanza`` of what stands there, ``before``.

    Where a second ``match`` joins the first as an alternative (``appends``), the new list
    comes before the old one goes: for that moment a guard denies what either has, which lies
    between the two. Elsewhere a ``match`` takes the place of the one of its family.
    """
    yield f"route-map {name} {stanza.action} {stanza.seq}"
    new, old = _names(stanza), _names(before)
    for version, names in new.items():
        there = old.get(version, ()) if appends else ()
        if added := [one for one in names if one not in there]:
            yield f"{indent}{_match(version, added)}"
    for version, names in old.items():
        stays = new.get(version, ())
        gone = [one for one in names if one not in stays]
        if gone and (appends or not stays):
            yield f"{indent}no {_match(version, gone)}"
    was, now = _rest(before), _rest(stanza)
    yield from (f"{indent}{line}" for line in now if line not in was)
    yield from (f"{indent}no {line}" for line in was if line not in now)


def _match(version: int, names: list[str]) -> str:
    return f"match {FAMILY_WORD[version]} address prefix-list {' '.join(names)}"


def _names(stanza: Stanza | None) -> Names:
    found: Names = {}
    for version, name in stanza.referred if stanza else ():
        found[version] = (*found.get(version, ()), name)
    return found


def _rest(stanza: Stanza | None) -> list[str]:
    if stanza is None:
        return []
    call = [] if stanza.call is None else [f"call {stanza.call}"]
    return [*stanza.unknown, *stanza.sets, *call]
