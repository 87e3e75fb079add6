"""NAPALM's own getter tests, on answers recorded from FRR 8.4.4."""

from __future__ import annotations

import inspect
import pkgutil
from importlib.metadata import version

import pytest
from napalm.base import NetworkDriver, get_network_driver
from napalm.base.test.getters import BaseTestGetters

import custom_napalm.frr
from tasks.drivers.frr.driver import FRRDriver

# What the driver offers beyond NAPALM.
BEYOND = {
    "accepted_routes",
    "accepted_routes_from",
    "paths_to",
    "refresh_routes",
    "rollback_pending",
    "run_together",
    "settle_seconds",
}


@pytest.mark.usefixtures("set_device_parameters")
class TestGetter(BaseTestGetters):  # type: ignore[misc]  # NAPALM has no annotations
    def test_method_signatures(self) -> None:
        """As NAPALM's test of the name, which allows a driver no method of its own."""
        differing = {
            name
            for name, method in inspect.getmembers(FRRDriver, inspect.isfunction)
            if not name.startswith("_")
            and _arguments(method) != _arguments(getattr(NetworkDriver, name, None))
        }
        assert differing == BEYOND


def _arguments(method: object) -> object:
    return inspect.getfullargspec(method)[:4] if inspect.isfunction(method) else None


for _name in dir(BaseTestGetters):
    # NAPALM skips what a driver lacks, test by test; here it is not collected.
    _getter = _name.removeprefix("test_")
    _inherited = getattr(NetworkDriver, _getter, None) if _name.startswith("test_") else None
    if _inherited is not None and getattr(FRRDriver, _getter) is _inherited:
        setattr(TestGetter, _name, None)
for _name in ("test_get_arp_table_with_vrf", "test_get_route_to_longer"):
    setattr(TestGetter, _name, None)


def test_napalm_finds_the_driver_by_its_platform() -> None:
    assert get_network_driver("frr") is FRRDriver
    found = [thing for thing in vars(custom_napalm.frr).values() if inspect.isclass(thing)]
    assert found == [FRRDriver]  # NAPALM takes the first, and a base class would do, too


def test_no_module_stops_napalms_command_line_tool() -> None:
    """The tool asks for the version of a distribution for every module of such a name."""
    named = [module.name for module in pkgutil.iter_modules() if module.name.startswith("napalm")]
    assert [version(name) for name in named]
