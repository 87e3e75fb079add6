"""What can be made to go wrong with a switch, the same on every platform; read ``FAULTS`` first.

Law: a fault changes no configuration, and after its end the switch is what it was before, but for
what happened meanwhile. Those of the wire and of sessions happen outside the switch
(``lab.wire``, ``lab.session_faults``); the others it does itself (``lab.machine`` for FRR,
``lab.switch`` for the virtual ones), as its platform would.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lab import control, session_faults
from lab.errors import LabError
from lab.network import Network
from lab.wire import Traffic

How = int | float | str


class Place(StrEnum):
    """Where a fault happens."""

    WIRE = "on the wire"
    SWITCH = "in the switch"
    SESSION = "at a session"
    EVENT = "an event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault; ``needs`` and ``takes`` are the names of its arguments."""

    place: Place
    sentence: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


FAULTS: Mapping[str, Fault] = {
    "refuse": Fault(place=Place.WIRE, sentence="Nothing listens, and connections are reset."),
    "drop": Fault(
        place=Place.WIRE,
        sentence=(
            "Every connection is reset, a new one at once. With after=N only once: N round trips "
            "pass, and in the next one the answer is lost (with lost=request the request is)."
        ),
        takes=("after", "lost"),
    ),
    "hang": Fault(
        place=Place.WIRE,
        sentence="Connections stay and are made, but nothing is forwarded any more.",
    ),
    "garbage": Fault(
        place=Place.WIRE,
        sentence="The client is told noise, once on each connection; all else is forwarded.",
    ),
    "delay": Fault(place=Place.WIRE, sentence="Every round trip takes ms=N longer.", needs=("ms",)),
    "babble": Fault(
        place=Place.SWITCH,
        sentence="Every management command is answered with what only the transport understands.",
    ),
    "cut": Fault(
        place=Place.SWITCH, sentence="The running configuration is cut off in the middle."
    ),
    "auth-lost": Fault(
        place=Place.SWITCH, sentence="No login is taken any more, and open sessions end."
    ),
    "locked": Fault(place=Place.SWITCH, sentence="Somebody else holds the configuration."),
    "refuse-commit": Fault(
        place=Place.SWITCH, sentence="A commit is refused in the platform's own words."
    ),
    "session-down": Fault(
        place=Place.SESSION,
        sentence=(
            "The BGP session with the first neighbor, or with neighbor=ADDRESS, goes down and "
            "stays down."
        ),
        takes=("neighbor",),
    ),
    "reboot": Fault(
        place=Place.EVENT,
        sentence=(
            "It is away for seconds=N, with all connections; then it runs what its startup "
            "configuration says."
        ),
        needs=("seconds",),
    ),
    "skew": Fault(
        place=Place.EVENT, sentence="Its wall clock jumps by seconds=N.", needs=("seconds",)
    ),
    "lapse": Fault(
        place=Place.EVENT,
        sentence="For its revert timers seconds=N pass at once.",
        needs=("seconds",),
    ),
}

IMPOSSIBLE: Mapping[tuple[str, str], str] = {}
"""(platform, fault) -> why there is no such thing, as a matter of fact."""


def fault(
    network: Network, switch: str, name: str, *, on: bool = True, how: Mapping[str, How]
) -> None:
    """Switch a fault on or off, or let an event happen.

    An event is over when it has happened: to switch it off does nothing.

    Raises:
        LabError: there is no such switch, fault or argument, or the platform can't have it.
    """
    known = _checked(network, switch, name, on=on, how=how)
    if known.place is Place.WIRE:
        arguments = {"switch": switch, "name": name, "on": on, "how": dict(how)}
        control.ask(network.state.wire, "fault", arguments)
    elif known.place is Place.SESSION:
        neighbor = how.get("neighbor")
        act = session_faults.down if on else session_faults.up
        act(network, switch, None if neighbor is None else str(neighbor))
    elif known.place is Place.SWITCH:
        network.control(switch, "fault", name=name, on=on)
    elif on:
        if name == "reboot":
            away = {"switch": switch, "seconds": how["seconds"]}
            control.ask(network.state.wire, "away", away)
        network.control(switch, name, seconds=how["seconds"])


def traffic(network: Network, switch: str) -> Traffic:
    """Return what went over a switch's wire since the start, or since ``reset_traffic``."""
    network.platform(switch)
    return Traffic(**control.ask(network.state.wire, "traffic", {})[switch])


def reset_traffic(network: Network) -> None:
    """Count from nothing again, for all switches."""
    control.ask(network.state.wire, "reset-traffic", {})


def listing() -> list[str]:
    """Return a line for each fault, and for each that a platform can't have."""
    lines = [f"{name:14} {known.place:13} {known.sentence}" for name, known in FAULTS.items()]
    return lines + [f"not {name} on {kind}: {why}" for (kind, name), why in IMPOSSIBLE.items()]


def _checked(
    network: Network, switch: str, name: str, *, on: bool, how: Mapping[str, How]
) -> Fault:
    platform = network.platform(switch)
    if name not in FAULTS:
        raise LabError(f"no fault is called {name}: there are {', '.join(FAULTS)}", exit_code=5)
    known = FAULTS[name]
    if unknown := sorted(set(how) - {*known.needs, *known.takes}):
        raise LabError(f"{name} takes no {', '.join(unknown)}", exit_code=5)
    if on and (lacking := [one for one in known.needs if one not in how]):
        raise LabError(f"{name} needs {', '.join(f'{one}=' for one in lacking)}", exit_code=5)
    if reason := IMPOSSIBLE.get((platform, name)):
        raise LabError(f"{platform} can't have {name}: {reason}", exit_code=5)
    return known
