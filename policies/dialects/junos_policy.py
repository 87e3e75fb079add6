"""Junos policies as route-maps: :class:`Policies`, which judges chains of policy-statements.

A chain is attached as a whole, so it is a route-map whose name is its text: the terms of its
policies in order, then what the protocol does with what falls off the end. A chain that begins
with a policy of ours is the guards of that, then a permit that calls the rest. Law: a term that
prefixes alone can't decide is unknown and never left out, unless it neither accepts nor rejects.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from policies.dialects.junos_filters import CONDITIONS, Destinations, destinations
from policies.dialects.junos_own import END, own_list, own_stanzas, version_of
from policies.dialects.junos_text import joined, leaves
from policies.filters import PrefixList, RouteMap, Stanza
from policies.ownership import is_owned
from policies.prefix_list import Action, PrefixListEntry
from policies.prefix_set import network_of, width_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from policies.dialects.junos_filters import Path
    from policies.dialects.junos_text import Tree

_FAMILIES = {"inet": 4, "inet6": 6}
_STATEMENT = "policy-statement"


class Policies:
    """Reads ``policy-options``; ``lists`` grows with every chain that is judged."""

    def __init__(self, options: Tree, doubtful: Collection[str], inactive: Collection[str]) -> None:
        """Take the active ``options``, and the names of policies that are in doubt or inactive."""
        self._options = options
        self._statements = options.get(_STATEMENT, {})
        self._doubtful = doubtful
        self._judged: dict[str, tuple[tuple[Stanza, Path], ...]] = {}
        #: Where the entries of lists and the stanzas of chains stand; () is nowhere.
        self.entry_paths: dict[tuple[int, str], tuple[Path, ...]] = {}
        self.stanza_paths: dict[tuple[str, int], Path] = {}
        owned = [name for name in (*self._statements, *inactive) if is_owned(name)]
        self.lists: dict[tuple[int, str], PrefixList] = {}
        for name in sorted({one for one in owned if version_of(one)}):
            one = own_list(name, self._statements.get(name, {}), inactive=name in inactive)
            self.lists[one.version, name] = one
            at = _path(name)
            term = (*at, "term")
            rows = tuple((*term, str(e.seq), "from", "route-filter") for e in one.entries)
            self.entry_paths[one.version, name] = (*rows, *(at for _ in one.unknown))
        self.own: dict[str, tuple[Stanza, ...]] = {
            name: own_stanzas(self._statements.get(name, {}), self.lists, inactive=name in inactive)
            for name in sorted({one for one in owned if not version_of(one)})
        }

    def chain(self, names: Sequence[str], *, surely: bool) -> RouteMap:
        """Return a chain of the operator's as a route-map, the protocol's default at its end.

        With ``surely`` the default accepts what gets there; else that depends on more.
        """
        found = [one for name in names for one in self._operators(name)]
        last = () if surely else ("default policy",)
        found.append((Stanza(seq=0, action=Action.PERMIT, unknown=last), ()))
        chain = joined(names)
        self.stanza_paths.update({(chain, at): path for at, (_, path) in enumerate(found, start=1)})
        numbered = tuple(replace(one, seq=at) for at, (one, _) in enumerate(found, start=1))
        return RouteMap(chain, numbered)

    def guarded(self, names: Sequence[str]) -> RouteMap:
        """Return a chain that begins with a policy of ours; what is not ours is called.

        A second one of ours can only narrow, and is not meant to be there.
        """
        rest = [name for name in names if not is_owned(name)]
        end = Stanza(seq=END, action=Action.PERMIT, call=joined(rest) or None)
        chain, guards = joined(names), self.own.get(names[0], ())
        for one in guards:
            term = ("term", f"v{one.lists[0][0]}") if one.lists else ()
            self.stanza_paths[chain, one.seq] = (*_path(names[0]), *term)
        self.stanza_paths[chain, END] = ()
        return RouteMap(chain, (*guards, end))

    def _operators(self, name: str) -> tuple[tuple[Stanza, Path], ...]:
        if name not in self._judged:
            self._judged[name] = tuple(self._statement(name))
        return self._judged[name]

    def _statement(self, name: str) -> Iterator[tuple[Stanza, Path]]:
        found = self._statements.get(name)
        if found is None or name in self._doubtful:
            # An expression, say: the route may be accepted here, or go on.
            yield _unknown(f"policy {name}"), _path(name)
            return
        for term, body in found.get("term", {}).items():
            path = (*_path(name), "term", term)
            for one in self._term(body, f"{name} term {term}", path):
                yield one, path
        rest = {word: sub for word, sub in found.items() if word in ("from", "to", "then")}
        if rest:
            for one in self._term(rest, name, _path(name)):
                yield one, _path(name)

    def _term(self, body: Tree, where: str, path: Path) -> Iterator[Stanza]:
        """Yield what a term does with what it matches; nothing if it decides nothing."""
        frm, then = body.get("from", {}), body.get("then", {})
        asked = destinations(frm, where, self._options, path)
        if asked.asked and not asked.unclear and not asked.names:
            return
        match = self._match(frm, body.get("to", {}), asked, where)
        if asked.acts:
            yield replace(match, goes_on=True)
            match = replace(match, unknown=(*match.unknown, f"actions of filters in {where}"))
        sets = tuple(joined(("then", *words)) for words in leaves(then) if not _decides(words))
        if "reject" in then:
            yield replace(match, action=Action.DENY)
        elif "accept" in then:
            yield replace(match, sets=sets)
        elif "policy" in then.get("next", {}) or "default-action" in then:
            yield replace(match, sets=sets, goes_on=True)

    def _match(self, frm: Tree, to: Tree, asked: Destinations, where: str) -> Stanza:
        for one, paths in zip(asked.lists, asked.paths, strict=True):
            self.lists[one.version, one.name] = one
            self.entry_paths[one.version, one.name] = paths
        unknown = list(asked.unknown)
        families = []
        for word in frm.get("family", {}):
            if word in _FAMILIES:
                families.append(self._family(_FAMILIES[word]))
            else:
                unknown.append(f"from family {word}")
        for word, sub in frm.items():
            if word not in (*CONDITIONS, "family"):
                unknown += [joined(("from", word, *rest)) for rest in leaves(sub) or [()]]
        unknown += [joined(("to", *words)) for words in leaves(to)]
        if asked.unclear:
            unknown.append(f"from prefixes of {where}")
        return Stanza(
            seq=0,
            action=Action.PERMIT,
            lists=tuple(families),
            any_of=(tuple(asked.names),) if asked.names and not asked.unclear else (),
            unknown=tuple(unknown),
        )

    def _family(self, version: int) -> tuple[int, str]:
        """Return a list that permits everything of one family, and so nothing of the other."""
        key = version, f"family inet{'' if version == 4 else version}"  # noqa: PLR2004
        whole = network_of(version, 0, 0)
        entry = PrefixListEntry(action=Action.PERMIT, prefix=whole, le=width_of(version), seq=10)
        self.lists[key] = PrefixList(*key, (entry,))
        self.entry_paths[key] = ((),)
        return key


def _path(name: str) -> Path:
    return ("policy-options", _STATEMENT, name)


def _decides(words: Sequence[str]) -> bool:
    return words[0] in ("accept", "reject", "next", "default-action")


def _unknown(text: str) -> Stanza:
    return Stanza(seq=0, action=Action.PERMIT, unknown=(text,), goes_on=True)
