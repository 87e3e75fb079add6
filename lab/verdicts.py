"""What each switch did to an attack; read ``judge`` first.

Law: pure judgement of tables that were read while the attack was on. A switch is blamed or praised
only for what it was offered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lab.attacks import MARKS, Attack
from lab.graph import Spread
from lab.routes import Table, best_of
from lab.topology import SWITCHES
from lab.topology import Network as Prefix

Advertised = Mapping[tuple[str, str], frozenset[Prefix]]
"""(switch, neighbor) -> what the switch sends there, after its export policy."""


class Verdict(StrEnum):
    """What a switch did to an attack."""

    PASSED = "let it through"
    DROPPED_IN = "dropped it on import"
    DROPPED_OUT = "dropped it on export"
    OUTVOTED = "took it but kept to another path"
    NOT_REACHED = "never saw it"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchResult:
    """A switch's verdict, and which neighbors farther from the attacker it told or did not."""

    verdict: Verdict
    passed_to: tuple[str, ...]
    withheld_from: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackResult:
    """Where an attack got to."""

    attack: Attack
    reached: tuple[str, ...]
    """The victims whose best path to the prefix is the attacker's."""
    switches: Mapping[str, SwitchResult]

    @property
    def spared(self) -> tuple[str, ...]:
        """The victims that the attack did not reach."""
        return tuple(name for name in self.attack.victims if name not in self.reached)

    @property
    def is_open(self) -> bool:
        """Whether it reached every victim."""
        return not self.spared

    @property
    def is_blocked(self) -> bool:
        """Whether it reached none of its victims."""
        return not self.reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The tables of one moment: of the IP version of the attacks that are judged by them."""

    tables: Mapping[str, Table]
    advertised: Advertised


def judge(attack: Attack, seen: Observation) -> AttackResult:
    """Return where ``attack`` got to, by the tables that were read while it was on."""
    spread = Spread.of(attack.attacker)
    return AttackResult(
        attack=attack,
        reached=tuple(name for name in attack.victims if _follows(attack, seen, name)),
        switches={name: _switch(attack, seen, spread, name) for name in SWITCHES},
    )


def _follows(attack: Attack, seen: Observation, node: str) -> bool:
    best = best_of(seen.tables[node], attack.prefix)
    return best is not None and MARKS[attack.attacker] in best.communities


def _switch(attack: Attack, seen: Observation, spread: Spread, name: str) -> SwitchResult:
    is_best = _follows(attack, seen, name)
    told = {
        peer: is_best and attack.prefix in seen.advertised[name, peer]
        for peer in spread.downstream(name)
    }
    return SwitchResult(
        verdict=_verdict(attack, seen, spread, name),
        passed_to=tuple(peer for peer, is_told in told.items() if is_told),
        withheld_from=tuple(peer for peer, is_told in told.items() if is_best and not is_told),
    )


def _verdict(attack: Attack, seen: Observation, spread: Spread, name: str) -> Verdict:
    mark = MARKS[attack.attacker]
    paths = seen.tables[name].get(attack.prefix, ())
    if not any(mark in path.communities for path in paths):
        offered = any(
            peer == attack.attacker
            or (_follows(attack, seen, peer) and attack.prefix in seen.advertised[peer, name])
            for peer in spread.upstream(name)
        )
        return Verdict.DROPPED_IN if offered else Verdict.NOT_REACHED
    if not _follows(attack, seen, name):
        return Verdict.OUTVOTED
    sends = (attack.prefix in seen.advertised[name, peer] for peer in spread.downstream(name))
    return Verdict.PASSED if any(sends) else Verdict.DROPPED_OUT
