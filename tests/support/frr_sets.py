"""Random filter sets for a bgpd, as the text of a configuration: :func:`some_set`.

Whatever an operator can write about prefixes is in it: lists with ``ge`` and ``le``, lists without
an entry and lists that nobody made, several stanzas, calls, jumps, matches that prefixes alone
don't decide, and peer groups whose members have lines of their own. Law: drawn from dice alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

    from policies.prefix_set import Network

OWN_AS = 65000
LISTS = tuple(f"PL-{n}" for n in range(8))
COMMUNITIES = ("65000:1", "65000:2", "65000:3")
GROUPS = ("GROUP-A", "GROUP-B", "DYNAMIC")
_ROOTS = {
    4: ("10.0.0.0/8", "172.16.0.0/12", "192.0.2.0/24"),
    6: ("fd00::/16", "2001:db8:8000::/33"),
}
_WORD = {4: "ip", 6: "ipv6"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbor:
    """A session of the bgpd: both its addresses, and the AS of the other end.

    ``is_dynamic`` has the other end come out of the range of the group ``DYNAMIC``.
    """

    number: int
    version: int
    asn: int
    group: str | None

    @property
    def is_dynamic(self) -> bool:
        return self.group == "DYNAMIC"

    @property
    def address(self) -> str:
        """The address of the other end."""
        return self._address(2)

    @property
    def ours(self) -> str:
        return self._address(1)

    def _address(self, end: int) -> str:
        if self.version == 4:
            return f"10.10.{self.number}.{end}"
        return f"2001:db8:10:{self.number:x}::{end}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterSet:
    """One bgpd: its configuration, its sessions, and the routes that both ends know.

    ``communities`` are those of each route, by prefix.
    """

    text: str
    neighbors: tuple[Neighbor, ...]
    universe: dict[int, tuple[Network, ...]]
    communities: dict[Network, tuple[str, ...]]


def some_set(dice: random.Random, *, sessions: int, prefixes: int, maps: int = 10) -> FilterSet:
    """Return a bgpd with so many sessions and route-maps, and so many prefixes of each family."""
    names = tuple(f"RM-{number}" for number in range(maps))
    universe = {version: _nets(dice, version, prefixes) for version in (4, 6)}
    communities = {
        net: tuple(dice.sample(COMMUNITIES, dice.randint(0, 2)))
        for nets in universe.values()
        for net in nets
    }
    neighbors = tuple(_neighbor(dice, number) for number in range(1, sessions + 1))
    lines = [
        f"frr defaults {dice.choice(('traditional', 'datacenter'))}",
        *_helpers(dice),
        *(line for version in (4, 6) for line in _lists(dice, version, universe[version])),
        *(line for at in range(maps) for line in _map(dice, names[at:])),
        *_router(dice, neighbors, communities, names),
    ]
    return FilterSet(
        text="".join(f"{line}\n" for line in lines),
        neighbors=neighbors,
        universe=universe,
        communities=communities,
    )


def _nets(dice: random.Random, version: int, count: int) -> tuple[Network, ...]:
    """Return a default route and prefixes that lie inside of each other."""
    found = [ip_network("0.0.0.0/0" if version == 4 else "::/0")]
    found += [ip_network(one) for one in _ROOTS[version]]
    while len(found) < count:
        above = dice.choice(found[1:])
        longest = min(above.max_prefixlen, above.prefixlen + dice.choice((1, 2, 8, 16)))
        if longest > above.prefixlen:
            below = dice.randint(above.prefixlen + 1, longest)
            bits = dice.getrandbits(below - above.prefixlen) << (above.max_prefixlen - below)
            net = ip_network((int(above.network_address) + bits, below))
            if net not in found:
                found.append(net)
    return tuple(found)


def _helpers(dice: random.Random) -> Iterator[str]:
    """Yield what decides by anything but the prefix."""
    for number, one in enumerate(COMMUNITIES):
        yield f"bgp community-list standard CL-{number} seq 5 permit {one}"
    yield "bgp as-path access-list AP-ALL seq 5 permit .*"
    yield "bgp as-path access-list AP-NONE seq 5 permit ^64999$"
    for word, root in (("", "10.0.0.0/8"), ("ipv6 ", "fd00::/16")):
        yield f"{word}access-list ACL seq 5 {dice.choice(('permit', 'deny'))} {root}"
        yield f"{word}access-list ACL seq 10 permit any"


def _lists(dice: random.Random, version: int, universe: Sequence[Network]) -> Iterator[str]:
    for name in LISTS:
        head = f"{_WORD[version]} prefix-list {name}"
        match dice.randint(0, 7):
            case 0:
                continue
            case 1:
                yield f"{head} description nothing is in it yet"
                continue
        for number in range(dice.randint(1, 8)):
            yield f"{head} seq {5 * number + 5} {_entry(dice, universe)}"


def _entry(dice: random.Random, universe: Sequence[Network]) -> str:
    action = dice.choice(("permit", "permit", "deny"))
    if dice.randint(0, 5) == 0:
        return f"{action} any"
    net = dice.choice(universe)
    if net.prefixlen and dice.random() < 0.2:
        net = net.supernet(prefixlen_diff=dice.randint(1, min(6, net.prefixlen)))
    room = range(net.prefixlen + 1, net.max_prefixlen + 1)
    if not room or dice.random() < 0.3:
        return f"{action} {net}"
    near = [one for one in room if one <= net.prefixlen + 12]
    bounds = sorted((dice.choice(near), dice.choice([*near, room[-1]])))
    lengths = dice.choice(
        (f"ge {bounds[0]}", f"le {bounds[1]}", f"ge {bounds[0]} le {bounds[1]}", f"le {room[-1]}")
    )
    return f"{action} {net} {lengths}"


def _map(dice: random.Random, names: Sequence[str]) -> Iterator[str]:
    """Yield the route-map of the first name, which calls only those of later ones."""
    name = names[0]
    if dice.randint(0, 14) == 0:
        return
    numbers = sorted(dice.sample(range(1, 60), dice.randint(1, 5)))
    for number in numbers:
        action = "deny" if dice.random() < 0.35 else "permit"
        yield f"route-map {name} {action} {number}"
        yield from (f" {line}" for line in _matches(dice))
        if action == "permit":
            yield from (f" {line}" for line in _rest(dice, names[1:], number))
        yield "exit"
    if dice.random() < 0.2:
        yield f"route-map {name} permit 65000"
        yield "exit"
    if dice.random() < 0.5:
        yield f"no route-map {name} optimization"


def _matches(dice: random.Random) -> Iterator[str]:
    families = dice.choice(((), (), (4,), (6,), (4,), (6,), (4, 6)))
    for version in families:
        name = dice.choice((*LISTS, *LISTS, "PL-UNDEFINED"))
        yield f"match {_WORD[version]} address prefix-list {name}"
    if dice.random() < 0.15:
        yield dice.choice(
            (
                f"match community CL-{dice.randrange(len(COMMUNITIES))}",
                f"match community CL-{dice.randrange(len(COMMUNITIES))} exact-match",
                "match as-path AP-NONE",
                "match ip address ACL",
                "match ipv6 address ACL",
                f"match ip address prefix-len {dice.randint(8, 32)}",
                f"match ipv6 address prefix-len {dice.randint(16, 128)}",
                "match ip next-hop prefix-list PL-0",
                "match metric 5",
                "match peer 10.10.1.2",
            )
        )


def _rest(dice: random.Random, later: Sequence[str], number: int) -> Iterator[str]:
    if dice.random() < 0.3:
        yield dice.choice(
            ("set metric 5", "set local-preference 200", "set community 65000:2 additive")
        )
    if dice.random() < 0.2:
        yield f"call {dice.choice((*later, 'RM-NOWHERE'))}"
    if dice.random() < 0.35:
        yield dice.choice(("on-match next", f"on-match goto {number + dice.randint(1, 40)}"))


# Sessions -------------------------------------------------------------------------------------


def _neighbor(dice: random.Random, number: int) -> Neighbor:
    group = dice.choice((None, None, *GROUPS))
    version = 4 if group == "DYNAMIC" else dice.choice((4, 6))
    asn = OWN_AS if group == "GROUP-B" or dice.random() < 0.3 else 64600 + number
    if group == "DYNAMIC":
        asn = 64600
    return Neighbor(number=number, version=version, asn=asn, group=group)


def _router(
    dice: random.Random,
    neighbors: Sequence[Neighbor],
    communities: dict[Network, tuple[str, ...]],
    maps: Sequence[str],
) -> Iterator[str]:
    for some in sorted(set(communities.values())):
        yield f"route-map {_origin(some)} permit 10"
        if some:
            yield f" set community {' '.join(some)}"
        yield "exit"
    yield f"router bgp {OWN_AS}"
    yield " bgp router-id 10.9.0.1"
    yield " no bgp network import-check"
    yield from _defaults(dice)
    for group, remote in zip(GROUPS, (None, "internal", "64600"), strict=True):
        yield f" neighbor {group} peer-group"
        if remote:
            yield f" neighbor {group} remote-as {remote}"
    for one in neighbors:
        yield from _session(one)
    names = [*GROUPS, *(one.address for one in neighbors if not one.is_dynamic)]
    for version in (4, 6):
        yield f" address-family ipv{version} unicast"
        for net, some in communities.items():
            if net.version == version:
                yield f"  network {net} route-map {_origin(some)}"
        for name in names:
            yield from (f"  neighbor {name} {line}" for line in _policies(dice, name, maps))
        yield " exit-address-family"
    yield "exit"


def _defaults(dice: random.Random) -> Iterator[str]:
    if dice.random() < 0.4:
        yield f" {dice.choice(('no ', ''))}bgp ebgp-requires-policy"
    if dice.random() < 0.3:
        yield " no bgp default ipv4-unicast"
    if dice.random() < 0.3:
        yield " bgp default ipv6-unicast"


def _session(one: Neighbor) -> Iterator[str]:
    if one.is_dynamic:
        yield f" bgp listen range 10.10.{one.number}.0/24 peer-group DYNAMIC"
        return
    if one.group != "GROUP-B":
        yield f" neighbor {one.address} remote-as {one.asn}"
    if one.group:
        yield f" neighbor {one.address} peer-group {one.group}"
    yield f" neighbor {one.address} timers connect 1"


def _origin(some: tuple[str, ...]) -> str:
    return "-".join(["ORIGIN", *(one.replace(":", ".") for one in some)])


def _policies(dice: random.Random, name: str, maps: Sequence[str]) -> Iterator[str]:
    # A group's members may leave it all to the group.
    if dice.random() < 0.85 or name == "DYNAMIC":
        yield "activate"
    # The daemon keeps what it was sent, and so can tell that it has judged all of it.
    yield "soft-reconfiguration inbound"
    if name not in GROUPS and dice.random() < 0.25:
        return
    for way in ("in", "out"):
        if dice.random() < 0.7:
            yield f"route-map {dice.choice((*maps, *maps, 'RM-UNDEFINED'))} {way}"
        if dice.random() < 0.25:
            yield f"prefix-list {dice.choice((*LISTS, *LISTS, 'PL-UNDEFINED'))} {way}"
        elif dice.random() < 0.05:
            yield f"distribute-list ACL {way}"
        if dice.random() < 0.08:
            yield f"filter-list {dice.choice(('AP-ALL', 'AP-NONE'))} {way}"
    if dice.random() < 0.1:
        yield dice.choice(("default-originate", f"default-originate route-map {dice.choice(maps)}"))
    if dice.random() < 0.05:
        yield f"unsuppress-map {dice.choice(maps)}"
