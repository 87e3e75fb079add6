"""Of all that has drifted on a device, what gets into its tables past their sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.drift import Drift, drift
from policies.references import ImportRef

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.hosts import Device
    from policies.filters import Running
    from policies.guards import WantedGuard


def told_of_imports(device: Device, running: Running, wants: Sequence[WantedGuard]) -> list[Drift]:
    """Return what is told of imports, and nothing else."""
    told = drift(device, running, wants)
    return [one for one in told if any(isinstance(at, ImportRef) for at in one.references)]
