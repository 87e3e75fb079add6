"""A running lab as seen from the host; read ``Network`` first.

Law: nothing here changes the lab by itself. Daemons are asked through their sockets, which are
reached below /proc/PID/root; commands run inside a node's namespaces.
"""

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import birdctl, control, requirements, vty
from lab.errors import LabError
from lab.fabrics import FRR
from lab.state import Settings, StateDir
from lab.topology import NODES, SWITCHES

_IN_VTYSH = frozenset({"running", "startup", "edit"})
_STAMP = re.compile(r"^(?:!+|##) ?Last (?:configuration change|commit)\b.*\n", re.MULTILINE)


def without_stamp(text: str) -> str:
    """Return a configuration without the line that says when it was changed last, if it has one."""
    return _STAMP.sub("", text)


@contextmanager
def _answering(node: str, daemon: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LabError(
            f"{daemon} of {node} does not answer ({error.strerror or error}); its log may say why"
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Handles to the nodes of one running lab."""

    state: StateDir
    settings: Settings
    pids: dict[str, int]
    """Node -> process id on the host."""

    @classmethod
    def of(cls, state: StateDir) -> "Network":
        """Return the lab that runs in ``state``; raise ``LabError`` if none does."""
        settings = state.settings()
        if settings is not None and state.is_running() and not state.pids.exists():
            raise LabError(f"the lab in {state.root} is still being started or ended")
        if settings is None or not state.is_running():
            raise LabError(
                f"no lab runs in {state.root}; start it with: python -m lab up", exit_code=5
            )
        return cls(state=state, settings=settings, pids=state.node_pids())

    def path(self, node: str, inside: str) -> Path:
        """Return where the host sees the file ``inside`` (absolute) of a node."""
        return Path("/proc", str(self._pid(node)), "root", inside.lstrip("/"))

    def bird(self, speaker: str, command: str) -> str:
        """Return BIRD's answer to a command."""
        with _answering(speaker, "BIRD"):
            return birdctl.ask(self.path(speaker, "/run/bird.ctl"), command)

    def bgpd(self, switch: str, command: str) -> str:
        """Return bgpd's answer to a ``show`` command."""
        with _answering(switch, "bgpd"):
            return vty.ask(self.path(switch, "/run/frr/bgpd.vty"), command)

    def bgpd_json(self, switch: str, command: str) -> Any:  # noqa: ANN401 - JSON of FRR's, by command
        """Return bgpd's decoded answer to a ``show … json`` command."""
        with _answering(switch, "bgpd"):
            return vty.ask_json(self.path(switch, "/run/frr/bgpd.vty"), command)

    def command(self, node: str, argv: Sequence[str]) -> list[str]:
        """Return the host's command line that runs ``argv`` inside a node."""
        user = ["--user", "--preserve-credentials"] if self.settings.user_namespace else []
        spaces = [*user, "--net", "--mount", "--pid", "--uts"]
        return ["nsenter", "--target", str(self._pid(node)), *spaces, "--", *argv]

    def run(
        self, node: str, argv: Sequence[str], *, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside a node and return what it said, as text."""
        return subprocess.run(
            self.command(node, argv),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            check=check,
            env={"PATH": requirements.search_path()},
        )

    def platform(self, switch: str) -> str:
        """Return a switch's platform, as NAPALM calls it."""
        if switch not in SWITCHES:
            raise LabError(f"{switch} is no switch", exit_code=5)
        return self.settings.fabric[switch]

    def running_config(self, switch: str) -> str:
        """Return a switch's running configuration as it shows it, FRR's without its header."""
        return str(self.control(switch, "running"))

    def control(self, switch: str, command: str, **arguments: Any) -> Any:  # noqa: ANN401 - JSON
        """Let a switch do what no driver can; see ``lab.switch.base.VirtualSwitch.control``.

        Of an FRR switch, vtysh does ``running``, ``startup`` and ``edit``, and ``lab.machine`` the
        rest.
        """
        is_frr = self.platform(switch) == FRR
        if is_frr and command in _IN_VTYSH:
            return self._vtysh(switch, command, **arguments)
        with _answering(switch, "the machine" if is_frr else "the virtual switch"):
            return control.ask(self.path(switch, control.SOCKET), command, arguments)

    def _vtysh(self, switch: str, command: str, lines: Sequence[str] = ()) -> str:
        match command:
            case "running":
                argv = ["vtysh", "-c", "show running-config no-header"]
            case "startup":
                argv = ["cat", "/etc/frr/frr.conf"]
            case _:
                argv = ["sh", "-c", "cat >/tmp/edit && vtysh -f /tmp/edit"]
        return self.run(switch, argv, stdin="".join(f"{line}\n" for line in lines)).stdout

    def _pid(self, node: str) -> int:
        if node not in NODES:
            raise LabError(f"no node is called {node}: there are {', '.join(NODES)}", exit_code=5)
        return self.pids[node]
