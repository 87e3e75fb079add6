"""What a route-policy consists of: :class:`Policy`, its statements and its conditions.

Law: immutable values without any meaning of their own; :mod:`lab.switch.iosxr.rpl` makes them of
text, :mod:`lab.switch.iosxr.policies` says what they do.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SetOf:
    """What stands after ``in``: the name of a set, or its members written out."""

    name: str | None
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Test:
    """One condition: a subject ("destination", "community matches-any") and what it is held to."""

    subject: str
    held_to: SetOf


@dataclass(frozen=True, slots=True)
class Not:
    """The condition that ``inner`` is not."""

    inner: Condition


@dataclass(frozen=True, slots=True)
class Both:
    """True where all of ``parts`` are."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """True where any of ``parts`` is."""

    parts: tuple[Condition, ...]


Condition = Test | Not | Both | Either


@dataclass(frozen=True, slots=True)
class Plain:
    """A statement of words: ``pass``, ``drop``, ``done``, ``set med 5``; sets as one word."""

    words: tuple[str, ...]
    held_to: SetOf | None = None


@dataclass(frozen=True, slots=True)
class Apply:
    """``apply NAME`` or ``apply NAME(a, b)``."""

    name: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class If:
    """``if``/``elseif`` with what is done, in order, and what ``else`` does."""

    branches: tuple[tuple[Condition, Statements], ...]
    otherwise: Statements


Statements = tuple["Plain | Apply | If", ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A route-policy: its parameters ("$name") and statements."""

    name: str
    parameters: tuple[str, ...]
    statements: Statements
