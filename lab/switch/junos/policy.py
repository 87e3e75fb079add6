"""Policies as programs: :func:`chain_program`, what an import or export chain does to a route.

Law: a chain is evaluated from left to right, a policy term by term, until something accepts or
rejects; what falls off the end is up to the protocol: an import accepts, an export accepts the
routes of BGP and no others (Junos routing policies guide, "Default routing policies"). The routes
that are not BGP's are the ``local`` ones: the switch's own subnets and static routes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_network
from itertools import groupby
from typing import TYPE_CHECKING

from lab.switch.assembler import Assembler, Label
from lab.switch.junos.as_paths import frr_regex
from lab.switch.junos.prefixes import exact, filter_ranges, listed
from lab.switch.meaning import (
    AsPathMatches,
    Change,
    Condition,
    HasCommunity,
    InPrefixes,
    IsFamily,
    Program,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lab.switch.junos.tree import Node
    from lab.switch.meaning import Network, Range

_FAMILIES = {"inet": 4, "inet6": 6}
#: Actions that change nothing that anybody outside the switch sees.
_INWARD = frozenset({"preference", "tag", "load-balance"})


class UnsupportedError(Exception):
    """This virtual switch can't do what the statement says; it refuses to pretend."""


def chain_program(
    options: Node, names: Sequence[str], *, local: Mapping[Network, str] | None
) -> Program:
    """Return what the chain does; ``local`` (prefix -> protocol) is given for an export."""
    writer = _Writer(options, local)
    code = writer.code
    accept, reject = Label(), Label()
    for name in names:
        after = Label()
        writer.policy(name, accept, reject, after)
        code.place(after)
    writer.default(accept, reject)
    code.place(accept)
    code.add(Verdict(accept=True))
    code.place(reject)
    code.add(Verdict(accept=False))
    return code.program()


def sets_next_hop_self(options: Node, names: Sequence[str]) -> bool:
    """Whether any policy of the chain makes the switch the next hop."""
    return any(
        term.one("then").value("next-hop") == "self"
        for name in names
        for term in _terms(options.one("policy-statement", name))
    )


def _terms(policy: Node) -> list[Node]:
    """Return the terms in order; what stands outside of all comes last."""
    return [*policy.all("term"), policy]


def _filters(clause: Node) -> list[tuple[str, ...]]:
    return [words[1:] for words in clause.children if words[0] == "route-filter"]


def _plain(term: Node) -> tuple[int, str] | None:
    """Return family and verdict of a term that is one route-filter and nothing else.

    Neighboring terms with the same verdict are one question, in whatever order they stand: a list
    of thousands of them is not thousands of questions.
    """
    clause, then = term.one("from"), term.one("then")
    filters = _filters(clause)
    verdict = next(iter(then.children), ("",))[0]
    if len(filters) != 1 or len(then.children) != 1 or verdict not in {"accept", "reject"}:
        return None
    version = ip_network(filters[0][0], strict=False).version
    family = ("family", "inet" if version == 4 else "inet6")  # noqa: PLR2004 - IPv4
    others = clause.children.keys() - {family, ("route-filter", *filters[0])}
    return None if others or term.one("to").children else (version, verdict)


