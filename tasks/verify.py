"""Whether a device is what it should be after a change, by its own text and tables.

:func:`verify_config` is the proof from the running configuration; :func:`verify_routes`
waits, within a limit, until sessions and routes have followed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.accepts import Judge
from policies.dialects import DIALECTS
from policies.dialects.line_ends import lines_of
from policies.importing import import_accepts
from policies.managed import digest
from policies.proof import leaks
from policies.redact import redact
from tasks.errors import VerifyError
from tasks.snapshot import parse_running

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inventory.fields import Network
    from inventory.hosts import Device
    from policies.accepts import Accepts
    from policies.filters import Running, SessionKey
    from policies.guards import Fence
    from policies.managed import Slot
    from tasks.fleet import Host
    from tasks.snapshot import Snapshot

#: Seconds between two looks at a table that has not followed yet.
_LOOK_AGAIN = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a device should be: the filter set after the change, and what it is fenced to.

    ``running`` is None where only its ``digest`` is known: of a way back that was rendered in an
    earlier run, on a platform that shows no candidate. ``max_lost`` is the part of a session's
    accepted routes that may vanish meanwhile, as pods come and go, before the change is blamed.
    ``stopped`` are the prefixes that the plan drops on some device, and which so may vanish behind
    it too.
    """

    running: Running | None
    digest: str
    fenced: Mapping[Slot, Fence]
    before: Snapshot
    max_lost: float
    stopped: frozenset[str] = frozenset()


def verify_config(device: Device, text: str, expected: Expected) -> Running:
    """Judge the running configuration ``text`` after a change, and return what it means.

    Raises:
        VerifyError: something foreign changed (P5), the filters are not the planned ones,
            or a session accepts more than its fence allows (P1), with a witness.
    """
    dialect = DIALECTS[device.platform]
    running = parse_running(device, text)
    before, after = dialect.foreign(expected.before.text), dialect.foreign(text)
    if before != after:
        raise VerifyError(
            f"{device.name}: lines that are not ringfence's changed meanwhile: "
            f"{_first_difference(before, after)}"
        )
    found = leaks(running, expected.fenced)
    if found:
        raise VerifyError(f"{device.name}: {found[0]}")
    planned = expected.running
    if digest(running) != expected.digest or (planned is not None and running != planned):
        raise VerifyError(f"{device.name}: the filters it has now are not the planned ones")
    return running


def _first_difference(before: str, after: str) -> str:
    old, new = lines_of(before), lines_of(after)
    gone = [line for line in old if line not in set(new)]
    come = [line for line in new if line not in set(old)]
    said = [f"{_place(line, old)} is gone" for line in gone[:1]]
    said += [f"{_place(line, new)} is new" for line in come[:1]]
    return " and ".join(said) or "their order"


def _place(line: str, lines: list[str]) -> str:
    """Return where a foreign line stands, and its first word: the rest may be a secret."""
    indent = len(line) - len(line.lstrip())
    above = [
        one
        for one in lines[: lines.index(line)]
        if one.strip(" !") and len(one) - len(one.lstrip()) < indent
    ]
    below = f" below `{' '.join(redact(above[-1]).split()[:3])}`" if above else ""
    return f"`{' '.join(line.split()[:1])} ...`{below}"


def verify_routes(
    host: Host, device: Device, running: Running, expected: Expected, settle_s: float
) -> int:
    """Wait until sessions and routes are as the change foresaw; return the accepted routes.

    ``running`` is what the device's configuration means now. Every neighbor that was up is up.
    From each guarded import, what was accepted before and still may be is accepted, but for
    ``max_lost`` of it, and nothing that may not be.

    Raises:
        VerifyError: it is not so ``settle_s`` seconds later; names the first thing missing.
    """
    asked = tuple(expected.before.tables.accepted)
    allowed = _allowed(running, asked)
    deadline = time.monotonic() + settle_s
    while True:
        tables = host.adapter.tables(host.driver, asked)
        missing = expected.before.tables.up - tables.up
        wrong = f"neighbor {min(missing)[1]} was up and is down" if missing else None
        for slot in asked:
            now = tables.accepted[slot]
            before = expected.before.tables.accepted[slot]
            wrong = wrong or _judge(slot, before, now, allowed[slot], expected)
        if wrong is None:
            return sum(len(routes) for routes in tables.accepted.values())
        if time.monotonic() >= deadline:
            raise VerifyError(f"{device.name}: {settle_s:g} s after the change {wrong}")
        time.sleep(_LOOK_AGAIN)


def _allowed(
    running: Running, asked: tuple[tuple[SessionKey, int], ...]
) -> dict[tuple[SessionKey, int], Accepts]:
    judge = Judge(running)
    return {(key, version): import_accepts(judge, key, version) for key, version in asked}


def _judge(
    slot: tuple[SessionKey, int],
    before: frozenset[Network],
    now: frozenset[Network],
    allowed: Accepts,
    expected: Expected,
) -> str | None:
    illegal = sorted(str(one) for one in now if one not in allowed.may)
    if illegal:
        return f"{illegal[0]} is still accepted from {slot[0]}"
    gone = {str(one) for one in before - now if one in allowed.must}
    lost = sorted(gone - expected.stopped)
    if len(lost) > expected.max_lost * len(before):
        return f"{lost[0]} is no longer accepted from {slot[0]}"
    return None
