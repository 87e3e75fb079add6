"""The parts of audit reports for tests, one usual one of each: see :mod:`audit_reports`."""

from __future__ import annotations

from typing import Any

from policies.drift import Effect, Kind
from runbooks.audit_report import (
    DeviceReport,
    DeviceState,
    Finding,
    Line,
    PastAudit,
    Posture,
    PrefixChange,
    SessionReport,
    SessionState,
    Severity,
    WouldDeploy,
)

EARLIER = "2026-11-20T04:00:06.000+00:00"

#: What a finding of each kind looks like: its effect, how bad it is, and its witness.
_KINDS: dict[Kind, tuple[Effect, Severity, str | None]] = {
    Kind.TAMPERED_LIST: (Effect.WEAKENED, Severity.CRITICAL, "10.99.0.0/26"),
    Kind.FOREIGN_LINE: (Effect.NONE, Severity.WARNING, None),
    Kind.DETACHED: (Effect.WEAKENED, Severity.CRITICAL, "0.0.0.0/0"),
    Kind.SHADOWED: (Effect.BOTH, Severity.CRITICAL, "8.8.8.0/24"),
    Kind.MISSING: (Effect.WEAKENED, Severity.CRITICAL, "0.0.0.0/0"),
    Kind.OUTDATED: (Effect.BOTH, Severity.CRITICAL, "10.65.1.0/26"),
    Kind.WEAKENED: (Effect.WEAKENED, Severity.CRITICAL, "192.0.2.0/24"),
    Kind.NARROWED: (Effect.NARROWED, Severity.WARNING, "10.65.2.0/26"),
    Kind.LEFTOVER: (Effect.NONE, Severity.NOTE, None),
    Kind.UNKNOWN_NEIGHBOR: (Effect.NONE, Severity.WARNING, None),
    Kind.MISSING_SESSION: (Effect.NONE, Severity.WARNING, None),
    Kind.OUTSIDE_DELEGATION: (Effect.NONE, Severity.WARNING, "10.70.0.0/16"),
    Kind.ILLEGAL_ROUTE: (Effect.WEAKENED, Severity.CRITICAL, "198.51.100.0/24"),
    Kind.SHALLOW: (Effect.NONE, Severity.WARNING, "10.66.0.0/26"),
    Kind.OBSTACLE: (Effect.NONE, Severity.WARNING, None),
}

#: Kinds that are about the site, not about one device.
SITE_KINDS = (Kind.OUTSIDE_DELEGATION, Kind.SHALLOW)
#: Kinds that are about a device, and no one session of it.
DEVICE_KINDS = (Kind.LEFTOVER, Kind.UNKNOWN_NEIGHBOR, Kind.OBSTACLE)


def make_finding(kind: Kind = Kind.WEAKENED, device: str = "tor1", **fields: Any) -> Finding:  # noqa: ANN401
    """Return a finding of ``kind``; ``fields`` replace some of the usual."""
    effect, severity, witness = _KINDS[kind]
    usual: dict[str, Any] = {
        "id": f"{kind}-{device}",
        "kind": kind,
        "effect": effect,
        "severity": severity,
        "device": "" if kind in SITE_KINDS else device,
        "object": f"object of {kind}",
        "text": f"Something is {kind}.",
        "witness": witness,
        "examples": () if witness is None else (witness, "203.0.113.0/24"),
        "lines": (Line(number=12, text=f"the line of {kind}"), Line(number=None, text="no line")),
        "remedy": "deploy puts it right",
        "first_seen": EARLIER,
    }
    if kind not in (*SITE_KINDS, *DEVICE_KINDS):
        usual |= {"session": "NODES", "family": 4, "direction": "import"}
    if kind is Kind.ILLEGAL_ROUTE:
        usual |= {"origin": "172.20.1.7"}
    return Finding(**{**usual, **fields})


def make_session(**fields: Any) -> SessionReport:  # noqa: ANN401
    """Return a session that is proven; ``fields`` replace some of the usual."""
    usual: dict[str, Any] = {
        "session": "NODES",
        "family": 4,
        "direction": "import",
        "guard": "only orange",
        "state": SessionState.PROVEN,
        "peer": "node",
        "up": True,
    }
    return SessionReport(**{**usual, **fields})


#: What can be known of the sessions of a device: one in each state, one without a policy.
SESSIONS = (
    make_session(),
    make_session(family=6),
    make_session(session="10.255.11.0", direction="export", peer="spine1", up=None),
    make_session(session="10.255.11.0", guard=None, state=SessionState.FREE, peer="spine1"),
    make_session(
        session="10.255.11.2",
        direction="export",
        peer="spine2",
        state=SessionState.CLOSED,
        up=False,
        posture=Posture(open=False, text="closed without a policy (RFC 8212)"),
    ),
)

LEAK = make_session(
    session="203.0.113.1",
    guard="never blue, orange",
    state=SessionState.LEAKS,
    peer="external",
    witness="10.65.0.0/26",
    lines=(Line(number=7, text="route-map IN permit 10"),),
    posture=Posture(
        open=True, text="open without a policy", closing=("neighbor X route-map D in",)
    ),
)


def make_device(device: str = "tor1", **fields: Any) -> DeviceReport:  # noqa: ANN401
    """Return a clean device; ``fields`` replace some of the usual."""
    usual: dict[str, Any] = {
        "device": device,
        "platform": "frr",
        "role": device.rstrip("0123456789"),
        "rack": "rack1" if device.startswith("tor") else None,
        "state": DeviceState.CLEAN,
        "sessions": SESSIONS,
        "deploy": WouldDeploy(candidate=""),
    }
    return DeviceReport(**{**usual, **fields})


def make_unknown(device: str = "tor2", error: str = "connection refused") -> DeviceReport:
    """Return a device that nothing is known of."""
    return make_device(
        device, state=DeviceState.UNKNOWN, error=error, sessions=(), deploy=None, platform="eos"
    )


def make_differing(device: str = "border1") -> DeviceReport:
    """Return a device with a session that leaks, and what a deploy would do about it."""
    return make_device(
        device,
        state=DeviceState.DIFFERS,
        sessions=(LEAK, *SESSIONS),
        deploy=WouldDeploy(
            candidate="route-map IN deny 1\n match ip address prefix-list RF-no-v4-0a1b2c3d\n",
            changes=(
                PrefixChange(
                    session="203.0.113.1", family=4, direction="import", stops=("10.65.0.0/26",)
                ),
            ),
            obstacles=("drops-routes border1: 10.65.0.0/26 from 203.0.113.1",),
        ),
    )


def make_past(number: int = 0, **fields: Any) -> PastAudit:  # noqa: ANN401
    """Return the audit of the history that is the ``number``th of a day, hour by hour."""
    usual: dict[str, Any] = {
        "id": f"20261122T{number:02}0000Z-00{number:02}",
        "started": f"2026-11-22T{number:02}:00:00.000+00:00",
        "complete": number % 7 != 5,
        "clean": 3 - number % 3,
        "differs": number % 3,
        "unknown": int(number % 7 == 5),
        "critical": number % 4,
        "warning": number % 5,
    }
    return PastAudit(**{**usual, **fields})
