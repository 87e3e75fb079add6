"""What every virtual switch is to the lab: :class:`VirtualSwitch`.

Each platform's module has one class of this shape; ``lab.switch.main`` starts it inside the
switch's namespaces with its management sockets, and hands it the :class:`Daemon` in front of which
it stands. The switch speaks the platform's own protocol, never ringfence's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping
    from pathlib import Path

    from lab.switch.meaning import Address, Network, Router


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbor:
    """What BGP says of one neighbor now, dynamic ones included; ``group`` is its dynamic group.

    ``state`` is FRR's word ("Established", "Active", ...); ``accepted`` and ``advertised`` are
    numbers of prefixes by family, for the families that were negotiated.
    """

    address: Address
    remote_asn: int
    state: str
    uptime_s: int
    group: str | None
    accepted: Mapping[int, int]
    advertised: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route that was accepted from a neighbor."""

    prefix: Network
    next_hop: str
    as_path: str
    is_best: bool


class Daemon(Protocol):
    """The routing daemon underneath. All methods may be called from a thread; none is async."""

    def apply(self, router: Router | None) -> None:
        """Make BGP what ``router`` says (None: no BGP), without touching what stays as it is.

        Only what differs is changed: no session is reset, no route withdrawn, unless the two
        meanings ask for it. Policies take effect at once.
        """

    def refresh(self, peer: Address | str, version: int, *, inbound: bool) -> None:
        """Ask a neighbor, or a dynamic group by name, for its routes again, or send ours."""

    def neighbors(self) -> tuple[Neighbor, ...]:
        """Return every neighbor, configured or dynamic, by address."""

    def routes_from(self, peer: Address, version: int) -> tuple[Route, ...]:
        """Return what is accepted from ``peer`` in one family, by prefix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What a virtual switch is given.

    ``listeners`` are bound, listening sockets by protocol: "ssh" (the CLI, with SCP and
    subsystems), "https", "netconf" (NETCONF over SSH); a switch takes those it serves.
    ``files`` is the switch's own folder with ``startup`` (its configuration at boot),
    ``host_key`` (SSH, OpenSSH format), ``authorized_keys``, ``tls.key`` and ``tls.crt`` (PEM).
    ``username``/``password`` are the account that may do everything.
    """

    name: str
    listeners: Mapping[str, socket.socket]
    files: Path
    username: str
    password: str
    daemon: Daemon


class VirtualSwitch(Protocol):
    """One vendor's switch."""

    #: The protocols that it listens for; see Environment.listeners.
    PROTOCOLS: tuple[str, ...]

    def __init__(self, environment: Environment) -> None: ...

    async def start(self) -> None:
        """Boot: take the startup configuration, drive the daemon, serve every protocol.

        Returns once connections are answered; the server tasks go on.
        """

    def running(self) -> str:
        """Return the running configuration exactly as the device prints it."""

    async def control(self, command: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Do what no driver can: play another administrator, inject a fault, tell the time.

        Every platform knows ``running`` (the text), ``startup`` (the saved text), ``edit``
        (``lines``: as if a human typed them in the CLI and left), ``fault`` (``name``, ``on``)
        and ``pending`` (seconds until the revert timer fires, or None). Platforms add their own.
        """


@dataclass(slots=True)
class Faults:
    """The faults that are switched on, by name; every platform documents its own."""

    names: set[str] = field(default_factory=set)

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def switch(self, name: str, *, on: bool) -> None:
        """Switch a fault on or off."""
        (self.names.add if on else self.names.discard)(name)
