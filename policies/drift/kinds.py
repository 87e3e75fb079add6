"""The words for drift: what is wrong (:class:`Kind`), what that does (:class:`Effect`)."""

from __future__ import annotations

from enum import StrEnum


class Effect(StrEnum):
    """What a finding does to what a session lets through, in exact prefix sets."""

    WEAKENED = "weakened"
    NARROWED = "narrowed"
    BOTH = "weakened and narrowed"
    NONE = "none"


class Kind(StrEnum):
    """What is wrong, by its cause; the first that fits, in this order, is the one that is told.

    ``TAMPERED_LIST``: the content of a list of ours is not what its name promises.
    ``FOREIGN_LINE``: a stanza, term or policy of ours has a line that ringfence did not write.
    ``DETACHED``: the guard stands on the device, and the session does not refer to it.
    ``SHADOWED``: the guard is attached and whole, and something ahead of it decides first.
    ``MISSING``: the guard, or a part of it, is not on the device.
    ``OUTDATED``: a guard of ours that is whole, for other pools than the site has now.
    ``WEAKENED``: the session lets more through than its fence allows, for no such cause, or routes
    of another table or a VPN get past all sessions into a guarded one.
    ``NARROWED``: the session drops what the pools allow, for no such cause.
    ``LEFTOVER``: something of ours stands on the device and serves nothing.
    ``UNKNOWN_NEIGHBOR``: a guarded device has a neighbor that the site does not know.
    ``MISSING_SESSION``: the site names a session that the device does not have.
    ``OUTSIDE_DELEGATION``: a pool, or a part of it, was never delegated to its cluster.
    ``ILLEGAL_ROUTE``: a route is in the table right now that its session's fence does not allow.
    ``SHALLOW``: a hijack is dropped on fewer devices than the site demands.
    ``OBSTACLE``: something else would keep a deploy from doing its work.
    """

    TAMPERED_LIST = "tampered-list"
    FOREIGN_LINE = "foreign-line"
    DETACHED = "detached"
    SHADOWED = "shadowed"
    MISSING = "missing"
    OUTDATED = "outdated"
    WEAKENED = "weakened"
    NARROWED = "narrowed"
    LEFTOVER = "leftover"
    UNKNOWN_NEIGHBOR = "unknown-neighbor"
    MISSING_SESSION = "missing-session"
    OUTSIDE_DELEGATION = "outside-delegation"
    ILLEGAL_ROUTE = "illegal-route"
    SHALLOW = "shallow"
    OBSTACLE = "obstacle"
