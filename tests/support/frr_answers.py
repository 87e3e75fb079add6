"""What an FRR switch answers over SSH, in bgpd's own JSON: :class:`FrrAnswers`."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from played_wires import PROMPT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recording_daemon import RecordingDaemon

    from lab.switch.meaning import Address

_FAMILIES = {4: "ipv4Unicast", 6: "ipv6Unicast"}


class FrrAnswers:
    """A device that runs ``text``, over a daemon that knows its neighbors and routes."""

    def __init__(self, text: str, daemon: RecordingDaemon) -> None:
        self._text, self._daemon = text, daemon

    def answer(self, request: str) -> str:
        """Return the exit code of a command in a line, and then what it prints."""
        words = shlex.split(request)
        if request == PROMPT or not words:
            # The driver closes the shell that netmiko opens.
            return "$ "
        if words[:2] == ["sh", "-s"]:
            # Nothing waits to be confirmed; see `tasks/drivers/frr/switch_ending.sh`.
            return "15\n"
        assert words[0] == "vtysh", request
        return "0\n" + "".join(self._vtysh(one) for one in words[2::2])

    def _vtysh(self, command: str) -> str:
        words = command.split()
        if command == "show running-config no-header":
            return self._text
        if command == "show bgp vrf all neighbors json":
            return _json({"default": self._neighbors()})
        if words[:3] == ["show", "bgp", "peer-group"]:
            here = [one for one in self._daemon.neighbors() if one.group == words[3]]
            return _json({words[3]: {"members": {str(one.address): {} for one in here}}})
        version = int(words[2][3])
        tables = {key: some for key, some in self._daemon._routes.items() if key[1] == version}
        if "routes" in words:
            return _json({"routes": _routes(tables, words[5])})
        return _json({"paths": list(_paths(tables, words[4]))})

    def _neighbors(self) -> Mapping[str, Any]:
        return {
            str(one.address): {
                "remoteAs": one.remote_asn,
                "localAs": 65000,
                "nbrExternalLink": True,
                "bgpVersion": 4,
                "remoteRouterId": "10.255.0.2",
                "localRouterId": "10.255.0.1",
                "bgpState": one.state,
                "bgpTimerUpMsec": one.uptime_s * 1000,
                "addressFamilyInfo": {
                    _FAMILIES[version]: {
                        "acceptedPrefixCounter": count,
                        "sentPrefixCounter": one.advertised[version],
                    }
                    for version, count in one.accepted.items()
                },
            }
            for one in self._daemon.neighbors()
        }


def _json(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    return json.dumps(value, indent=2) + "\n"


def _routes(tables: Mapping[tuple[Address, int], Any], peer: str) -> Mapping[str, Any]:
    found = next((some for (who, _), some in tables.items() if str(who) == peer), ())
    return {str(one.prefix): [_shown(one, peer)] for one in found}


def _shown(one: Any, peer: str) -> Mapping[str, Any]:  # noqa: ANN401 - a route
    return {
        "valid": True,
        "bestpath": one.is_best,
        "pathFrom": "external",
        "prefix": str(one.prefix.network_address),
        "prefixLen": one.prefix.prefixlen,
        "network": str(one.prefix),
        "metric": 0,
        "weight": 0,
        "peerId": peer,
        "path": one.as_path,
        "origin": "IGP",
        "nexthops": [{"ip": one.next_hop, "afi": f"ipv{one.prefix.version}", "used": True}],
    }


def _paths(tables: Mapping[tuple[Address, int], Any], prefix: str) -> Any:  # noqa: ANN401
    for (peer, _), some in tables.items():
        for one in some:
            if str(one.prefix) == prefix:
                yield {
                    "aspath": {"string": one.as_path or "Local"},
                    "nexthops": [{"ip": one.next_hop, "afi": f"ipv{one.prefix.version}"}],
                    "peer": {"peerId": str(peer)},
                }
