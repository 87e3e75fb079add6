"""Whether the network is as in peace time; read ``await_peace`` first.

Law: a wait names what it waits for, and a failure names the session or the route that is not there.
"""

import time
from collections.abc import Callable, Mapping
from ipaddress import ip_address

from lab.errors import LabError
from lab.network import Network
from lab.prefixes import expected, of_version
from lab.routes import routes
from lab.topology import NODES, SESSIONS, SWITCHES, VERSIONS, Address, Session
from lab.topology import Network as Prefix

Progress = Callable[[str], None]

_POLL_S = 0.1
_SHOWN = 3


def await_peace(
    network: Network, *, within_s: float, progress: Progress = lambda _words: None
) -> None:
    """Return once every session is up and every route in place, or raise ``LabError``."""
    deadline = time.monotonic() + within_s
    while lacking := _lacking(network, progress):
        if time.monotonic() > deadline:
            raise LabError(
                f"after {within_s:.0f} s the lab still lacks {len(lacking)} sessions or routes: "
                + "; ".join(lacking[:10])
            )
        time.sleep(_POLL_S)


def _lacking(network: Network, progress: Progress) -> list[str]:
    try:
        return _lost(network, progress)
    except LabError as error:
        # A switch that boots has no BGP, or no daemon.
        progress(str(error))
        return [str(error)]


def _lost(network: Network, progress: Progress) -> list[str]:
    sessions = [str_of(session) for session in sessions_down(network)]
    if sessions:
        progress(
            _words(f"{len(SESSIONS) - len(sessions)} of {len(SESSIONS)} sessions up", sessions)
        )
        return sessions
    lost = [f"{node} has no route to {prefix}" for node, prefix in missing_routes(network)]
    if lost:
        progress(_words("all sessions up", lost))
    return lost


def _words(done: str, lacking: list[str]) -> str:
    more = f" and {len(lacking) - _SHOWN} more" if len(lacking) > _SHOWN else ""
    return f"{done}; waiting for: {', '.join(lacking[:_SHOWN])}{more}"


def str_of(session: Session) -> str:
    """Return a session's name for people."""
    return f"{session.upper}-{session.lower} (IPv{session.version})"


def sessions_down(network: Network) -> list[Session]:
    """Return the sessions that a switch at their ends does not see up in all their families."""
    up = {switch: _established(network, switch) for switch in SWITCHES}
    return [session for session in SESSIONS if not _is_up(session, up)]


def _is_up(session: Session, up: Mapping[str, set[tuple[Address, int]]]) -> bool:
    return all(
        (session.address_of(session.peer_of(end)), version) in up[end]
        for end in (session.upper, session.lower)
        if NODES[end].is_switch
        for version in session.families
    )


def _established(network: Network, switch: str) -> set[tuple[Address, int]]:
    summary = network.bgpd_json(switch, "show bgp summary json")
    return {
        (ip_address(address), version)
        for version in VERSIONS
        for address, peer in summary.get(f"ipv{version}Unicast", {}).get("peers", {}).items()
        if peer["state"] == "Established"
    }


def missing_routes(network: Network) -> list[tuple[str, Prefix]]:
    """Return (node, prefix) for each legitimate route that is not where it belongs, sorted."""
    found: list[tuple[str, Prefix]] = []
    for node in NODES:
        for version in VERSIONS:
            here = routes(network, node, version)
            wanted = of_version(expected(node), version)
            found += [(node, prefix) for prefix in sorted(wanted - set(here), key=str)]
    return found
