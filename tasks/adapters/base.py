"""What every platform's adapter does with an open NAPALM driver: :class:`Adapter`.

Success is what the device's configuration and tables say afterwards, never what a driver
returned: an adapter only carries out, :mod:`tasks.verify` judges.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from inventory.models import Network, Ssh
    from policies.filters import Direction, Session, SessionKey

#: An open NAPALM driver; NAPALM is not annotated.
Driver = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """What a device's BGP says: the neighbors that are up, and the routes accepted from sessions.

    ``up`` holds (vrf, address), dynamic neighbors included. ``accepted`` has the slots that
    were asked for, by session and family; a peer group's are those of all its members.
    """

    up: frozenset[tuple[str, str]]
    accepted: Mapping[tuple[SessionKey, int], frozenset[Network]] = field(default_factory=dict)


class Adapter(Protocol):
    """One platform's ways. All methods but the first need an open driver."""

    def options(self, given: Mapping[str, Any], ssh: Ssh, folder: Path) -> dict[str, Any]:
        """Return the driver's ``optional_args``: ``given`` by the inventory, and who to trust.

        ``folder`` is where relative paths of ``ssh`` start. The result is a new dict.
        """

    def running(self, driver: Driver) -> str:
        """Return the whole running configuration."""

    def tables(self, driver: Driver, sessions: Sequence[tuple[SessionKey, int]]) -> Tables:
        """Return the BGP tables, with the accepted routes of ``sessions`` (session, family)."""

    def dry_run(self, driver: Driver, candidate: str) -> tuple[str, str]:
        """Return the device's diff for a merge of ``candidate``, and what it would then hold.

        Secrets in the diff are hidden. Nothing stays behind on the device.
        """

    def commit(self, driver: Driver, candidate: str, diff: str, revert_in: int) -> None:
        """Commit ``candidate`` with a revert timer of ``revert_in`` seconds, armed before.

        Raises:
            DeviceError: the device's diff is not ``diff`` any more, or it refused; the
                device is as it was.
        """

    def refresh(self, driver: Driver, slots: Sequence[tuple[Session, int, Direction]]) -> None:
        """Make routes follow changed policies now, without touching the sessions."""

    def pending(self, driver: Driver) -> bool:
        """Return whether a commit waits for its confirmation."""

    def confirm(self, driver: Driver) -> None:
        """Confirm the pending commit, and save."""

    def revert(self, driver: Driver) -> None:
        """Take back the pending commit, or the one confirmed last by this driver."""
