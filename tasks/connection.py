"""How Nornir opens a device: its NAPALM driver, with what the platform's adapter adds to it.

:class:`DeviceConnection` stands beside nornir_napalm's own plugin, which hands a driver to nobody
before it is open: PyEZ, say, checks host keys only if it is told so in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nornir.core.plugins.connections import ConnectionPluginRegister

from tasks.adapters import ADAPTERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nornir.core.configuration import Config

    from tasks.adapters.base import Driver

#: The name that hosts know the connection by.
CONNECTION = "ringfence"


class DeviceConnection:
    """A Nornir connection plugin; ``extras`` has ``trust``, and what the driver takes."""

    connection: Driver

    def open(  # noqa: PLR0917 - Nornir's signature
        self,
        hostname: str | None,
        username: str | None,
        password: str | None,
        port: int | None,
        platform: str | None,
        extras: Mapping[str, Any] | None = None,
        configuration: Config | None = None,
    ) -> None:
        """Open the driver; all identity checks stand before the first byte is sent."""
        del configuration
        more = dict(extras or {})
        trust = more.pop("trust")
        optional = dict(more.pop("optional_args", {}))
        if port:
            optional.setdefault("port", port)
        # NAPALM imports all of its drivers, which no command needs that contacts nothing.
        from napalm import get_network_driver  # noqa: PLC0415

        driver = get_network_driver(str(platform))(
            hostname=hostname,
            username=username,
            password=password,
            optional_args=optional,
            **more,
        )
        ADAPTERS[str(platform)].before_open(driver, trust)
        driver.open()
        self.connection = driver

    def close(self) -> None:
        """Close the driver."""
        self.connection.close()


def register() -> None:
    """Let Nornir know the plugin; registering it twice changes nothing."""
    ConnectionPluginRegister.register(CONNECTION, DeviceConnection)
