"""The routing policy language (RPL): text to tokens to a tree (:mod:`lab.switch.iosxr.rpl_tree`).

The language is one of statements, not of lines (Cisco, "Implementing Routing Policy"): line ends
are spaces. Law: what :func:`parse_policy` and :func:`parse_set` don't know is a
:class:`FaultyPolicyError`, never skipped.
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import TYPE_CHECKING

from lab.switch.iosxr.rpl_tree import Apply, Both, Either, If, Not, Plain, Policy, SetOf, Test
from lab.switch.meaning import Range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.switch.iosxr.rpl_tree import Condition, Statements

_TOKEN = re.compile(r"#[^\n]*|\s+|('[^']*'|\"[^\"]*\"|[(),]|[^\s(),#'\"]+)")
_NUMBER = re.compile(r"\d+")
_COMMUNITY = re.compile(r"\d+:\d+|internet|local-AS|no-advertise|no-export|graceful-shutdown")
_COMPARISONS = ("eq", "is", "ge", "le")


class FaultyPolicyError(Exception):
    """The text is not RPL, or not the part of it that this switch knows."""


def parse_header(line: str) -> tuple[str, tuple[str, ...]]:
    """Return the name and the arguments in ``NAME`` or ``NAME(a, b)``."""
    name, _, rest = line.partition("(")
    words = rest.rstrip(") ").split(",") if rest else []
    return name.strip(), tuple(word.strip() for word in words)


def parse_policy(header: str, body: Sequence[str]) -> Policy:
    """Read a block ``route-policy ...``; ``body`` are the lines between it and ``end-policy``."""
    name, parameters = parse_header(header.removeprefix("route-policy"))
    reader = _Reader(_tokens("\n".join(body)))
    statements = reader.statements(())
    if not reader.is_done():
        raise FaultyPolicyError(f"'{reader.peek()}' has no place in route-policy {name}")
    return Policy(name, parameters, statements)


def parse_set(body: Sequence[str]) -> tuple[str, ...]:
    """Return the members of a set's block, in order, each with single spaces."""
    text = "\n".join(re.sub(r"#.*", "", line) for line in body)
    members = [" ".join(member.split()) for member in text.split(",")]
    if members == [""]:
        return ()
    if "" in members:
        raise FaultyPolicyError("a member is missing between commas")
    return tuple(members)


def prefix_range(member: str) -> Range:
    """Return what a member of a prefix-set permits: ``P``, ``P ge a``, ``P le b``, ``P eq n``.

    Raises:
        FaultyPolicyError: it is no such thing, or its lengths contradict each other.
    """
    words = member.split()
    try:
        network = ip_network(words[0] if "/" in words[0] else f"{words[0]}", strict=False)
        bounds = {word: int(value) for word, value in zip(words[1::2], words[2::2], strict=True)}
    except ValueError as error:
        raise FaultyPolicyError(f"'{member}' is no prefix") from error
    longest = network.max_prefixlen if set(bounds) & {"ge"} else network.prefixlen
    low = bounds.get("eq", bounds.get("ge", network.prefixlen))
    high = bounds.get("eq", bounds.get("le", longest))
    allowed = set(bounds) in ({"eq"}, {"ge"}, {"le"}, {"ge", "le"}, set())
    if not allowed or not network.prefixlen <= low <= high <= network.max_prefixlen:
        raise FaultyPolicyError(f"'{member}' has no lengths that can be")
    return Range(network, low, high)


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise FaultyPolicyError(f"'{text[at]}' is never closed")
        if token[1]:
            found.append(token[1])
        at = token.end()
    return found


