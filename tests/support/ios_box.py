"""An IOS-XE switch of the lab, and NAPALM's own driver on it: :func:`startup`, :func:`opened`."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napalm import get_network_driver

from inventory.models import Ssh, Tls
from lab.render import node_files
from tasks.adapters.base import Trust
from tasks.adapters.ios import IosAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchbox import SwitchBox

    from tasks.adapters.base import Driver


def startup(name: str) -> str:
    """Return what one of the lab's switches boots with."""
    return node_files(name, "ios")["startup"]


@contextmanager
def opened(box: SwitchBox, **options: Any) -> Iterator[Driver]:  # noqa: ANN401 - the driver's
    """Open the unmodified driver on a switch, with the adapter's options and ``options``."""
    with opened_at(
        box.address,
        box.ports["ssh"],
        username=box.username,
        known_hosts=box.known_hosts,
        key_file=box.key_file,
        **options,
    ) as driver:
        yield driver


@contextmanager
def opened_at(
    address: str,
    port: int,
    *,
    username: str,
    known_hosts: Path,
    key_file: Path,
    **options: Any,  # noqa: ANN401 - the driver's
) -> Iterator[Driver]:
    """Open the unmodified driver as the program does, host key checked."""
    adapter = IosAdapter()
    trust = Trust(
        ssh=Ssh(known_hosts=str(known_hosts), key_file=str(key_file)),
        tls=Tls(),
        folder=Path("/"),
    )
    driver = get_network_driver("ios")(
        hostname=address,
        username=username,
        password="",
        optional_args={"port": port, **adapter.options({}, trust), **options},
    )
    adapter.before_open(driver, trust)
    driver.open()
    try:
        yield driver
    finally:
        driver.close()
