"""An IOS-XR running configuration into a filter set: :class:`XrReader`."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from policies.dialects import import_grammars, route_targets, table_imports
from policies.dialects.free_text import free_text, ios_opener
from policies.dialects.hierarchy import blocks, walk
from policies.dialects.line_ends import lines_of
from policies.dialects.line_index import LineIndex, Terms
from policies.dialects.peers import asn
from policies.dialects.xr_objects import located_set, split_objects
from policies.dialects.xr_paths import Policies
from policies.dialects.xr_peers import Instance, policy_name
from policies.dialects.xr_rpl import RplError, token_lines, tokens
from policies.dialects.xr_sessions import attaching_lines, session_nodes, sessions
from policies.dialects.xr_wrapper import read_wrapper, unread_wrapper
from policies.errors import ParseError
from policies.filters import Ahead, PrefixList, RouteMap, Running, Semantics
from policies.ownership import is_owned

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policies.dialects.hierarchy import Block
    from policies.dialects.table_imports import Found
    from policies.dialects.xr_objects import RplObject

_ROUTER = "router bgp "
_INSTANCE = re.compile(r"router bgp (?P<asn>\d+(?:\.\d+)?)(?P<name> instance \S+)?")
_HEADER = re.compile(r"!! (?:IOS XR Configuration|Last configuration change) ")
_USE = re.compile(r"\b(?:table|route)-policy (?P<name>[^\s()]+(?:\([^)]*\))?)")
_GROUP = "apply-group"
#: How a line of a configuration group begins that may have a say in which routes pass.
_OF_ROUTES = re.compile(r"(?:router\s+bgp|vrf|route-policy|prefix-set|apply-group)\b")
_TERMS = Terms(
    prefix_list="prefix-set",
    route_map="route-policy",
    list_end="which holds no other prefixes",
    map_end="which drops",
)
_APPLY = re.compile(r"\bapply (?:route-policy )?(?P<name>[^\s()]+)")

#: An undefined reference can't be committed. A set without elements has no route in it.
SEMANTICS = Semantics(
    undefined_list_matches=False,
    undefined_map_permits=None,
    undefined_call_permits=None,
    undefined_attached_list_permits=None,
    empty_list_matches=False,
    other_family_matches=False,
    list_beside_map=True,
    ahead=Ahead.WRAP,
    sets_only=True,
)


class XrReader:
    """Reads what ``show running-config`` prints; make a new one for the next text."""

    def __init__(self) -> None:
        self.uses: dict[str, list[str]] = defaultdict(list)
        self.instances: list[Instance] = []
        self.objects: list[RplObject] = []
        self.entries: dict[tuple[int, str], tuple[int, ...]] = {}
        self.numbers: dict[tuple[str, int | None], tuple[int, ...]] = {}
        self.imports: tuple[Found, ...] = ()

    def index(self, text: str) -> LineIndex:
        """Return where the parts of the filter set of ``text`` stand in it.

        Raises:
            ParseError: as :meth:`parse`.
        """
        self.parse(text)
        # Of what is said twice the first counts, as in the filter set.
        backwards = tuple(reversed(self.instances))
        return LineIndex(
            lines=tuple(lines_of(text)),
            terms=_TERMS,
            entries=self.entries,
            stanzas=self.numbers,
            parts={slot: parts for one in backwards for slot, parts in attaching_lines(one)},
            sessions={key: at.line for one in backwards for key, at in session_nodes(one).items()},
            imports=table_imports.places(self.imports),
        )

    def read(self, text: str) -> None:
        """Take ``text`` apart into objects and BGP instances.

        Raises:
            ParseError: ``text`` is cut short or is no configuration of the platform.
        """
        lines = lines_of(text)
        literal = free_text(lines, ios_opener)
        plain = ["" if free else line for line, free in zip(lines, literal, strict=True)]
        if not any(_HEADER.match(line) for line in plain):
            raise ParseError("no IOS-XR running configuration: the lines `!! ` are missing")
        if not any(line.rstrip() == "end" for line in plain):
            raise ParseError("the IOS-XR running configuration is cut short: it lacks its `end`")
        self.objects, rest = split_objects(plain)
        tops = blocks(rest, deep=_ROUTER)
        aside = _groups_aside(tops)
        applied = {one.text for one in tops if _gives(one, aside)}
        self.imports = (
            *table_imports.table_imports(tops, import_grammars.XR),
            *route_targets.shared_targets(tops, route_targets.XR),
        )
        for top in tops:
            self._top(top, applied, aside)

    def _top(self, top: Block, applied: set[str], aside: set[str]) -> None:
        found = _INSTANCE.fullmatch(top.text)
        if not found:
            self.use(top)
            return
        try:
            own_as = asn(found["asn"])
        except ValueError as error:
            raise ParseError(f"line {top.number} `{top.text[:80]}`: {error}") from error
        instance = Instance(own_as, self.use)
        instance.read(top)
        # What a configuration group gives is matched by patterns, and could be anything.
        beyond = applied | {line.text for line in walk(top) if _gives(line, aside)}
        if found["name"]:
            # A second instance of BGP: its sessions are seen, and no guard is put on them.
            beyond.add(f"BGP{found['name']}")
        for nodes in (*instance.vrfs.values(), instance.neighbor_groups):
            for node in nodes.values():
                node.unjudged |= beyond
        self.instances.append(instance)

    def use(self, block: Block) -> None:
        """Note the policies that a line refers to, and the lines below it."""
        for line in walk(block):
            if "description" not in line.words and (found := _USE.search(line.text)):
                self.uses[policy_name(found["name"])].append(line.text)

    def parse(self, text: str) -> Running:
        """Return the filter set of ``text``."""
        self.read(text)
        lists = self._lists()
        policies = Policies(
            {one.name: one for one in self.objects if one.kind == "route-policy"}, lists
        )
        found = {
            key: one
            for instance in reversed(self.instances)
            for key, one in sessions(instance).items()
        }
        route_maps = {name: self._route_map(name, policies) for name in sorted(policies.policies)}
        attached = {at.route_map for one in found.values() for at in one.attachments.values()}
        called = {stanza.call for one in route_maps.values() for stanza in one.stanzas}
        called.update(name for some in self.imports for name in some.one.route_maps)
        for name in sorted({one for one in attached | called if one} - set(route_maps)):
            if tokens([name])[:1] and tokens([name])[0] in policies.policies:
                route_maps[name] = policies.route_map(name)
        self.numbers.update(policies.numbers)
        self.entries.update(policies.inline)
        return Running(
            lists=lists,
            route_maps=route_maps,
            sessions=found,
            semantics=SEMANTICS,
            routers={vrf: one.own_as for one in reversed(self.instances) for vrf in one.vrfs},
            other_uses={name: tuple(lines) for name, lines in self.uses.items()},
            table_imports=tuple(some.one for some in self.imports),
        )

    def _lists(self) -> dict[tuple[int, str], PrefixList]:
        found = {}
        for one in self.objects:
            if one.kind == "prefix-set":
                try:
                    numbers = token_lines(one.lines, one.first + 2)
                    lists = located_set(one.name, tokens(one.lines), numbers)
                except RplError as error:
                    message = f"line {one.first + 1} `prefix-set {one.name}`: {error}"
                    raise ParseError(message) from error
                found.update({(made.version, made.name): made for made, _ in lists})
                self.entries.update({(made.version, made.name): at for made, at in lists})
        return found

    def _route_map(self, name: str, policies: Policies) -> RouteMap:
        text = policies.policies[name]
        if not is_owned(name):
            for line in text.lines:
                for found in _APPLY.finditer(line.partition("#")[0]):
                    self.uses[found["name"]].append(line.strip())
            return policies.route_map(name)
        try:
            tree = policies.tree(name)
        except RplError:
            self.numbers[name, 1] = (text.first + 1,)
            return unread_wrapper(name, text.lines)
        wrapper = read_wrapper(name, tree, policies)
        ends = [statement.line for statement in tree] or [text.last + 1]
        for stanza, at in zip(wrapper.stanzas, ends, strict=True):
            self.numbers[name, stanza.seq] = (at,)
        return wrapper


def _groups_aside(tops: Iterable[Block]) -> set[str]:
    """Return the configuration groups that speak of neither BGP nor a VRF: of interfaces, say."""
    lines: dict[str, list[Block]] = defaultdict(list)
    for top in tops:
        if top.words[0] == "group":
            lines[" ".join(top.words[1:])] += top.children
    return {
        name
        for name, inside in lines.items()
        if not any(_OF_ROUTES.match(line.text) for line in inside)
    }


def _gives(line: Block, aside: set[str]) -> bool:
    """Return whether a line applies a configuration group that may give sessions something."""
    return line.words[0] == _GROUP and not set(line.words[1:]) <= aside
