"""What an RPL policy lets through, as stanzas of which the first that matches decides.

Read :class:`Policies`. A policy is followed down every path that the prefix could take; what
else a test asks (a community, an AS path) is unknown, and each answer may be the case. Law: no
route that the policy accepts is left out, and none that it surely drops is let through.

Source of what statements do: IOS-XR routing configuration guide, "Implementing Routing Policy":
a route is dropped at the end unless it was passed or modified; a drop, nested or not, ends
everything at once; an applied policy is as if it stood there; done accepts and ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from policies.dialects.xr_objects import prefix_set
from policies.dialects.xr_rpl import (
    Block,
    Both,
    Condition,
    If,
    Not,
    RplError,
    Statement,
    Test,
    arguments,
    call_text,
    fill_in,
    read_statements,
    token_lines,
    tokens,
)
from policies.filters import PrefixList, RouteMap, Stanza
from policies.prefix_list import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.dialects.xr_objects import RplObject

#: More paths than a person could follow count as unknown, as do policies that apply each other
#: deeper than this, or run through more statements.
_MAX_PATHS = 400
_MAX_APPLIED = 16
_MAX_STATEMENTS = 20_000

#: Alternatives: a route is in one of these lists.
Lists = tuple[tuple[int, str], ...]


class _State(Enum):
    """What becomes of a route: it goes on, not passed or passed, or is done with."""

    OPEN = auto()
    PASSED = auto()
    DROPPED = auto()
    DONE = auto()


@dataclass(frozen=True, slots=True)
class _Path:
    """What a route must be to take this path, if it took none before, and how it fares.

    ``line`` is the number of the line that says how; 0 if none does.
    """

    lists: tuple[Lists, ...] = ()
    unknown: tuple[str, ...] = ()
    state: _State = _State.OPEN
    line: int = 0

    @property
    def goes_on(self) -> bool:
        return self.state in (_State.OPEN, _State.PASSED)

    def is_within(self, other: _Path) -> bool:
        """Return whether all that takes this path is what ``other`` asks, too."""
        return all(one in self.lists for one in other.lists) and all(
            one in self.unknown for one in other.unknown
        )

    def given(self, tests: tuple[Lists | str, ...]) -> _Path:
        lists = [one for one in tests if isinstance(one, tuple) and one not in self.lists]
        unknown = [one for one in tests if isinstance(one, str) and one not in self.unknown]
        return replace(
            self,
            lists=(*self.lists, *dict.fromkeys(lists)),
            unknown=(*self.unknown, *dict.fromkeys(unknown)),
        )


#: What a condition comes to: the first of these whose tests all hold says whether it is true.
_Cases = list[tuple[tuple["Lists | str", ...], bool]]


class TooMuchError(RplError):
    """A policy has more paths than are followed."""


class Policies:
    """The policies and prefix-sets of one configuration; ``lists`` also gets inline sets."""

    def __init__(
        self, policies: Mapping[str, RplObject], lists: dict[tuple[int, str], PrefixList]
    ) -> None:
        self.policies = policies
        self.lists = lists
        self._families: dict[str, Lists] = {}
        for key in sorted(lists):
            self._families[key[1]] = (*self._families.get(key[1], ()), key)
        self._trees: dict[str, Block] = {}
        #: The lines of the stanzas of each judged policy, and of the elements of inline sets.
        self.numbers: dict[tuple[str, int | None], tuple[int, ...]] = {}
        self.inline: dict[tuple[int, str], tuple[int, ...]] = {}
        self._statements = 0

    def families(self, name: str) -> Lists:
        """Return the lists that the prefix-set ``name`` is; none if there is no such set."""
        return self._families.get(name, ())

    def tree(self, call: str) -> Block:
        """Return the statements of the policy, parameters filled in: ``NAME`` or ``NAME(a, b)``.

        Raises:
            RplError: it isn't defined, or not understood.
        """
        if call not in self._trees:
            name, *given = tokens([call]) or ("",)
            policy = self.policies.get(name)
            if policy is None:
                raise RplError(f"no policy {name}")
            values = dict(zip(policy.parameters, arguments(given), strict=False))
            numbers = token_lines(policy.lines, policy.first + 2)
            self._trees[call] = read_statements(*fill_in(tokens(policy.lines), numbers, values))
        return self._trees[call]

    def route_map(self, call: str) -> RouteMap:
        """Return what the policy does; one that can't be followed may accept anything."""
        self._statements = 0
        policy = self.policies.get((tokens([call]) or ("",))[0])
        try:
            paths = self._block(self.tree(call), _Path(), 0)
        except RplError:
            if policy is not None:
                self.numbers[call, 1] = (policy.first + 1,)
            unknown = Stanza(seq=1, action=Action.PERMIT, unknown=(f"route-policy {call}",))
            return RouteMap(call, (unknown,))
        for seq, one in enumerate(paths, start=1):
            # What nothing decides is dropped where the policy ends.
            self.numbers[call, seq] = (one.line or (policy.last + 1 if policy else 0),)
        return RouteMap(call, tuple(_stanza(seq, one) for seq, one in enumerate(paths, start=1)))

    def _block(self, block: Block, path: _Path, applied: int) -> list[_Path]:
        paths = [path]
        for statement in block:
            self._statements += 1
            if len(paths) > _MAX_PATHS or self._statements > _MAX_STATEMENTS:
                raise TooMuchError("more paths than are followed")
            if not any(one.goes_on for one in paths):
                break
            paths = _shortened(self._stepped(statement, paths, applied))
        return paths

    def _stepped(self, statement: Statement, paths: list[_Path], applied: int) -> list[_Path]:
        after: list[_Path] = []
        for path in paths:
            if path.goes_on:
                # What an earlier path takes whole never gets to a later one.
                new = self._step(statement, path, applied)
                after += [one for one in new if not any(one.is_within(done) for done in after)]
            else:
                after.append(path)
        return after

    def _step(self, statement: Statement, path: _Path, applied: int) -> list[_Path]:
        if isinstance(statement, If):
            return list(self._branches(statement, path, applied))
        match statement.words:
            case ("pass",) | ("set", *_):
                return [replace(path, state=_State.PASSED, line=statement.line)]
            case ("drop",):
                return [replace(path, state=_State.DROPPED, line=statement.line)]
            case ("done",):
                return [replace(path, state=_State.DONE, line=statement.line)]
            case ("apply", *words):
                if applied >= _MAX_APPLIED:
                    raise TooMuchError("policies apply each other in a circle")
                # An older form: apply route-policy NAME.
                named = words[1:] if words[:1] == ["route-policy"] and words[1:] else words
                return self._block(self.tree(call_text(named)), path, applied + 1)
            case words:
                # Whether this modifies a route, and so passes it, is not known.
                given = path.given((" ".join(words),))
                passed = replace(given, state=_State.PASSED, line=statement.line)
                return [path] if path.state is _State.PASSED else [passed, path]

    def _branches(self, statement: If, path: _Path, applied: int) -> Iterator[_Path]:
        # Each is a path, the branch that it is at, and whether it takes it.
        todo = [(path, 0, False)]
        while todo:
            here, number, taken = todo.pop()
            if taken:
                yield from self._block(statement.branches[number][1], here, applied)
            elif number == len(statement.branches):
                yield from self._block(statement.otherwise, here, applied)
            else:
                cases = self._cases(statement.branches[number][0])
                todo += [
                    (here.given(tests), number + (not true), true)
                    for tests, true in reversed(cases)
                ]
            if len(todo) > _MAX_PATHS:
                raise TooMuchError("more paths than are followed")

    def _cases(self, condition: Condition) -> _Cases:
        match condition:
            case Test(words, line):
                return [((self._test(words, line),), True), ((), False)]
            case Not(inner):
                return [(tests, not true) for tests, true in self._cases(inner)]
            case Both(left, right, either):
                right_cases = self._cases(right)
                found: _Cases = []
                for tests, true in self._cases(left):
                    if true is either:
                        found.append((tests, true))
                    else:
                        found += [((*tests, *more), then) for more, then in right_cases]
                if len(found) > _MAX_PATHS:
                    raise TooMuchError("more paths than are followed")
                return found

    def _test(self, words: tuple[str, ...], line: int) -> Lists | str:
        """Return the lists that a test is about, or its text if prefixes can't decide it."""
        text = " ".join(words)
        match words:
            case ("destination", "in", name) if name in self._families:
                return self._families[name]
            case ("destination", "in", "(", *inside, ")"):
                found = prefix_set(text, inside)
                if not inside or any(one.unknown for one in found):
                    return text
                for one in found:
                    self.lists[one.version, text] = one
                    self.inline.setdefault((one.version, text), (line,) * len(one.entries))
                return tuple((one.version, text) for one in found)
        return text


def _shortened(paths: list[_Path]) -> list[_Path]:
    """Return ``paths`` without those that the next one takes too, to the same end.

    So a condition that decides nothing (which attribute is set, say) leaves no trace.
    """
    kept: list[_Path] = []
    for path in paths:
        while kept and kept[-1].state is path.state and kept[-1].is_within(path):
            kept.pop()
        kept.append(path)
    return kept


def _stanza(seq: int, path: _Path) -> Stanza:
    accepted = path.state in (_State.PASSED, _State.DONE)
    return Stanza(
        seq=seq,
        action=Action.PERMIT if accepted else Action.DENY,
        lists=tuple(one[0] for one in path.lists if len(one) == 1),
        any_of=tuple(one for one in path.lists if len(one) > 1),
        unknown=path.unknown,
    )
