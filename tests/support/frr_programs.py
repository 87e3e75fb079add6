"""Random routes and policies for bgpd, and what a policy makes of a route: :func:`interpreted`.

The interpreter is written from the words of ``lab.switch.meaning`` alone, and knows no FRR.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from typing import TYPE_CHECKING

from lab.switch.meaning import (
    NOTHING_PASSES,
    AsPathMatches,
    Branch,
    Change,
    DynamicPeers,
    Family,
    HasCommunity,
    InPrefixes,
    IsFamily,
    Jump,
    Peer,
    Program,
    Range,
    Router,
    Verdict,
)

if TYPE_CHECKING:
    from lab.switch.meaning import Condition, Instruction, Network

COMMUNITIES = ("65000:1", "65000:2", "65000:3")
PASSES = Program((Verdict(accept=True),))


@dataclass(frozen=True)
class Sent:
    """A route that BIRD announces."""

    prefix: Network
    communities: frozenset[str]
    as_path: tuple[int, ...]

    def bird(self) -> str:
        words = [f"bgp_community.add(({one.replace(':', ',')}));" for one in self.communities]
        # BIRD prepends its own number itself when it sends the route.
        words += [f"bgp_path.prepend({one});" for one in reversed(self.as_path[1:])]
        return f"route {self.prefix} blackhole {{ {' '.join(words)} }};"


def sent_routes(dice: random.Random) -> list[Sent]:
    nets = [f"10.{x}.{y}.0/{n}" for x in (1, 2) for y in (0, 64) for n in (18, 24, 26, 32)]
    nets += [f"fd00:{x}::{y}/{n}" for x in (1, 2) for y in (0, 8) for n in (64, 125, 128)]
    nets += ["0.0.0.0/0", "::/0", "10.0.0.0/8", "fd00::/16"]
    return [
        Sent(
            ip_network(net, strict=False),
            frozenset(dice.sample(COMMUNITIES, dice.randint(0, 2))),
            (64601, *dice.choices((64998, 64999, 649), k=dice.randint(0, 2))),
        )
        for net in dict.fromkeys(nets)
    ]


SENT = {str(one.prefix): one for one in sent_routes(random.Random(5))}


@dataclass(frozen=True)
class Verdicted:
    """What becomes of a route."""

    local_pref: int
    communities: frozenset[str]


def holds(condition: Condition, route: Sent, communities: frozenset[str]) -> bool:
    prefix = route.prefix
    match condition:
        case IsFamily(version):
            return prefix.version == version
        case HasCommunity(any_of):
            return bool(communities & set(any_of))
        case AsPathMatches(any_of):
            path = " ".join(map(str, route.as_path))
            return any(re.search(one.replace("_", r"(?:^|\s|$)"), path) for one in any_of)
        case InPrefixes(version, ranges):
            for is_permitted, one in ranges:
                if (
                    prefix.version == version == one.prefix.version
                    and prefix.subnet_of(one.prefix)  # type: ignore[arg-type]
                    and one.shortest <= prefix.prefixlen <= one.longest
                ):
                    return is_permitted
            return False


def interpreted(program: Program, route: Sent) -> Verdicted | None:
    """Return what ``program`` makes of ``route``, by the words of ``lab.switch.meaning`` alone."""
    at, local_pref, communities = 0, 100, route.communities
    while True:
        match program.instructions[at]:
            case Verdict(accept):
                return Verdicted(local_pref, communities) if accept else None
            case Jump(to):
                at = to
            case Branch(condition, then, otherwise):
                at = then if holds(condition, route, communities) else otherwise
            case Change(text):
                word, value = text.split()[:2]
                local_pref = int(value) if word == "local-preference" else local_pref
                added = {value} if text.endswith("additive") else set()
                communities = communities | added
                at += 1


def some_range(dice: random.Random, version: int) -> tuple[bool, Range]:
    prefix = dice.choice([one.prefix for one in SENT.values() if one.prefix.version == version])
    longest = prefix.max_prefixlen
    low = dice.randint(0, longest)
    return dice.random() < 0.7, Range(prefix, low, dice.choice((longest, low, prefix.prefixlen)))


def some_condition(dice: random.Random) -> Condition:
    version = dice.choice((4, 6))
    ranges = tuple(some_range(dice, version) for _ in range(dice.randint(0, 5)))
    expressions = ("^64601_64998", "_649$", "_64999_", "^64601$", "649")
    return dice.choice(
        (
            InPrefixes(version, ranges),
            InPrefixes(version, ranges),
            IsFamily(version),
            HasCommunity(tuple(dice.sample(COMMUNITIES, dice.randint(0, 2)))),
            AsPathMatches(tuple(dice.sample(expressions, dice.randint(0, 2)))),
        )
    )


def some_program(dice: random.Random) -> Program:
    length = dice.randint(1, 14)
    made: list[Instruction] = []
    for at in range(length):
        further = range(at + 1, length + 1)
        made.append(
            dice.choice(
                (
                    Branch(some_condition(dice), dice.choice(further), dice.choice(further)),
                    Branch(some_condition(dice), dice.choice(further), at + 1),
                    Branch(some_condition(dice), at + 1, dice.choice(further)),
                    Jump(dice.choice(further)),
                    Change(f"local-preference {dice.randint(1, 500)}"),
                    Change(f"community {dice.choice(COMMUNITIES)} additive"),
                    Verdict(accept=dice.random() < 0.5),
                )
            )
        )
    return Program((*made, Verdict(accept=dice.random() < 0.5)))


def shifted(program: Program) -> tuple[Instruction, ...]:
    """Return the instructions of ``program`` with room for one in front."""

    def one(instruction: Instruction) -> Instruction:
        match instruction:
            case Branch(condition, then, otherwise):
                return Branch(condition, then + 1, otherwise + 1)
            case Jump(to):
                return Jump(to + 1)
            case other:
                return other

    return tuple(map(one, program.instructions))


def some_router(dice: random.Random) -> Router:
    """Return a router with some of the neighbors and groups that there may be."""

    def policy() -> Program | None:
        return dice.choice((None, NOTHING_PASSES, PASSES, some_program(dice)))

    def families(*, is_internal: bool) -> dict[int, Family]:
        return {
            version: Family(
                import_policy=policy(),
                export_policy=policy(),
                next_hop_self=dice.random() < 0.3,
                route_reflector_client=is_internal and dice.random() < 0.5,
            )
            for version in dice.sample((4, 6), dice.randint(1, 2))
        }

    asn = dice.choice((65000, 65000, 65000, 65001))
    peers = [
        Peer(
            address=ip_address(text),
            remote_asn=remote,
            families=families(is_internal=remote == asn),
            is_shut_down=dice.random() < 0.2,
        )
        for text in ("10.9.0.3", "10.9.0.4", "2001:db8:9::5")
        for remote in (dice.choice((64700, asn)),)
        if dice.random() < 0.7
    ]
    groups = [
        DynamicPeers(
            name=name,
            ranges=tuple(map(ip_network, dice.sample(ranges, dice.randint(1, 2)))),
            remote_asn=asn,
            families=families(is_internal=True),
        )
        for name, ranges in (
            ("NODES", ("10.80.0.0/16", "10.81.0.0/16")),
            ("a group of 6's", ("fd00:80::/32", "fd00:81::/32")),
        )
        if dice.random() < 0.7
    ]
    nets = tuple(map(ip_network, ("10.77.1.0/24", "10.77.2.0/24", "fd00:77::/64")))
    return Router(
        asn=asn,
        router_id=IPv4Address(dice.choice(("10.9.0.1", "10.9.0.9"))),
        peers=tuple(peers),
        dynamic=tuple(groups),
        networks=tuple(dice.sample(nets, dice.randint(0, 3))),
    )
