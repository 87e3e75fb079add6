"""NAPALM's conventions for getter tests: recorded answers by test and case under mocked_data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from napalm.base.test import conftest as napalm_conftest
from napalm.base.test.double import BaseTestDouble

from tasks.drivers.frr.driver import FRRDriver

if TYPE_CHECKING:
    from collections.abc import Iterator


class RecordedSwitch(BaseTestDouble):  # type: ignore[misc]  # NAPALM has no annotations
    """Answers from files named after the command, recorded on FRR 8.4.4."""

    def vtysh(self, command: str) -> str:
        return self._recorded(command)

    def shell(self, command: str) -> str:
        return self._recorded(command)

    def unlock(self) -> None:
        """Nothing is ever locked."""

    def _recorded(self, command: str) -> str:
        return Path(self.find_file(f"{self.sanitize_text(command)}.txt")).read_text()


class RecordedDriver(FRRDriver):
    """The driver on a recorded switch."""

    def __init__(
        self,
        hostname: str,
        username: str,
        password: str,
        timeout: int = 60,
        optional_args: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(hostname, username, password, timeout, optional_args)
        self.patched_attrs = ["device"]

    def open(self) -> None:
        self.device = RecordedSwitch()

    def is_alive(self) -> dict[str, bool]:
        return {"is_alive": True}


@pytest.fixture(scope="class")
def set_device_parameters(request: pytest.FixtureRequest) -> Iterator[None]:
    """Give the test class a driver on a recorded switch."""
    assert request.cls is not None
    request.cls.driver = FRRDriver
    request.cls.patched_driver = RecordedDriver
    request.cls.vendor = "frr"
    napalm_conftest.set_device_parameters(request)
    yield
    request.cls.device.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of every recorded case."""
    napalm_conftest.pytest_generate_tests(metafunc, __file__)
