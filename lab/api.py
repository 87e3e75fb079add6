"""The lab for tests; read ``Lab`` first.

Law: a ``Lab`` is a running network. What it is told to announce, it takes back when told; nothing
else changes it. Errors are ``LabError`` with one sentence.
"""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lab import fabrics, faults, launch
from lab.announce import announce, withdraw
from lab.attacks import ATTACKS, Attack
from lab.drill import Report, drill
from lab.events import Event, Monitor, events
from lab.flapper import Flapper
from lab.network import Network
from lab.readiness import await_peace, missing_routes
from lab.render import Community
from lab.routes import Table, routes
from lab.state import StateDir
from lab.topology import SSH_USER, management_address
from lab.topology import Network as Prefix
from lab.wire import Traffic

_CHECKOUT = Path(__file__).resolve().parent.parent
DEFAULT_STATE = _CHECKOUT / ".lab"
DEFAULT_KNOWN_HOSTS = _CHECKOUT / "inventory" / "lab" / "known_hosts"
CONVERGE_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Lab:
    """One running virtual network."""

    network: Network

    @classmethod
    def start(
        cls,
        state: Path = DEFAULT_STATE,
        *,
        subnet: int = 1,
        known_hosts: Path = DEFAULT_KNOWN_HOSTS,
        fabric: str | Mapping[str, str] = fabrics.DEFAULT,
        dies_with_caller: bool = False,
        progress: Callable[[str], None] = lambda _words: None,
    ) -> "Lab":
        """Start a lab, or find it running, and return it once every route is in place.

        ``fabric`` says which platform each switch is, as ``lab.fabrics.fabric_of`` takes it.
        With ``dies_with_caller`` it ends with the process (strictly, the thread) that called this.
        """
        folder = StateDir(state.resolve())
        is_new = launch.up(
            folder,
            subnet=subnet,
            known_hosts=known_hosts,
            fabric=fabrics.fabric_of(fabric),
            dies_with_caller=dies_with_caller,
            progress=progress,
        )
        try:
            lab = cls(Network.of(folder))
            await_peace(lab.network, within_s=CONVERGE_WITHIN_S, progress=progress)
        except BaseException:
            if is_new:
                launch.down(folder)
            raise
        return lab

    @classmethod
    def running(cls, state: Path = DEFAULT_STATE) -> "Lab":
        """Return the lab that runs in ``state``."""
        return cls(Network.of(StateDir(state.resolve())))

    def stop(self) -> None:
        """End the lab without a trace."""
        launch.down(self.network.state)

    # How to log in to a switch

    @property
    def ssh_user(self) -> str:
        """The user that every switch knows."""
        return SSH_USER

    @property
    def ssh_port(self) -> int:
        """The port where a switch that is managed over SSH listens."""
        return fabrics.PORTS["ssh"]

    @property
    def ssh_key(self) -> Path:
        """The private key that every switch accepts."""
        return self.network.state.client_key

    @property
    def password(self) -> str:
        """The password that every virtual switch accepts."""
        return self.network.state.password.read_text(encoding="ascii")

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority that vouches for the switches' HTTPS."""
        return self.network.state.ca_file

    @property
    def known_hosts(self) -> Path:
        """The file with the switches' host keys."""
        return Path(self.network.settings.known_hosts)

    def address(self, switch: str) -> str:
        """Return the loopback address where a switch listens."""
        return str(management_address(switch, self.network.settings.subnet))

    def platform(self, switch: str) -> str:
        """Return a switch's platform, as NAPALM calls it."""
        return self.network.platform(switch)

    # What is the case

    def run(
        self, node: str, argv: Sequence[str], *, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside a node, as its administrator; output as text."""
        return self.network.run(node, argv, stdin=stdin, check=check)

    def running_config(self, switch: str) -> str:
        """Return a switch's running configuration as it shows it, FRR's without its header."""
        return self.network.running_config(switch)

    def routes(self, node: str, version: int) -> Table:
        """Return a node's BGP table: prefix -> its paths (peer, best, AS path, communities)."""
        return routes(self.network, node, version)

    def missing_routes(self) -> list[tuple[str, Prefix]]:
        """Return (node, prefix) for each legitimate route that is not in place; [] in peace."""
        return missing_routes(self.network)

    def await_peace(self, *, within_s: float = CONVERGE_WITHIN_S) -> None:
        """Return once every session is up and every legitimate route in place."""
        await_peace(self.network, within_s=within_s)

    def events(self, speaker: str, *, since: datetime | None = None) -> list[Event]:
        """Return what a speaker learned and lost, oldest first."""
        return events(self.network, speaker, since=since)

    def monitor(self) -> Monitor:
        """Return a monitor of all speakers that begins now."""
        return Monitor.start(self.network)

    # What can be done to it

    def control(self, switch: str, command: str, **arguments: Any) -> Any:  # noqa: ANN401 - JSON
        """Let a switch do what no driver can; see ``lab.switch.base.VirtualSwitch.control``."""
        return self.network.control(switch, command, **arguments)

    def fault(self, switch: str, name: str, *, on: bool = True, **how: faults.How) -> None:
        """Switch a fault on or off, or let an event happen; ``lab.faults.FAULTS`` lists them."""
        faults.fault(self.network, switch, name, on=on, how=how)

    def traffic(self, switch: str) -> Traffic:
        """Return what clients exchanged with a switch, since the last ``reset_traffic``."""
        return faults.traffic(self.network, switch)

    def reset_traffic(self) -> None:
        """Count what clients exchange with the switches from nothing again."""
        faults.reset_traffic(self.network)

    def announce(
        self, speaker: str, prefixes: tuple[Prefix, ...], *, community: Community | None = None
    ) -> None:
        """Let a speaker announce exactly ``prefixes`` besides its own."""
        announce(self.network, speaker, prefixes, community=community)

    def withdraw(self, speaker: str) -> None:
        """Let a speaker announce its own routes only."""
        withdraw(self.network, speaker)

    def drill(self, attacks: tuple[Attack, ...] = ATTACKS) -> Report:
        """Run attacks and return where each got to; everything is withdrawn again."""
        return drill(self.network, attacks)

    def flapping(
        self, attacker: str, prefixes: tuple[Prefix, ...], *, every_s: float = 0.3
    ) -> Flapper:
        """Return a context manager during which an attacker announces and withdraws, repeatedly."""
        return Flapper(self.network, attacker, prefixes, every_s=every_s)
