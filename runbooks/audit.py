"""The drift audit and the live proof: read-only. Start with :func:`audit` and :func:`verify`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from policies.errors import LimitError
from policies.guards import wanted_guards
from policies.pools import check_pools
from policies.proof import leaks
from runbooks.device_plan import compute
from runbooks.planning import gather

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.site import Device, Site
    from policies.guards import WantedGuard
    from runbooks.device_plan import DevicePart
    from runbooks.progress import Progress
    from tasks.fleet import Fleet
    from tasks.outcome import Outcome
    from tasks.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One device: ``state`` is clean, differs or unknown.

    ``leaks`` say what a session lets through and must not, with a witness; ``differences``
    what a deploy would do; ``obstacles`` what would keep it from doing so.
    """

    device: str
    state: str
    leaks: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    obstacles: tuple[str, ...] = ()
    error: str | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the verdict for JSON."""
        return asdict(self)


def audit(site: Site, fleet: Fleet, progress: Progress) -> tuple[Verdict, ...]:
    """Return what differs on each device from what the pools want; changes nothing.

    A device that does not answer is unknown, never clean.
    """
    broken, _ = check_pools(site)
    if broken:
        raise LimitError(broken)
    guards = wanted_guards(site)
    outcomes = gather(site, fleet, guards, progress)
    return tuple(
        _judge(site, site.devices[name], outcome, guards) for name, outcome in outcomes.items()
    )


def _judge(
    site: Site,
    device: Device,
    outcome: Outcome[Snapshot],
    guards: Mapping[str, tuple[WantedGuard, ...]],
) -> Verdict:
    if outcome.failed:
        return Verdict(device=device.name, state="unknown", error=str(outcome.error))
    snapshot = outcome.get()
    part = compute(site, device, snapshot, guards[device.name])
    leaks_found = leaks(snapshot.running, part.fenced)
    found = tuple(str(one) for one in leaks_found)
    leaking = {(one.session, one.version, one.direction) for one in leaks_found}
    differences = tuple(_differences(part, {f"{k} ipv{v} {d}" for k, v, d in leaking}))
    obstacles = tuple(
        str(one) for one in part.violations if one.limit not in ("drops-routes", "not-fenced")
    )
    differs = bool(found or differences or obstacles)
    return Verdict(
        device=device.name,
        state="differs" if differs else "clean",
        leaks=found,
        differences=differences,
        obstacles=obstacles,
    )


def _differences(part: DevicePart, leaking: set[str]) -> list[str]:
    """Return what a deploy would do, in prefixes where it changes any, else in lines.

    What a session in ``leaking`` lets through has been said already.
    """
    said = []
    for change in part.plan.changes:
        where = f"{change.session} ipv{change.family} {change.direction}"
        if change.stops and where not in leaking:
            said.append(f"{where} lets through {', '.join(change.stop_examples)}: to be closed")
        if change.starts:
            said.append(f"{where} drops {', '.join(change.start_examples)}: to be opened")
    said += [f"{one.prefix} from {one.session} is in the table" for one in part.plan.drops]
    if not said and not leaking:
        said += [f"to send: {line}" for line in part.plan.candidate.splitlines()]
    return said


def verify(site: Site, fleet: Fleet, progress: Progress) -> tuple[Verdict, ...]:
    """Return, for each device, whether its own configuration is proven inside the pools (P1)."""
    return tuple(
        Verdict(
            device=one.device,
            state="differs"
            if one.leaks or one.obstacles
            else one.state.replace("differs", "clean"),
            leaks=one.leaks,
            obstacles=one.obstacles,
            error=one.error,
        )
        for one in audit(site, fleet, progress)
    )
