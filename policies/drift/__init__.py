"""Drift of one device, told apart by what it means; its words: :mod:`policies.drift.kinds`."""

from __future__ import annotations

from policies.drift.kinds import Effect, Kind

__all__ = ["Effect", "Kind"]
