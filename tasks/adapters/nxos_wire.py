"""How commands reach an NX-OS switch: NX-API (driver ``nxos``) and the CLI (``nxos_ssh``).

Read :class:`Wire`. Law: what the device refuses is a :class:`~tasks.errors.RejectedError` with its
own words on both, and nothing behind a refused line is sent. The drivers' own ``_send_config``
sees to that on neither: NX-API reports what it answers as its own exception, and over SSH all but
"Invalid command" passes for success.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from napalm.nxapi_plumbing.errors import NXAPICommandError, NXAPIConnectionError
from netmiko.exceptions import ConfigInvalidException

from policies.redact import redact
from tasks.errors import ConnectError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tasks.adapters.base import Driver

#: How NX-OS begins a refusal; what a line prints otherwise (a warning, say) is none.
_REFUSAL = r"^(?:% ?\S|ERROR\b|Error\b|Syntax error|Cannot |Failed ).*$"
#: Seconds for one command: a rollback of a large configuration takes its time.
_PATIENCE = 120
_ENTER, _LEAVE = "configure terminal", "end"


class Wire(Protocol):
    """Sends commands through an open driver."""

    def show(self, driver: Driver, command: str) -> str:
        """Return what an exec command prints.

        Raises:
            RejectedError: the device refuses it.
        """

    def data(self, driver: Driver, command: str) -> dict[str, Any]:
        """Return what a ``show`` command has to say as data; {} for nothing."""

    def configure(self, driver: Driver, lines: Sequence[str]) -> None:
        """Enter configuration lines one by one, up to the first that is refused.

        Raises:
            RejectedError: the device refuses a line; those before it are taken.
        """


class NxApi:
    """JSON-RPC over HTTPS. A batch is one session of the device, which ends at a refusal."""

    def show(self, driver: Driver, command: str) -> str:
        """Return what an exec command prints."""
        with _refusals():
            return str(driver.device.show(command, raw_text=True) or "")

    def data(self, driver: Driver, command: str) -> dict[str, Any]:
        """Return a command's data."""
        with _refusals():
            return dict(driver.device.show(command) or {})

    def configure(self, driver: Driver, lines: Sequence[str]) -> None:
        """Enter configuration lines, in one request."""
        with _refusals():
            # Whether NX-API configures without being told to differs by release; this is safe.
            driver.device.config_list([_ENTER, *lines])


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what the driver raises into what the device, or the network, did."""
    try:
        yield
    except NXAPICommandError as error:
        raise _rejected(error.command, error.message) from error
    # A request that is answered too late is an OSError, which the driver lets through.
    except (NXAPIConnectionError, OSError) as error:
        raise ConnectError(f"NX-API did not answer: {redact(str(error))}") from error


class Cli:
    """The command line, as netmiko types it."""

    def show(self, driver: Driver, command: str) -> str:
        """Return what an exec command prints."""
        device = driver.device
        # A prompt alone on its line: a description may hold the switch's name and a "#".
        prompt = rf"(?:^|\n){re.escape(device.base_prompt)}[#>]\s*$"
        text = str(device.send_command(command, expect_string=prompt, read_timeout=_PATIENCE))
        first = next((one for one in text.splitlines() if one.strip(" ^")), "")
        if re.match(_REFUSAL, first):
            raise _rejected(command, first)
        return text

    def data(self, driver: Driver, command: str) -> dict[str, Any]:
        """Return a command's data."""
        text = self.show(driver, f"{command} | json").strip()
        return dict(json.loads(text)) if text else {}

    def configure(self, driver: Driver, lines: Sequence[str]) -> None:
        """Enter configuration lines, looking at what each prints."""
        device = driver.device
        try:
            device.send_config_set(
                list(lines),
                config_mode_command=_ENTER,
                error_pattern=_REFUSAL,
                read_timeout=_PATIENCE,
            )
        except ConfigInvalidException as error:
            device.exit_config_mode()
            command, _, words = str(error).partition(", matched error: ")
            raise _rejected(command.partition("command: ")[2], words) from error


def _rejected(command: str, words: str) -> RejectedError:
    said = " ".join(redact(words).split()) or "Invalid command"
    return RejectedError(f"the device refuses `{redact(command.strip())}`: {said}")