class _Reader:
    """A recursive-descent parser over the tokens."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def is_done(self) -> bool:
        return self._at >= len(self._tokens)

    def peek(self) -> str:
        return "" if self.is_done() else self._tokens[self._at]

    def take(self, *expected: str) -> str:
        token = self.peek()
        if not token or (expected and token not in expected):
            wanted = " or ".join(expected) or "more"
            raise FaultyPolicyError(f"'{token}' stands where {wanted} must")
        self._at += 1
        return token

    def statements(self, ends: tuple[str, ...]) -> Statements:
        found: list[Plain | Apply | If] = []
        while not self.is_done() and self.peek() not in ends:
            found.append(self._statement())
        return tuple(found)

    def _statement(self) -> Plain | Apply | If:
        word = self.take()
        if word == "if":
            return self._if()
        if word == "apply":
            name = self.take()
            return Apply(name, self._members() if self.peek() == "(" else ())
        if word in {"pass", "drop", "done"}:
            return Plain((word,))
        if word == "set":
            return self._set()
        if word == "prepend":
            self.take("as-path")
            asn = self.take()
            again = self.take() if _NUMBER.fullmatch(self.peek()) else "1"
            return Plain(("prepend", asn, again))
        if word == "delete":
            self.take("community")
            which = self.take("all", "in", "not")
            if which == "not":
                self.take("in")
            return Plain((word, which), None if which == "all" else self._set_of())
        raise FaultyPolicyError(f"'{word}' is no statement")

    def _if(self) -> If:
        branches = []
        while True:
            condition = self._either()
            self.take("then")
            branches.append((condition, self.statements(("elseif", "else", "endif"))))
            end = self.take("elseif", "else", "endif")
            if end != "elseif":
                break
        otherwise = self.statements(("endif",)) if end == "else" else ()
        if end == "else":
            self.take("endif")
        return If(tuple(branches), otherwise)

    def _set(self) -> Plain:
        what = self.take()
        if what == "community":
            held_to = self._set_of()
            mode = self.take() if self.peek() == "additive" else ""
            return Plain(("set", what, mode), held_to)
        if what in {"local-preference", "med", "weight", "tag", "origin", "next-hop"}:
            return Plain(("set", what, self.take()))
        raise FaultyPolicyError(f"'set {what}' is no statement")

    def _either(self) -> Condition:
        parts = [self._both()]
        while self.peek() == "or":
            self.take()
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Condition:
        parts = [self._single()]
        while self.peek() == "and":
            self.take()
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _single(self) -> Condition:
        if self.peek() == "not":
            self.take()
            return Not(self._single())
        if self.peek() == "(":
            self.take()
            inner = self._either()
            self.take(")")
            return inner
        subject = self.take()
        if subject in {"destination", "next-hop", "rd", "protocol", "source"}:
            self.take("in")
            return Test(subject, self._set_of())
        if subject == "community":
            return self._community()
        if subject == "as-path":
            return self._as_path()
        if subject in {"local-preference", "med", "weight", "tag", "origin", "afi"}:
            return Test(f"{subject} {self.take(*_COMPARISONS)}", SetOf(None, (self.take(),)))
        raise FaultyPolicyError(f"'{subject}' is no condition")

    def _community(self) -> Condition:
        how = self.take("matches-any", "matches-every", "matches-within", "is-empty")
        if how == "is-empty":
            return Test("community is-empty", SetOf(None))
        return Test(f"community {how}", self._set_of())

    def _as_path(self) -> Condition:
        how = self.take(
            "in", "originates-from", "passes-through", "neighbor-is", "is-local", "length"
        )
        if how == "is-local":
            return Test("as-path is-local", SetOf(None))
        if how == "in":
            return Test("as-path in", self._set_of())
        if how == "length":
            return Test(f"as-path length {self.take(*_COMPARISONS)}", SetOf(None, (self.take(),)))
        return Test(f"as-path {how}", SetOf(None, (self.take().strip("'\""),)))

    def _set_of(self) -> SetOf:
        if self.peek() == "(":
            return SetOf(None, self._members())
        return SetOf(self.take())

    def _members(self) -> tuple[str, ...]:
        self.take("(")
        found: list[list[str]] = [[]]
        while (word := self.take()) != ")":
            if word == ",":
                found.append([])
            else:
                found[-1].append(word)
        if found == [[]]:
            return ()
        if [] in found:
            raise FaultyPolicyError("a member is missing between commas")
        return tuple(" ".join(words) for words in found)


def is_community(text: str) -> bool:
    """Return whether ``text`` is one community, such as "65000:200", not a pattern of them."""
    return bool(_COMMUNITY.fullmatch(text))
