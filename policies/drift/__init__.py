"""Drift of one device, told apart by what it means: :func:`drift`; of the site: `site_drift`."""

from __future__ import annotations

from policies.drift.around import site_drift
from policies.drift.drift import drift
from policies.drift.kinds import Effect, Kind
from policies.drift.model import Drift

__all__ = ["Drift", "Effect", "Kind", "drift", "site_drift"]
