"""Drift of one device, classified: :func:`drift`. Pure; `policies.drift.kinds` has the words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.drift.around import (
    known_sessions,
    missing_sessions,
    narrower_sessions,
    obstacles,
    strangers,
)
from policies.drift.effects import felt_by
from policies.drift.idle import switched_off
from policies.drift.imports import imported
from policies.drift.kinds import Kind
from policies.drift.leftovers import add_leftovers
from policies.drift.report import Findings
from policies.drift.view import View
from policies.install import install

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.hosts import Device
    from policies.drift.model import Drift
    from policies.filters import Running
    from policies.guards import WantedGuard
    from policies.install import Installation

_ORDER = {kind: at for at, kind in enumerate(Kind)}


def drift(
    device: Device,
    running: Running,
    guards: Sequence[WantedGuard],
    wanted: Installation | None = None,
) -> tuple[Drift, ...]:
    """Return what is not as the site wants it on ``device``, by kind and object.

    No finding means that the device is proven inside its pools (P1), that a deploy would change
    nothing, and that nothing is in the way of one. ``wanted`` is what
    :func:`policies.install.install` says of it, where that is known already.
    """
    wanted = wanted if wanted is not None else install(device.name, running, guards)
    view = View(running, wanted, narrower_sessions(device))
    findings = Findings(view)
    for slot in sorted(wanted.fenced):
        for cause, felt in felt_by(view, slot):
            findings.add(cause, felt)
    add_leftovers(view, findings)
    idle = tuple(switched_off(view, guards))
    places = {place for one in idle for place in one.references}
    found = [
        *(
            one
            for one in findings.drifts()
            if one.kind is not Kind.LEFTOVER or not places & {*one.references}
        ),
        *idle,
        *strangers(view, device, guards),
        *missing_sessions(view, guards),
        *imported(view, known_sessions(device)),
    ]
    found += obstacles(view, findings.told)
    return tuple(sorted(found, key=_place))


def _place(one: Drift) -> tuple[int, str, int]:
    return _ORDER[one.kind], one.object, one.version or 0