@dataclass(slots=True)
class _Writer:
    """Writes the instructions of policies; a label is where a route goes on."""

    options: Node
    local: Mapping[Network, str] | None
    code: Assembler = field(default_factory=Assembler)

    def any_of(self, conditions: Iterable[Condition], then: Label, otherwise: Label) -> None:
        for condition in conditions:
            self.code.branch(condition, then)
        self.code.jump(otherwise)

    def default(self, accept: Label, reject: Label) -> None:
        if self.local is None:
            self.code.jump(accept)
        else:
            self.any_of(self._locals(frozenset(self.local.values())), reject, accept)

    def policy(self, name: str, accept: Label, reject: Label, after: Label) -> None:
        for plain, terms in groupby(_terms(self.options.one("policy-statement", name)), _plain):
            if plain is None:
                self._each(terms, accept, reject, after)
                continue
            version, verdict = plain
            matched = (one for term in terms for one in filter_ranges(_filters(term.one("from"))))
            ranges = tuple(one for one in matched if one[0])
            following = Label()
            verdict_at = accept if verdict == "accept" else reject
            self.any_of([InPrefixes(version, ranges)], verdict_at, following)
            self.code.place(following)
        self.code.jump(after)

    def _each(self, terms: Iterable[Node], accept: Label, reject: Label, after: Label) -> None:
        for term in terms:
            next_term = Label()
            for begin in ("from", "to"):
                self._conditions(term.one(begin), begin, next_term)
            self._then(term.one("then"), accept, reject, after)
            self.code.place(next_term)

    def _then(self, then: Node, accept: Label, reject: Label, after: Label) -> None:
        for action in then.in_order():
            word, value = action.words[0], action.words[-1]
            if word == "community":
                self._community(action.words)
            elif word in {"local-preference", "metric"} and value.isdigit():
                self.code.add(Change(f"{word} {value}"))
            elif word == "as-path-prepend":
                self.code.add(Change(f"as-path prepend {value}"))
            elif word == "origin":
                self.code.add(Change(f"origin {value}"))
            elif word in {"accept", "reject"}:
                self.code.jump(accept if word == "accept" else reject)
            elif word == "next" and value == "policy":
                self.code.jump(after)
            elif word not in _INWARD | {"next"} and action.words != ("next-hop", "self"):
                raise UnsupportedError(f"then {' '.join(action.words)}")

    def _community(self, words: Sequence[str]) -> None:
        if len(words) != 3 or words[1] not in {"add", "set"}:  # noqa: PLR2004 - word, verb, name
            raise UnsupportedError(f"then {' '.join(words)}")
        members = self.options.one("community", words[2]).values("members")
        ending = " additive" if words[1] == "add" else ""
        self.code.add(Change(f"community {' '.join(members)}{ending}"))

    def _conditions(self, clause: Node, begin: str, otherwise: Label) -> None:
        prefixes = list(_prefixes(self.options, clause))
        names_any = any(
            word in {"prefix-list", "prefix-list-filter", "route-filter"}
            for word, *_ in clause.children
        )
        if names_any:
            self._need(prefixes, otherwise)
        for word in dict.fromkeys(words[0] for words in clause.children):
            values = clause.values(word)
            if word in {"prefix-list", "prefix-list-filter", "route-filter"}:
                continue
            if word == "policy":
                self._subroutines(values, otherwise)
            elif word == "protocol":
                self._protocols(frozenset(values), otherwise)
            else:
                self._need(self._simple(word, values, begin), otherwise)

    def _need(self, any_of: Iterable[Condition], otherwise: Label) -> None:
        matched = Label()
        self.any_of(any_of, matched, otherwise)
        self.code.place(matched)

    def _simple(self, word: str, values: Sequence[str], begin: str) -> list[Condition]:
        if word == "family" and values[0] in _FAMILIES:
            return [IsFamily(_FAMILIES[values[0]])]
        if word == "community":
            named = [self.options.one("community", name).values("members") for name in values]
            if all(len(one) == 1 and _is_literal(one[0]) for one in named):
                return [HasCommunity(tuple(one[0] for one in named))]
        if word == "as-path":
            found = [
                node
                for name in values
                for node in self.options.all("as-path")
                if node.words[1] == name
            ]
            return [AsPathMatches(tuple(frr_regex(node.words[2]) for node in found))]
        if word == "as-path-group":
            groups = [self.options.one("as-path-group", name) for name in values]
            paths = [node.words[2] for group in groups for node in group.all("as-path")]
            return [AsPathMatches(tuple(frr_regex(path) for path in paths))]
        if word == "route-type" and values == ("external",):
            # All that BGP says here is external but what iBGP peers say, and those are told
            # apart by next-hop-self itself (FRR leaves a reflected route's next hop alone).
            return [IsFamily(4), IsFamily(6)]
        raise UnsupportedError(f"{begin} {word} {' '.join(values)}")

    def _protocols(self, names: frozenset[str], otherwise: Label) -> None:
        if self.local is None:
            if "bgp" not in names:
                self.code.jump(otherwise)
            return
        matched = Label()
        if "bgp" in names:
            others = frozenset(self.local.values()) - names
            self.any_of(self._locals(others), otherwise, matched)
        else:
            self.any_of(self._locals(names), matched, otherwise)
        self.code.place(matched)

    def _locals(self, protocols: frozenset[str]) -> list[Condition]:
        local = self.local or {}
        ours = [prefix for prefix, protocol in local.items() if protocol in protocols]
        return [
            InPrefixes(version, tuple((True, exact(one)) for one in ours if one.version == version))
            for version in sorted({one.version for one in ours})
        ]

    def _subroutines(self, names: Sequence[str], otherwise: Label) -> None:
        """A policy that accepts is a match, of several the first that does; see the default."""
        matched = Label()
        for name in names:
            after, following = Label(), Label()
            self.policy(name, matched, following, after)
            self.code.place(after)
            self.default(matched, following)
            self.code.place(following)
        self.code.jump(otherwise)
        self.code.place(matched)


def _is_literal(member: str) -> bool:
    asn, _, value = member.partition(":")
    return asn.isdigit() and value.isdigit()


def _prefixes(options: Node, clause: Node) -> Iterator[Condition]:
    """Yield what the lists and filters of a term match; one of them is enough."""
    filters = _filters(clause)
    for version in (4, 6):
        ours = [one for one in filters if ip_network(one[0], strict=False).version == version]
        if ours:
            yield InPrefixes(version, filter_ranges(ours))
    for words in clause.children:
        if words[0] in {"prefix-list", "prefix-list-filter"}:
            found = options.one("prefix-list", words[1])
            ranges: list[Range] = []
            for member in found.in_order():
                if not member.is_inactive and member.rule.word == "*":
                    ranges += listed(member.words[0], words[2] if len(words) > 2 else "exact")  # noqa: PLR2004
            for version in sorted({one.prefix.version for one in ranges}):
                yield InPrefixes(
                    version,
                    tuple((True, one) for one in ranges if one.prefix.version == version),
                )
