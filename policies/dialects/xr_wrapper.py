"""Policies of ours on IOS-XR, read and written: guards, then the operator's policy.

Read :func:`read_wrapper` and :func:`wrapper_lines`. Law: each is the other's inverse, also for
a policy of ours that somebody changed; what we would not have written counts as "may accept".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.dialects.xr_rpl import (
    Block,
    Both,
    If,
    Not,
    Plain,
    RplError,
    Statement,
    Test,
    call_text,
    read_statements,
    statement_text,
    tokens,
)
from policies.filters import RouteMap, Stanza
from policies.ownership import is_owned
from policies.placement import LAST_SEQ
from policies.prefix_list import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policies.dialects.xr_objects import RplObject
    from policies.dialects.xr_paths import Policies

#: Every route of a family.
_ALL = {4: "0.0.0.0/0 le 32", 6: "::/0 le 128"}


#: What an empty policy does.
_NOTHING = Plain(("drop",))


def read_wrapper(name: str, block: Block, policies: Policies) -> RouteMap:
    """Return the policy of ours that ``block`` is, statement by statement."""
    *front, last = block or (_NOTHING,)
    stanzas = [_guard(seq, one, policies) for seq, one in enumerate(front, start=1)]
    stanzas.append(_end(last) or _guard(len(block) or 1, last, policies))
    return RouteMap(name, tuple(stanzas))


def unread_wrapper(name: str, lines: tuple[str, ...]) -> RouteMap:
    """Return a policy of ours whose text nobody understands any more."""
    text = "\n".join(line.strip() for line in lines)
    return RouteMap(name, (Stanza(seq=1, action=Action.PERMIT, unknown=(text,)),))


def inner_policies(objects: Iterable[RplObject]) -> Iterator[tuple[str, str | None]]:
    """Yield each policy of ours that is understood, and the operator's that it stands ahead of."""
    for one in objects:
        if one.kind == "route-policy" and is_owned(one.name):
            try:
                block = read_statements(tokens(one.lines))
            except RplError:
                continue
            end = _end(block[-1]) if block else None
            yield one.name, end.call if end else None


def _end(last: Statement) -> Stanza | None:
    match last:
        case Plain(("pass",)):
            return Stanza(seq=LAST_SEQ, action=Action.PERMIT)
        case Plain(("apply", *words)):
            try:
                return Stanza(seq=LAST_SEQ, action=Action.PERMIT, call=call_text(words))
            except RplError:
                return None
    return None


def _guard(seq: int, one: Statement, policies: Policies) -> Stanza:
    match one:
        case Plain(("drop",)):
            return Stanza(seq=seq, action=Action.DENY)
        case If(((Test(("destination", "in", name)), (Plain(("drop",)),)),), ()):
            families = policies.families(name)
            if len(families) == 1:
                return Stanza(seq=seq, action=Action.DENY, lists=families)
            if families:
                return Stanza(seq=seq, action=Action.DENY, any_of=(families,))
        case If(
            (
                (
                    Both(Test(scope), Not(Test(("destination", "in", name))), False),
                    (Plain(("drop",)),),
                ),
            ),
            (),
        ):
            for version, name_there in policies.families(name):
                if scope == ("destination", "in", "(", *_ALL[version].split(), ")"):
                    return Stanza(seq=seq, action=Action.DENY, none_of=((version, name_there),))
    return Stanza(seq=seq, action=Action.PERMIT, unknown=(statement_text(one),))


def wrapper_lines(found: RouteMap) -> Iterator[str]:
    """Yield the lines of a policy of ours."""
    yield f"route-policy {found.name}"
    for stanza in found.stanzas:
        yield from (f"  {line}" for line in _stanza_lines(stanza))
    yield "end-policy"


def _stanza_lines(stanza: Stanza) -> Iterator[str]:
    if stanza.unknown:
        yield from stanza.unknown
    elif stanza.referred:
        version, name = stanza.referred[0]
        inside = f"destination in {name}"
        if stanza.none_of:
            inside = f"destination in ({_ALL[version]}) and not {inside}"
        yield from (f"if {inside} then", "  drop", "endif")
    elif stanza.action is Action.DENY:
        yield "drop"
    else:
        yield f"apply {stanza.call}" if stanza.call else "pass"
