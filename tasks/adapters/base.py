"""What every platform's adapter does with an open NAPALM driver: :class:`Adapter`.

Success is what the device's configuration and tables say afterwards, never what a driver
returned: an adapter only carries out, :mod:`tasks.verify` judges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tasks.errors import StaleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.fields import Network
    from inventory.reach import Ssh, Tls
    from policies.filters import Direction, Session, SessionKey

#: An open NAPALM driver; NAPALM is not annotated.
Driver = Any


@dataclass(frozen=True, kw_only=True)
class Tables:
    """What a device's BGP says: the neighbors that are up, and the routes accepted from sessions.

    ``up`` holds (vrf, address), dynamic neighbors included. ``routes`` has the slots that were
    asked for, by session and family: what was accepted from each neighbor, by its address. Of a
    peer group those are its members.
    """

    up: frozenset[tuple[str, str]]
    routes: Mapping[tuple[SessionKey, int], Mapping[str, frozenset[Network]]] = field(
        default_factory=dict
    )

    @cached_property
    def accepted(self) -> Mapping[tuple[SessionKey, int], frozenset[Network]]:
        """The routes of each slot, from whomever."""
        return {
            slot: frozenset[Any]().union(*by_neighbor.values())
            for slot, by_neighbor in self.routes.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One path to a prefix: the neighbor that announces it, and what the path says.

    ``says`` is what the neighbor calls itself (the hostname capability), which nobody checks.
    ``next_hop`` and ``as_path`` are the device's words. Each is "" where the device tells none;
    so is the AS path of a route from the device's own AS.
    """

    neighbor: str
    says: str = ""
    next_hop: str = ""
    as_path: str = ""


#: The paths to prefixes, by VRF ("" is the default one) and prefix.
Origins = Mapping[tuple[str, "Network"], tuple[Origin, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom a site trusts: ``ssh`` and ``tls``; relative paths in them start at ``folder``."""

    ssh: Ssh
    tls: Tls
    folder: Path

    def path(self, given: str) -> Path:
        """Return a path that the site's settings give, made absolute."""
        return (self.folder / Path(given).expanduser()).resolve()


class Adapter(Protocol):
    """One platform's ways. All methods but the first need an open driver.

    ``shows_trial`` says whether :meth:`pending` sees a commit that a session left which is dead,
    or still dying.
    """

    shows_trial: bool

    def options(self, given: Mapping[str, Any], trust: Trust) -> dict[str, Any]:
        """Return the driver's ``optional_args``: ``given`` by the inventory, and who to trust.

        The result is a new dict, which the driver may keep and change.
        """

    def before_open(self, driver: Driver, trust: Trust) -> None:
        """Set on a driver that is not open yet what no option of its own can say."""

    def lacks(self, driver: Driver, running: str) -> tuple[str, ...]:
        """Return what the device lacks for a commit with a revert timer: a sentence for each.

        Each names the missing line. Read-only; ``running`` is its running configuration.
        """

    def running(self, driver: Driver) -> str:
        """Return the whole running configuration."""

    def tables(self, driver: Driver, sessions: Sequence[tuple[SessionKey, int]]) -> Tables:
        """Return the BGP tables, with the accepted routes of ``sessions`` (session, family)."""

    def origins(self, driver: Driver, routes: Sequence[tuple[str, Network]]) -> Origins:
        """Return every path to each of ``routes``, which are (vrf, prefix); read-only.

        From whomever, so the caller picks the neighbors that it means. A prefix that is not in
        the table any more has none. Some platforms are asked once for each prefix.
        """

    def dry_run(self, driver: Driver, candidate: str) -> tuple[str, str | None]:
        """Return the device's diff for a merge of ``candidate``, and what it would then hold.

        The second is None on a platform that has no candidate to show. Secrets in the diff are
        hidden. Nothing stays behind on the device, whatever happens.

        Raises:
            RejectedError: the device refuses the candidate; with the device's own words.
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

    def save(self, driver: Driver) -> None:
        """Make sure that what runs, and waits for nothing, outlives a reboot.

        For a device that was left between a confirmation and its saving; needless, and nothing,
        on a platform that saves what it commits.
        """

    def revert(self, driver: Driver, way_back: str) -> None:
        """Take back the pending commit; do nothing where none waits, as its timer was faster.

        ``way_back`` is the candidate that undoes the change, or "": for a platform whose own way
        back would restore somebody else's lines as well. A change that is confirmed goes back by
        :meth:`commit`. The caller judges what the device is afterwards.
        """


def netmiko_options(given: Mapping[str, Any], trust: Trust) -> dict[str, Any]:
    """Return netmiko's options; host keys are checked unless the site says otherwise."""
    # Who to trust is said in site.yaml alone, in plain words.
    ssh = trust.ssh
    options: dict[str, Any] = {**given, "ssh_strict": ssh.check_host_keys}
    if ssh.known_hosts is not None:
        options |= {"alt_host_keys": True, "alt_key_file": str(trust.path(ssh.known_hosts))}
    else:
        options["system_host_keys"] = True
    if ssh.key_file is not None:
        path = str(trust.path(ssh.key_file))
        options |= {"use_keys": True, "key_file": path, "allow_agent": False}
    return options


def same_diff(now: str, planned: str) -> None:
    """Raise unless the device's diff is still the one that was planned.

    Raises:
        StaleError: it is not.
    """
    # A plan's file has a question mark for what UTF-8 can't hold.
    one, other = (text.encode("utf-8", "replace") for text in (now, planned))
    if one != other:
        raise StaleError("the device's own diff is not the planned one any more: make a new plan")
