"""What the readers of all IOS-like configurations share: :class:`Reader`.

A platform adds how its text begins and ends, and how its ``router bgp`` is built.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import defaultdict
from typing import TYPE_CHECKING

from policies.dialects.free_text import free_text
from policies.dialects.hierarchy import Block, blocks, walk
from policies.dialects.line_ends import lines_of
from policies.dialects.line_index import LineIndex
from policies.dialects.prefix_lines import VERSION, ListGrammar, Lists
from policies.dialects.route_targets import shared_targets
from policies.dialects.stanza_lines import HEADER, read_stanza
from policies.dialects.table_imports import places, table_imports
from policies.errors import ParseError
from policies.filters import RouteMap, Running, Semantics, Session, SessionKey, Stanza

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from policies.dialects.import_grammars import Grammar
    from policies.dialects.peer_sessions import Sessions
    from policies.dialects.route_targets import Targets
    from policies.dialects.table_imports import Found

_LIST = re.compile(r"(?P<family>ip|ipv6) prefix-list (?P<name>\S+)(?: (?P<rest>.+))?")
#: Lines about a prefix-list that say nothing of what it permits.
_LIST_ASIDE = re.compile(r"(?:no )?(?:ip|ipv6) prefix-list (?:\S+ description .*|sequence-number)")
_ROUTER = "router bgp "
#: Lines about a route-map that say nothing of what it permits (FRR; NX-OS).
_MAP_ASIDE = re.compile(r"(?:no )?route-map \S+ (?:optimization|pbr-statistics)")
_USE = re.compile(
    r"(?<![\w-])(?:(?!class-|policy-)(?:\w+-)+map|map|call)"
    r"(?: vpn)?(?: import| export)? (?P<name>\S+)"
)
#: First words of lines that speak of no route-map, whatever they say.
_NO_USE = ("set", "match", "banner", "crypto", "class-map", "policy-map", "alias", "macro")


class Reader(ABC):
    """Reads one running configuration; make a new one for the next."""

    grammar = ListGrammar()
    semantics: Semantics
    imports_grammars: tuple[Grammar, ...]
    targets_grammar: Targets
    #: Whether a list without entries is printed, as nothing but its first line.
    bare_lists = False
    #: Returns what ends the free text that begins in a line, None if none does; see `free_text`.
    opener: Callable[[str], str | None] | None = None

    def __init__(self) -> None:
        self.lists = Lists(self.grammar)
        self.stanzas: dict[str, list[Stanza]] = defaultdict(list)
        self.numbers: dict[tuple[str, int | None], tuple[int, ...]] = {}
        self.sessions: dict[SessionKey, Session] = {}
        self.built: list[Sessions] = []
        self.routers: dict[str, int] = {}
        self.uses: dict[str, list[str]] = defaultdict(list)
        self.imports: tuple[Found, ...] = ()

    def parse(self, text: str) -> Running:
        """Return the filter set of ``text``.

        Raises:
            ParseError: ``text`` is cut short or is no configuration of the platform, or a
                line of a prefix-list, the first of a route-map's stanza, or a number in a
                ``router bgp``, makes no sense.
        """
        lines = self._commands(lines_of(text))
        self.check(lines)
        tops = blocks(lines, deep=_ROUTER)
        self.prepare(tops)
        self.imports = (
            *table_imports(tops, self.imports_grammars),
            *shared_targets(tops, self.targets_grammar),
        )
        for top in tops:
            try:
                self._top(top)
            except ValueError as error:
                raise ParseError(f"line {top.number} `{top.text[:80]}`: {error}") from error
        return Running(
            lists=self.lists.all(),
            route_maps={
                name: RouteMap(name, tuple(sorted(stanzas, key=lambda one: one.seq)))
                for name, stanzas in self.stanzas.items()
            },
            sessions=self.sessions,
            semantics=self.semantics,
            routers=self.routers,
            other_uses={name: tuple(lines) for name, lines in self.uses.items()},
            table_imports=tuple(found.one for found in self.imports),
        )

    def index(self, text: str) -> LineIndex:
        """Return where the parts of the filter set of ``text`` stand in it.

        Raises:
            ParseError: as :meth:`parse`.
        """
        self.parse(text)
        return LineIndex(
            lines=tuple(lines_of(text)),
            entries=self.lists.lines(),
            stanzas=self.numbers,
            parts={slot: parts for one in self.built for slot, parts in one.lines()},
            sessions={
                SessionKey(one.vrf, name): peer.line
                for one in self.built
                for name, peer in one.inherited.peers.items()
                if peer.line is not None
            },
            imports=places(self.imports),
        )

    def add(self, build: Sessions) -> None:
        """Take the sessions of one BGP instance."""
        self.sessions.update(build.sessions())
        self.built.append(build)

    @abstractmethod
    def check(self, lines: Sequence[str]) -> None:
        """Raise ParseError unless ``lines`` are a whole configuration of the platform."""

    def _commands(self, lines: Sequence[str]) -> Sequence[str]:
        """Return ``lines`` with an empty line for each that is no configuration."""
        if self.opener is None:
            return lines
        literal = free_text(lines, self.opener)
        return ["" if free else line for line, free in zip(lines, literal, strict=True)]

    def prepare(self, tops: Sequence[Block]) -> None:  # noqa: B027 - most platforms need none
        """Look at what has to be known before the rest is read."""

    @abstractmethod
    def router(self, top: Block) -> None:
        """Read a ``router bgp`` and all below it."""

    def _top(self, top: Block) -> None:
        if found := _LIST.fullmatch(top.text):
            self._list(found, top)
        elif _MAP_ASIDE.fullmatch(top.text):
            return
        elif stanza := HEADER.fullmatch(top.text):
            self._stanza(stanza, top)
        elif top.text.startswith("route-map "):
            raise ParseError(f"line {top.number} `{top.text}` is no stanza of a route-map")
        elif top.text.startswith(_ROUTER):
            self.router(top)
        else:
            for block in walk(top):
                self.use(block)

    def _list(self, found: re.Match[str], top: Block) -> None:
        version, name = VERSION[found["family"]], found["name"]
        if found["rest"] is not None and _LIST_ASIDE.fullmatch(top.text):
            if found["rest"].startswith("description "):
                self.lists.name(version, name)
        elif found["rest"] is None and top.children:
            self.lists.name(version, name)
            for child in top.children:
                if child.words[0] not in ("description", "remark", "exit"):
                    self.lists.read(version, name, child.text, child)
        elif found["rest"] is None and self.bare_lists:
            self.lists.name(version, name)
        else:
            self.lists.read(version, name, found["rest"] or "", top)

    def _stanza(self, found: re.Match[str], top: Block) -> None:
        stanza = read_stanza(found, top)
        for child in top.children:
            if child.words[0] in ("call", "sub-route-map") and len(child.words) > 1:
                self.uses[child.words[1]].append(child.text)
        same = [one for one in self.stanzas[found["name"]] if one.seq == stanza.seq]
        if same:
            raise ParseError(f"line {top.number} `{top.text}`: its number is taken")
        self.stanzas[found["name"]].append(stanza)
        self.numbers[found["name"], stanza.seq] = (top.number,)

    def use(self, block: Block) -> None:
        """Note the route-maps that a line outside a session's policy refers to."""
        if "map" not in block.text and "call " not in block.text:
            return
        words = block.words
        if "description" in words or words[0] in _NO_USE:
            return
        for found in _USE.finditer(block.text):
            self.uses[found["name"]].append(block.text)
