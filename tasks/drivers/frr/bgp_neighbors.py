"""BGP neighbors and what is accepted from them, from bgpd's own JSON."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napalm.base.exceptions import CommandErrorException

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasks.drivers.frr.switch import Switch

SHOW_NEIGHBORS = "show bgp vrf all neighbors json"

# NAPALM's names for FRR's address families; others keep FRR's.
_FAMILIES = {"ipv4Unicast": "ipv4", "ipv6Unicast": "ipv6"}
_UNKNOWN = -1

_NAME = re.compile(r"[\w.:%/-]+")


def neighbors(switch: Switch) -> dict[str, dict[str, dict[str, Any]]]:
    """Return FRR's own record of every neighbor, by NAPALM's VRF name and neighbor."""
    answer = json.loads(switch.vtysh(SHOW_NEIGHBORS) or "{}")
    return {
        vrf_name(vrf): {name: peer for name, peer in peers.items() if isinstance(peer, dict)}
        for vrf, peers in answer.items()
        if isinstance(peers, dict)
    }


def vrf_name(name: str) -> str:
    """Return NAPALM's name of a VRF: the default one is called global."""
    return "global" if name == "default" else name


def is_up(peer: dict[str, Any]) -> bool:
    """Whether the session is established."""
    return bool(peer.get("bgpState") == "Established")


def uptime(peer: dict[str, Any]) -> int:
    """Return for how many seconds the session has been up; -1 if it is not."""
    return int(peer.get("bgpTimerUpMsec", 0)) // 1000 if is_up(peer) else _UNKNOWN


def bgp_neighbors(switch: Switch) -> dict[str, Any]:
    """Return the neighbors in NAPALM's shape, by VRF."""
    result: dict[str, Any] = {}
    for vrf, peers in neighbors(switch).items():
        if peers:
            router_id = next(iter(peers.values()))["localRouterId"]
            described = {name: _neighbor(peer) for name, peer in peers.items()}
            result[vrf] = {"router_id": router_id, "peers": described}
    if result:
        result.setdefault("global", {"router_id": "", "peers": {}})
    return result


def _neighbor(peer: dict[str, Any]) -> dict[str, Any]:
    return {
        "local_as": int(peer["localAs"]),
        "remote_as": int(peer["remoteAs"]),
        "remote_id": peer.get("remoteRouterId", ""),
        "is_up": is_up(peer),
        "is_enabled": not peer.get("adminShutDown", False),
        "description": peer.get("nbrDesc", ""),
        "uptime": uptime(peer),
        "address_family": {
            _FAMILIES.get(family, family): _counters(peer, known)
            for family, known in peer.get("addressFamilyInfo", {}).items()
        },
    }


def _counters(peer: dict[str, Any], family: dict[str, Any]) -> dict[str, int]:
    """Return a family's prefix counts; FRR does not count what it received before policy."""
    if not is_up(peer):
        accepted = sent = _UNKNOWN
    else:
        accepted = family.get("acceptedPrefixCounter", _UNKNOWN)
        sent = family.get("sentPrefixCounter", _UNKNOWN)
    return {
        "received_prefixes": _UNKNOWN,
        "accepted_prefixes": accepted,
        "sent_prefixes": sent,
    }


def accepted_routes(switch: Switch, wanted: Sequence[Wanted]) -> list[dict[str, list[str]]]:
    """Return the prefixes accepted from each neighbor, or from each member of each peer group.

    In two round trips, however many there are.

    Raises:
        CommandErrorException: there is no such neighbor, peer group or VRF.
        ValueError: a version is neither 4 nor 6, or a name is none.
    """
    for one in wanted:
        one.check()
    members = _members(switch, wanted)
    asked = [
        (
            place,
            member,
            f"show bgp {one.inside}ipv{one.version} unicast neighbors {member} routes json",
        )
        for place, one in enumerate(wanted)
        for member in members[place]
    ]
    found: list[dict[str, list[str]]] = [{} for _ in wanted]
    answers = switch.vtysh_json([command for _, _, command in asked])
    for (place, member, command), answer in zip(asked, answers, strict=True):
        if "routes" not in answer and "warning" in answer:
            raise CommandErrorException(f"{command!r}: {answer['warning']}")
        found[place][member] = list(answer.get("routes", {}))
    return found


@dataclass(frozen=True, slots=True)
class Wanted:
    """A neighbor or peer group, its VRF ("" is the default one) and a family, 4 or 6."""

    neighbor: str
    vrf: str
    version: int

    @property
    def inside(self) -> str:
        """The words that name the VRF in a command."""
        return "" if self.vrf in {"", "default", "global"} else f"vrf {self.vrf} "

    @property
    def is_address(self) -> bool:
        """Whether this is surely a neighbor, and not a group or an interface."""
        try:
            ipaddress.ip_address(self.neighbor.partition("%")[0])
        except ValueError:
            return False
        return True

    def check(self) -> None:
        """Raise ValueError unless all of it can stand in a command."""
        if self.version not in {4, 6}:
            raise ValueError(f"version is 4 or 6, not {self.version!r}")
        for name in (self.neighbor, self.vrf or "default"):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not a name")


def _members(switch: Switch, wanted: Sequence[Wanted]) -> list[list[str]]:
    """Return, for each, the neighbor itself or the members of the peer group of that name."""
    found = [[one.neighbor] for one in wanted]
    groups = [place for place, one in enumerate(wanted) if not one.is_address]
    answers = switch.vtysh_json(
        [
            f"show bgp {wanted[place].inside}peer-group {wanted[place].neighbor} json"
            for place in groups
        ]
    )
    for place, answer in zip(groups, answers, strict=True):
        group = answer.get(wanted[place].neighbor)
        if isinstance(group, dict):  # Else it is an interface, which names its neighbor, too.
            found[place] = sorted(group.get("members", {}))
    return found
