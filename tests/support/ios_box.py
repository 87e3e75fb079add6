"""An IOS-XE switch of the lab, and NAPALM's own driver on it: :func:`startup`, :func:`opened`."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from napalm import get_network_driver

from inventory.models import Ssh, Tls
from lab.topology import NODES, rack_of, sessions_of
from tasks.adapters.base import Trust
from tasks.adapters.ios import IosAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchbox import SwitchBox

_TEMPLATES = Path(__file__).parents[2] / "lab" / "templates"


def startup(name: str) -> str:
    """Return the startup configuration of one of the lab's switches."""
    environment = Environment(  # noqa: S701 - router configurations, not HTML
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("ios/startup.j2").render(
        node=NODES[name], nodes=NODES, sessions=sessions_of(name), rack=rack_of(name)
    )


@contextmanager
def opened(box: SwitchBox, **options: Any) -> Iterator[Any]:  # noqa: ANN401 - not annotated
    """Open the unmodified driver as the program does, host key checked."""
    adapter = IosAdapter()
    trust = Trust(
        ssh=Ssh(known_hosts=str(box.known_hosts), key_file=str(box.key_file)),
        tls=Tls(),
        folder=Path("/"),
    )
    driver = get_network_driver("ios")(
        hostname=box.address,
        username=box.username,
        password="",
        optional_args={"port": box.ports["ssh"], **adapter.options({}, trust), **options},
    )
    adapter.before_open(driver, trust)
    driver.open()
    try:
        yield driver
    finally:
        driver.close()
