"""Every route that a speaker learns or loses, with its time; read ``events`` first.

Law: the speakers log as it happens, so nothing between two looks at a table is missed. Source: BIRD
2.0.12, ``debug { routes }``: "PROTOCOL.CHANNEL > added|removed|ignored … PREFIX …", where ">" is
into BIRD's table. A path whose attributes change is "added" again.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_network

from lab.errors import LabError
from lab.network import Network
from lab.topology import SPEAKERS
from lab.topology import Network as Prefix


class Change(StrEnum):
    """What happened to a path."""

    ANNOUNCED = "announced"
    WITHDRAWN = "withdrawn"
    SESSION_LOST = "session lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A path that a speaker learned from, or lost to, one of its neighbors."""

    at: datetime
    change: Change
    peer: str
    prefix: Prefix | None
    """None for a lost session, which takes all its paths with it."""


_CHANGES = {"added": Change.ANNOUNCED, "removed": Change.WITHDRAWN}
_ROUTE = re.compile(
    r"^(?P<at>\S+) <TRACE> (?P<peer>\w+)_v[46]\.ipv[46] > (?P<word>added|removed)"
    r"(?: \[\w+\])? (?P<prefix>\S+/\d+) "
)
_SESSION = re.compile(
    r"^(?P<at>\S+) <TRACE> (?P<peer>\w+)_v[46]: State changed to (?:flush|stop|down)"
)


def events(network: Network, speaker: str, *, since: datetime | None = None) -> list[Event]:
    """Return what ``speaker`` learned and lost, oldest first, from ``since`` on (inclusive).

    Times are those of BIRD's event loop, with microseconds and an offset: all that one pass of the
    loop handles has the same time.
    """
    return [event for event in _parse(_log(network, speaker, 0)) if not since or event.at >= since]


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """What happens at the speakers from the moment on at which the monitor was made."""

    network: Network
    offsets: dict[str, int]

    @classmethod
    def start(cls, network: Network) -> "Monitor":
        """Return a monitor that begins now."""
        sizes = {name: network.state.log(name).stat().st_size for name in SPEAKERS}
        return cls(network=network, offsets=sizes)

    def events(self, speaker: str) -> list[Event]:
        """Return what ``speaker`` learned and lost since the start, oldest first."""
        return list(_parse(_log(self.network, speaker, self.offsets[speaker])))


def _log(network: Network, speaker: str, offset: int) -> str:
    if speaker not in SPEAKERS:
        raise LabError(f"{speaker} is no speaker: there are {', '.join(SPEAKERS)}", exit_code=5)
    with network.state.log(speaker).open("rb") as file:
        file.seek(offset)
        return file.read().decode("utf-8", errors="replace")


def _parse(text: str) -> Iterator[Event]:
    for line in text.splitlines():
        if route := _ROUTE.match(line):
            yield Event(
                at=datetime.fromisoformat(route["at"]),
                change=_CHANGES[route["word"]],
                peer=route["peer"],
                prefix=ip_network(route["prefix"]),
            )
        elif session := _SESSION.match(line):
            yield Event(
                at=datetime.fromisoformat(session["at"]),
                change=Change.SESSION_LOST,
                peer=session["peer"],
                prefix=None,
            )
