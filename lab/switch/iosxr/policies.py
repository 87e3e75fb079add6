"""All route-policies and sets of a configuration: what they refer to, and what they do.

Start with :class:`Library`. Law: :meth:`Library.program` gives a policy's whole meaning or raises;
a condition that can't be put into a :class:`lab.switch.meaning.Program` is refused when it is
committed, never approximated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab.switch.iosxr.conditions import Compiled, UnsupportedError, change, leaf
from lab.switch.iosxr.rpl import (
    FaultyPolicyError,
    parse_header,
    parse_policy,
    parse_set,
    prefix_range,
)
from lab.switch.iosxr.rpl_tree import Apply, Both, Either, If, Not, Plain, Policy, SetOf, Test

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lab.switch.iosxr.rpl_tree import Condition, Statements
    from lab.switch.iosxr.tree import Tree
    from lab.switch.meaning import Program

__all__ = ["FaultyPolicyError", "Library", "UnsupportedError", "faulty_lines"]

_SETS = {"prefix-set", "as-path-set", "community-set"}
#: Which kind of set a condition or statement takes.
_KIND_OF = {"destination": "prefix-set", "next-hop": "prefix-set", "community": "community-set"}


@dataclass(frozen=True, slots=True)
class Library:
    """The route-policies and sets of one configuration, by name; sets by (kind, name)."""

    policies: Mapping[str, Policy] = field(default_factory=dict)
    sets: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, tree: Tree) -> Library:
        """Read a configuration's blocks.

        Raises:
            FaultyPolicyError: one is no RPL.
        """
        policies: dict[str, Policy] = {}
        sets: dict[tuple[str, str], tuple[str, ...]] = {}
        for node in tree:
            kind, _, rest = node.line.partition(" ")
            if node.body is None:
                continue
            if kind == "route-policy":
                policy = parse_policy(node.line, node.body)
                policies[policy.name] = policy
            elif kind in _SETS:
                members = parse_set(node.body)
                if kind == "prefix-set":
                    for member in members:
                        prefix_range(member)
                sets[kind, rest.strip()] = members
        return cls(policies, sets)

    def references(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield (kind, name) of all that a policy and those that it applies refer to.

        Raises:
            FaultyPolicyError: a policy applies itself, directly or not.
        """
        yield from self._references(name, ())

    def _references(self, name: str, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        if name in above:
            raise FaultyPolicyError(f"Policy {name} applies itself")
        policy = self.policies.get(name)
        if policy is None:
            return
        for kind, called in _refers(policy.statements, policy.parameters):
            yield kind, called
            if kind == "route-policy":
                yield from self._references(called, (*above, name))

    def program(self, attached: str) -> Program:
        """Return what the policy attached as ``NAME`` or ``NAME(a, b)`` does with a route.

        Raises:
            UnsupportedError: it holds a condition or an action that has no counterpart.
        """
        name, arguments = parse_header(attached)
        compiled = Compiled()
        # What neither passed nor was changed when the policy ends is dropped.
        after = (compiled.drop, compiled.accept)
        entry = self._call(compiled, name, arguments, after)[0]
        return compiled.program(entry)

    def _call(
        self, compiled: Compiled, name: str, arguments: tuple[str, ...], after: tuple[int, int]
    ) -> tuple[int, int]:
        policy = self.policies[name]
        bound = dict(zip(policy.parameters, arguments, strict=False))
        return self._block(compiled, policy.statements, bound, after)

    def _block(
        self,
        compiled: Compiled,
        statements: Statements,
        bound: Mapping[str, str],
        after: tuple[int, int],
    ) -> tuple[int, int]:
        """Return where a block begins for a route not passed yet, and for one that is."""
        for statement in reversed(statements):
            if isinstance(statement, If):
                after = self._if(compiled, statement, bound, after)
            elif isinstance(statement, Apply):
                arguments = tuple(bound.get(one, one) for one in statement.arguments)
                after = self._call(
                    compiled, bound.get(statement.name, statement.name), arguments, after
                )
            elif statement.words == ("pass",):
                after = (after[1], after[1])
            elif statement.words == ("drop",):
                after = (compiled.drop, compiled.drop)
            elif statement.words == ("done",):
                after = (compiled.accept, compiled.accept)
            else:
                text = change(_bound(statement, bound), self._members(statement.held_to, bound))
                changed = compiled.change(text, after[1])
                after = (changed, changed)
        return after

    def _if(
        self, compiled: Compiled, statement: If, bound: Mapping[str, str], after: tuple[int, int]
    ) -> tuple[int, int]:
        fresh, passed = self._block(compiled, statement.otherwise, bound, after)
        for condition, inside in reversed(statement.branches):
            then = self._block(compiled, inside, bound, after)
            fresh = self._test(compiled, condition, bound, (then[0], fresh))
            passed = self._test(compiled, condition, bound, (then[1], passed))
        return fresh, passed

    def _test(
        self,
        compiled: Compiled,
        condition: Condition,
        bound: Mapping[str, str],
        to: tuple[int, int],
    ) -> int:
        """Return where a condition begins that goes on at the first of ``to``, else the second."""
        if isinstance(condition, Not):
            return self._test(compiled, condition.inner, bound, (to[1], to[0]))
        if isinstance(condition, Both):
            at = to[0]
            for part in reversed(condition.parts):
                at = self._test(compiled, part, bound, (at, to[1]))
            return at
        if isinstance(condition, Either):
            at = to[1]
            for part in reversed(condition.parts):
                at = self._test(compiled, part, bound, (to[0], at))
            return at
        return leaf(
            compiled, condition.subject, self._members(condition.held_to, bound, condition), to
        )

    def _members(
        self, given: SetOf | None, bound: Mapping[str, str], test: Test | None = None
    ) -> tuple[str, ...]:
        if given is None:
            return ()
        if given.name is None:
            return tuple(bound.get(one, one) for one in given.members)
        name = bound.get(given.name, given.name)
        return self.sets[_kind(test), name]


def faulty_lines(tree: Tree) -> tuple[str, ...]:
    """Return the first lines of blocks that are no RPL, each with what is wrong in it."""
    found = []
    for node in tree:
        try:
            Library.of((node,))
        except FaultyPolicyError as error:
            found += [node.line, f"  {error}"]
    return tuple(found)


def _bound(statement: Plain, bound: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(bound.get(word, word) for word in statement.words)


def _kind(test: Test | None) -> str:
    subject = "community" if test is None else test.subject.split()[0]
    return _KIND_OF.get(subject, f"{subject}-set")


def _refers(statements: Statements, parameters: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for statement in statements:
        if isinstance(statement, If):
            for condition, inside in statement.branches:
                yield from _named(condition, parameters)
                yield from _refers(inside, parameters)
            yield from _refers(statement.otherwise, parameters)
        elif isinstance(statement, Apply):
            if statement.name not in parameters:
                yield "route-policy", statement.name
        elif (held_to := statement.held_to) is not None and held_to.name is not None:
            yield from (("community-set", held_to.name),) if held_to.name not in parameters else ()


def _named(condition: Condition, parameters: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(condition, Test):
        if condition.held_to.name is not None and condition.held_to.name not in parameters:
            yield _kind(condition), condition.held_to.name
    elif isinstance(condition, Not):
        yield from _named(condition.inner, parameters)
    else:
        for part in condition.parts:
            yield from _named(part, parameters)
