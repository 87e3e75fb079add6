"""What a switch is, read behind its management's back: :class:`States` and :func:`traces`."""

from __future__ import annotations

import json
import ssl
import urllib.request
from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from lab.fabrics import FRR, PORTS
from lab.network import without_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lab.api import Lab


#: Where the FRR driver keeps its state on a switch.
_FRR = "/var/tmp/napalm-frr"


class State(StrEnum):
    """One switch's configuration, byte for byte."""

    OLD = "old"
    NEW = "new"
    BETWEEN = "between"


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """A switch's configurations: what runs, and what a reboot would bring."""

    running: str
    startup: str


@dataclass(frozen=True, slots=True)
class States:
    """Knows every switch's ``old`` and ``new`` texts, and tells which one a switch has."""

    old: Mapping[str, Texts]
    new: Mapping[str, Texts]

    def of(self, switch: str, found: Texts) -> State:
        """Return what ``found`` is, by what runs."""
        if found.running == self.old[switch].running:
            return State.OLD
        return State.NEW if found.running == self.new[switch].running else State.BETWEEN

    def is_saved(self, switch: str, found: Texts) -> bool:
        """Return whether a reboot would bring what runs."""
        known = self.old if self.of(switch, found) is State.OLD else self.new
        return found.startup == known[switch].startup


def texts(lab: Lab, switch: str) -> Texts:
    """Return a switch's configurations, without the times in them."""
    return Texts(
        running=without_stamp(lab.running_config(switch)),
        startup=without_stamp(str(lab.control(switch, "startup"))),
    )


def pending(lab: Lab, switch: str) -> bool:
    """Return whether a revert timer runs."""
    if lab.platform(switch) == FRR:
        # A reboot ends the timer, and leaves its folder to be swept by the next who looks.
        lives = f"test -e {_FRR}/pending/alive && ! flock -n {_FRR}/pending/alive true"
        return lab.run(switch, ("sh", "-c", lives), check=False).returncode == 0
    return lab.control(switch, "pending") is not None


def traces(lab: Lab, switch: str) -> tuple[str, ...]:
    """Return what a run could leave behind beside the configurations, by name."""
    match lab.platform(switch):
        case "frr":
            found: Iterable[str] = (one for one in _frr_files(lab, switch) if one == "pending")
        case "eos":
            said = _eapi(lab, switch, "show configuration sessions")
            sessions: Mapping[str, Mapping[str, str]] = said["sessions"]
            found = (
                name
                for name, one in sessions.items()
                if one["state"] not in {"completed", "aborted"}
            )
        case "ios":
            # Its own archive has a name and a limit of its own; it is the platform's.
            found = (one for one in lab.control(switch, "files") if not one.startswith("archive-"))
        case "nxos" | "nxos_ssh":
            kept = [f"checkpoint {one}" for one in lab.control(switch, "checkpoints")]
            found = [*kept, *lab.control(switch, "files")]
        case _:
            found = ()
    return tuple(sorted((*found, *(["a revert timer"] if pending(lab, switch) else []))))


def _frr_files(lab: Lab, switch: str) -> list[str]:
    return lab.run(switch, ("ls", "-A", _FRR), check=False).stdout.split()


def _eapi(lab: Lab, switch: str, command: str) -> Any:  # noqa: ANN401 - JSON
    address = lab.address(switch)
    login = b64encode(f"{lab.ssh_user}:{lab.password}".encode()).decode()
    request = urllib.request.Request(
        f"https://{address}:{PORTS['https']}/command-api",
        data=json.dumps(
            {
                "jsonrpc": "2.0",
                "method": "runCmds",
                "params": {"version": 1, "cmds": [command], "format": "json"},
                "id": "1",
            }
        ).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Basic {login}"},
    )
    context = ssl.create_default_context(cafile=str(lab.ca_file))
    with urllib.request.urlopen(request, context=context, timeout=10) as answer:  # noqa: S310 - the same
        return json.load(answer)["result"][0]
