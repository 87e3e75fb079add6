"""FRR, through the driver in ``tasks.drivers.frr``."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from inventory.errors import DeviceError
from policies.filters import Direction
from policies.redact import redact
from tasks.adapters.base import Origin, Tables, netmiko_options, same_diff

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inventory.fields import Network
    from policies.filters import Session, SessionKey
    from tasks.adapters.base import Driver, Origins, Trust

#: What vtysh says where all daemons share one file.
_SAVED = "saved to /etc/frr/frr.conf"


class FrrAdapter:
    """The driver does most by itself: one transaction, its timer armed on the switch."""

    shows_trial = True

    def options(self, given: Mapping[str, Any], trust: Trust) -> dict[str, Any]:
        """Return netmiko's options."""
        return netmiko_options(given, trust)

    def before_open(self, driver: Driver, trust: Trust) -> None:
        """Do nothing: netmiko's options say it all."""

    def lacks(self, driver: Driver, running: str) -> tuple[str, ...]:
        """Return nothing: the driver brings its own timer to the switch."""
        del driver, running
        return ()

    def running(self, driver: Driver) -> str:
        """Return ``show running-config``."""
        return str(driver.get_config(retrieve="running")["running"])

    def tables(self, driver: Driver, sessions: Sequence[tuple[SessionKey, int]]) -> Tables:
        """Return who is up, and what is accepted from ``sessions``."""
        up = {
            ("" if vrf == "global" else vrf, address)
            for vrf, instance in driver.get_bgp_neighbors().items()
            for address, peer in instance["peers"].items()
            if peer["is_up"]
        }
        found = driver.accepted_routes_from([(key.name, key.vrf, ver) for key, ver in sessions])
        routes = {
            session: {
                neighbor: frozenset(ip_network(one) for one in prefixes)
                for neighbor, prefixes in by_neighbor.items()
            }
            for session, by_neighbor in zip(sessions, found, strict=True)
        }
        return Tables(up=frozenset(up), routes=routes)

    def origins(self, driver: Driver, routes: Sequence[tuple[str, Network]]) -> Origins:
        """Return the paths, in one round trip."""
        found = driver.paths_to([(vrf, str(prefix)) for vrf, prefix in routes])
        return {
            route: tuple(
                Origin(
                    neighbor=one["neighbor"],
                    says=one["hostname"],
                    next_hop=one["next_hop"],
                    as_path=one["as_path"],
                )
                for one in paths
                if one["neighbor"]
            )
            for route, paths in zip(routes, found, strict=True)
        }

    def dry_run(self, driver: Driver, candidate: str) -> tuple[str, str | None]:
        """Load, compare, look at the candidate, and discard."""
        try:
            driver.load_merge_candidate(config=candidate)
            diff = redact(str(driver.compare_config()))
            candidate_text = str(driver.get_config(retrieve="candidate")["candidate"])
            return diff, f"{candidate_text.rstrip()}\nend\n"
        finally:
            driver.discard_config()

    def commit(self, driver: Driver, candidate: str, diff: str, revert_in: int) -> None:
        """Load, compare with what was planned, and commit with the timer."""
        try:
            driver.load_merge_candidate(config=candidate)
            same_diff(redact(str(driver.compare_config())), diff)
            driver.commit_config(revert_in=revert_in)
        except BaseException:
            if not driver.has_pending_commit():
                driver.discard_config()
            raise

    def refresh(self, driver: Driver, slots: Sequence[tuple[Session, int, Direction]]) -> None:
        """Ask for the routes again (RFC 2918) instead of waiting for the delay timer."""
        way = {Direction.IMPORT: "in", Direction.EXPORT: "out"}
        commands = []
        for session, version, direction in slots:
            vrf = f" vrf {session.key.vrf}" if session.key.vrf else ""
            who = f"peer-group {session.key.name}" if session.is_group else session.key.name
            commands.append(f"clear bgp{vrf} ipv{version} unicast {who} soft {way[direction]}")
        driver.run_together(commands)

    def pending(self, driver: Driver) -> bool:
        """Return whether the switch's timer runs."""
        return bool(driver.has_pending_commit())

    def confirm(self, driver: Driver) -> None:
        """Stop the timer and save."""
        driver.confirm_commit()

    def save(self, driver: Driver) -> None:
        """Save.

        Raises:
            DeviceError: the switch does not say that it did.
        """
        said = driver.run_together(["write memory"])
        if _SAVED not in said:
            raise DeviceError(f"it did not save its configuration: {' '.join(said.split())}")

    def revert(self, driver: Driver, way_back: str) -> None:
        """Take the pending commit back now, byte for byte."""
        del way_back
        driver.rollback_pending()
