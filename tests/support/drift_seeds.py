"""Mutations of running configurations, and what an audit is to say of each: :data:`SEEDS`.

A mutation is what a hand types into the switch, in the platform's own words. In its lines
``<out-orange-v4>`` stands for the list of ringfence's of that name, whatever its hash is. The
mutations of each platform are in `seeds_*`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.drift import Effect, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.drift import Drift


@dataclass(frozen=True, slots=True)
class Expected:
    """A finding: ``object`` with the same stand-ins as the lines."""

    kind: Kind
    effect: Effect
    object: str
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A mutation of one switch of the lab, and all that is to be found then.

    ``before`` is typed before ringfence comes; ``narrower`` says so of every session.
    ``exact`` is False where the finding may say more than the switch does: what is not understood,
    or what the platform's manual leaves open, counts as accepting anything.
    """

    name: str
    platform: str
    switch: str
    lines: str
    expected: tuple[Expected, ...]
    before: str = ""
    narrower: bool = False
    exact: bool = True

    def __str__(self) -> str:
        return f"{self.platform}: {self.name}"


WEAK, NARROW, BOTH, NONE = Effect.WEAKENED, Effect.NARROWED, Effect.BOTH, Effect.NONE


def filled(lines: str, text: str) -> str:
    """Return ``lines`` with the names of the lists that ``text`` has."""

    def name(found: re.Match[str]) -> str:
        there = re.search(rf"RF-{re.escape(found[1])}-[0-9a-f]{{8}}", text)
        assert there is not None, f"no list {found[1]}"
        return there[0]

    return re.sub(r"<([\w.-]+)>", name, lines)


def said(findings: Sequence[Drift]) -> list[tuple[str, str, str, int | None]]:
    """Return findings in the form in which they are compared."""
    return sorted((str(one.kind), str(one.effect), one.object, one.version) for one in findings)


def expected(seed: Seed, text: str) -> list[tuple[str, str, str, int | None]]:
    """Return what is to be found, in the same form."""
    return sorted(
        (str(one.kind), str(one.effect), filled(one.object, text), one.version)
        for one in seed.expected
    )
