"""Three FRR switches on paper: what `make_plan` asks of a fleet, answered without a network.

Law: nothing can be committed here; a plan is as far as it goes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from tasks.adapters.base import Origin, Tables
from tasks.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from inventory.fields import Network
    from policies.filters import SessionKey
    from tasks.adapters.base import Origins

#: For the site of `builders`: ToR, spine and border, with the operator's own policies.
TEXTS: Mapping[str, str] = {
    "tor1": """\
frr version 8.4.4
frr defaults traditional
router bgp 65201
 neighbor NODES peer-group
 neighbor NODES remote-as 65201
 neighbor 10.255.11.0 remote-as 65000
 bgp listen range 172.20.1.0/24 peer-group NODES
 address-family ipv4 unicast
  neighbor NODES route-map FROM-NODE in
  neighbor 10.255.11.0 route-map TO-SPINE out
 exit-address-family
exit
ip prefix-list OPERATORS seq 5 permit 192.0.2.0/24
route-map FROM-NODE permit 10
exit
route-map TO-SPINE deny 5
 match ip address prefix-list OPERATORS
exit
route-map TO-SPINE permit 10
exit
end
""",
    "spine1": """\
frr version 8.4.4
frr defaults traditional
router bgp 65000
 neighbor 10.255.11.1 remote-as 65201
 neighbor 10.255.1.0 remote-as 65001
 address-family ipv4 unicast
  neighbor 10.255.11.1 route-map FROM-TOR in
  neighbor 10.255.1.0 route-map FROM-BORDER in
 exit-address-family
exit
route-map FROM-TOR permit 10
exit
route-map FROM-BORDER permit 10
exit
end
""",
    "border1": """\
frr version 8.4.4
frr defaults traditional
router bgp 65001
 neighbor 10.255.1.1 remote-as 65000
 neighbor 203.0.113.1 remote-as 64500
 address-family ipv4 unicast
  neighbor 10.255.1.1 route-map FROM-SPINE in
  neighbor 203.0.113.1 route-map FROM-OUTSIDE in
 exit-address-family
exit
route-map FROM-SPINE permit 10
exit
route-map FROM-OUTSIDE permit 10
exit
end
""",
}


@dataclass(slots=True)
class PaperFleet:
    """A fleet whose devices say what ``texts`` and ``routes`` have of them.

    ``routes`` are those accepted, by device and session; a device's own diff is its candidate
    with a plus before each line, and ``diff_ends`` is what some device ends it with. ``asked``
    and ``left`` have who was worked on, and whose connection was closed.
    """

    texts: dict[str, str] = field(default_factory=lambda: dict(TEXTS))
    routes: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    diff_ends: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        """The devices."""
        return tuple(self.texts)

    def each(
        self,
        work: Callable[..., Any],
        names: Iterable[str] | None = None,
        *,
        arguments: Mapping[str, tuple[Any, ...]],
        done: Callable[[Outcome[Any]], None] = lambda _: None,
    ) -> dict[str, Outcome[Any]]:
        """Run ``work`` on each, one after the other; what it raises is the test's to see."""
        found = {}
        for name in self.names if names is None else names:
            self.asked.append(name)
            found[name] = Outcome(name, work(_Paper(name, self), *arguments[name]))
            done(found[name])
        return found


@dataclass(slots=True)
class _Paper:
    """A host and its adapter in one."""

    name: str
    fleet: PaperFleet
    driver: None = None

    @property
    def adapter(self) -> _Paper:
        return self

    def hang_up(self) -> None:
        self.fleet.left.append(self.name)

    def pending(self, _: None) -> bool:
        return False

    def running(self, _: None) -> str:
        return self.fleet.texts[self.name]

    def lacks(self, _: None, running: str) -> tuple[str, ...]:
        assert running == self.fleet.texts[self.name]
        return ()

    def tables(self, _: None, sessions: Iterable[tuple[SessionKey, int]]) -> Tables:
        routes = self.fleet.routes.get(self.name, {})
        found = {
            (key, version): {
                key.name: frozenset(
                    net
                    for one in routes.get(key.name, ())
                    if (net := ip_network(one)).version == version
                )
            }
            for key, version in sessions
        }
        return Tables(up=frozenset(), routes=found)

    def origins(self, _: None, routes: Iterable[tuple[str, Network]]) -> Origins:
        sessions = self.fleet.routes.get(self.name, {})
        return {
            (vrf, prefix): tuple(
                Origin(neighbor=name, next_hop=name)
                for name, prefixes in sessions.items()
                if str(prefix) in prefixes
            )
            for vrf, prefix in routes
        }

    def dry_run(self, _: None, candidate: str) -> tuple[str, None]:
        lines = "".join(f"+{line}\n" for line in candidate.splitlines())
        return lines + self.fleet.diff_ends.get(self.name, ""), None
