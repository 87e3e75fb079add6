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

from napalm.nxapi_plumbing.errors import (
    NXAPIAuthError,
    NXAPICommandError,
    NXAPIConnectionError,
    NXAPIError,
)
from netmiko.exceptions import (
    ConfigInvalidException,
    NetmikoTimeoutException,
    ReadException,
    WriteException,
)
from paramiko import SSHException

from policies.redact import redact
from tasks.adapters.ssh_channel import watched
from tasks.errors import ConnectError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from tasks.adapters.base import Driver

#: How NX-OS begins a refusal; what a line prints otherwise (a warning, say) is none.
_REFUSAL = r"^(?:% ?\S|ERROR\b|Error\b|Syntax error|Cannot |Failed ).*$"
#: Seconds for one command: a rollback of a large configuration takes its time.
_PATIENCE = 120
#: What every clock shows.
_TIME = re.compile(r"\d+:\d\d:\d\d")
_ENTER, _LEAVE = "configure terminal", "end"


class Wire(Protocol):
    """Sends commands through an open driver."""

    def show(self, driver: Driver, command: str) -> str:
        """Return what an exec command prints.

        Raises:
            RejectedError: the device refuses it.
            ConnectError: it does not answer, or not as NX-OS does; so with all of these.
        """

    def show_all(self, driver: Driver, commands: Sequence[str]) -> list[str]:
        """Return what each of several exec commands prints, in one request if there is a way."""

    def data(self, driver: Driver, command: str) -> dict[str, Any]:
        """Return what a ``show`` command has to say as data; {} for nothing."""

    def configure(self, driver: Driver, lines: Sequence[str]) -> None:
        """Enter configuration lines one by one, up to the first that is refused.

        Raises:
            RejectedError: the device refuses a line; those before it are taken.
        """

    def guarded(self, driver: Driver) -> AbstractContextManager[None]:
        """Surround what the driver itself does, so that it raises what these do."""


class NxApi:
    """JSON-RPC over HTTPS. A batch is one session of the device, which ends at a refusal."""

    def show(self, driver: Driver, command: str) -> str:
        """Return what an exec command prints."""
        return self.show_all(driver, [command])[0]

    def show_all(self, driver: Driver, commands: Sequence[str]) -> list[str]:
        """Return what each of several exec commands prints, in one request."""
        with _refusals():
            answers = driver.device.show_list(list(commands), raw_text=True)
            return [str(one["result"] or "") for one in _each(answers, commands)]

    def data(self, driver: Driver, command: str) -> dict[str, Any]:
        """Return a command's data."""
        with _refusals():
            answers = driver.device.show_list([command])
            return dict(_each(answers, [command])[0]["result"] or {})

    def configure(self, driver: Driver, lines: Sequence[str]) -> None:
        """Enter configuration lines, in one request."""
        # Whether NX-API configures without being told to differs by release; this is safe.
        entered = [_ENTER, *lines]
        with _refusals():
            _each(driver.device.config_list(entered), entered)

    def guarded(self, driver: Driver) -> AbstractContextManager[None]:
        """Surround what the driver itself does."""
        del driver
        return _refusals()


def _each(answers: Sequence[dict[str, Any]], commands: Sequence[str]) -> list[dict[str, Any]]:
    if len(answers) != len(commands):
        raise ConnectError(
            f"NX-API answered {len(answers)} of {len(commands)} commands, and refused none"
        )
    return list(answers)


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what the driver raises into what the device, or the network, did."""
    try:
        yield
    except NXAPICommandError as error:
        raise _rejected(error.command, error.message) from error
    except NXAPIAuthError as error:
        raise ConnectError(f"it refuses the login: {redact(str(error))}") from error
    # A request that is answered too late is an OSError, which the driver lets through.
    except (NXAPIConnectionError, OSError) as error:
        words = redact(str(error))
        if "CERTIFICATE_VERIFY_FAILED" in words:
            words = f"it is not known to be itself; check its certificate: {words}"
        raise ConnectError(f"NX-API did not answer: {words}") from error
    # Where what NX-API always says is missing, the driver raises whatever it stumbles over.
    except (NXAPIError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ConnectError(
            "its answer is none of NX-API's; something else may listen there"
        ) from error


class Cli:
    """The command line, as netmiko types it."""

    def show(self, driver: Driver, command: str) -> str:
        """Return what an exec command prints."""
        device = driver.device
        # A prompt alone on its line: a description may hold the switch's name and a "#".
        prompt = rf"(?:^|\n){re.escape(device.base_prompt)}[#>]\s*$"
        with _broken(driver):
            text = str(device.send_command(command, expect_string=prompt, read_timeout=_PATIENCE))
        first = next((one for one in text.splitlines() if one.strip(" ^")), "")
        if re.match(_REFUSAL, first):
            raise _rejected(command, first)
        return text

    def show_all(self, driver: Driver, commands: Sequence[str]) -> list[str]:
        """Return what each of several exec commands prints, one after the other."""
        return [self.show(driver, command) for command in commands]

    def data(self, driver: Driver, command: str) -> dict[str, Any]:
        """Return a command's data."""
        text = self.show(driver, f"{command} | json").strip()
        try:
            return dict(json.loads(text)) if text else {}
        except (ValueError, TypeError) as error:
            raise ConnectError(f"`{command} | json` shows no JSON") from error

    def configure(self, driver: Driver, lines: Sequence[str]) -> None:
        """Enter configuration lines, looking at what each prints."""
        device = driver.device
        try:
            with _broken(driver):
                device.send_config_set(
                    list(lines),
                    config_mode_command=_ENTER,
                    error_pattern=_REFUSAL,
                    read_timeout=_PATIENCE,
                )
        except ConfigInvalidException as error:
            with _broken(driver):
                device.exit_config_mode()
            command, _, words = str(error).partition(", matched error: ")
            raise _rejected(command.partition("command: ")[2], words) from error

    @contextmanager
    def guarded(self, driver: Driver) -> Iterator[None]:
        """Surround what the driver itself does, and see that the device still makes sense.

        The driver takes whatever is printed for an answer.
        """
        with _broken(driver):
            yield
        if not _TIME.search(self.show(driver, "show clock")):
            raise ConnectError("the command line does not answer as NX-OS does")


#: What netmiko raises, or lets through, where a terminal does not go on.
_DEAD = (
    ReadException,
    WriteException,
    NetmikoTimeoutException,
    SSHException,
    OSError,
    EOFError,
)


@contextmanager
def _broken(driver: Driver) -> Iterator[None]:
    """Turn what a terminal that does not go on raises into what the network did."""
    try:
        watched(driver.device)
        yield
    except _DEAD as error:
        words = " ".join(redact(str(error)).split()) or type(error).__name__
        raise ConnectError(f"the command line did not answer: {words[:200]}") from error
    # netmiko's word for a mode that it did not get into, or out of; the others are what libraries
    # raise that stumble over what is printed.
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ConnectError(f"the command line does not answer as NX-OS does: {error}") from error


def _rejected(command: str, words: str) -> RejectedError:
    said = " ".join(redact(words).split()) or "Invalid command"
    return RejectedError(f"the device refuses `{redact(command.strip())}`: {said}")
