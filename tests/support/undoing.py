"""Taking back what is confirmed already, as a run does it: :func:`undo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.adapters.base import Adapter, Driver


def undo(adapter: Adapter, driver: Driver, way_back: str, timer_s: int = 60) -> None:
    """Commit ``way_back`` like any other change, and confirm it."""
    diff, _ = adapter.dry_run(driver, way_back)
    adapter.commit(driver, way_back, diff, timer_s)
    adapter.confirm(driver)
