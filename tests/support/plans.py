"""Plans for tests that look at what is done with one, not at how it came about."""

from __future__ import annotations

from typing import Any

from runbooks.plan_file import SCHEMA, DevicePlan, DroppedRoute, Plan, SessionChange


def make_device_plan(device: str = "tor1", **fields: Any) -> DevicePlan:  # noqa: ANN401
    """Return a device's plan with something in every field; ``fields`` replace some."""
    usual: dict[str, Any] = {
        "device": device,
        "digest": "sha256:1",
        "digest_after": "sha256:2",
        "candidate": "route-map RM deny 1\nexit\n",
        "way_back": "no route-map RM deny 1\n",
        "device_diff": "+ route-map RM deny 1\n",
        "steps": ("SetStanza",),
        "changes": (
            SessionChange(
                session="10.0.0.1",
                direction="import",
                family=4,
                fence="only orange",
                stops=True,
                stop_examples=("0.0.0.0/0",),
                starts=False,
            ),
        ),
        "drops": (DroppedRoute(prefix="198.51.100.0/24", session="10.0.0.1"),),
        "closed": ("10.0.0.2 ipv4 import: no policy",),
    }
    return DevicePlan(**{**usual, **fields})


def make_plan(*devices: DevicePlan, **fields: Any) -> Plan:  # noqa: ANN401
    """Return a plan of ``devices``, by default one."""
    usual: dict[str, Any] = {
        "schema": SCHEMA,
        "site": "dc1",
        "created": "2026-01-01T00:00:00+00:00",
        "by": "somebody@somewhere",
        "inputs": "sha256:0",
        "accepted": (),
        "findings": ("a finding",),
        "waves": (("tor1",),),
        "devices": devices or (make_device_plan(),),
    }
    return Plan(**{**usual, **fields})
