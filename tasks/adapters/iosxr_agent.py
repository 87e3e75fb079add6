"""Requests to IOS-XR's XML agent, and its answers: :func:`request` and :func:`agents_words`.

pyIOSXR sends a request again if the connection stumbles, which no commit may be; and its errors
quote the whole request, so what they say is cut off there. Law: an answer that can't be read is a
:class:`NonsenseError`; after one the agent and its client may be out of step.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from lxml import etree
from napalm.base.exceptions import MergeConfigException
from napalm.pyIOSXR import exceptions as pyiosxr
from netmiko.exceptions import NetmikoBaseException
from paramiko import SSHException

from inventory.errors import DeviceError
from policies.redact import redact
from tasks.adapters.iosxr_words import NonsenseError
from tasks.errors import ConnectError, LockedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.adapters.base import Driver

_REQUEST = (
    '<?xml version="1.0" encoding="UTF-8"?><Request MajorVersion="1" MinorVersion="0">{}</Request>'
)
_PROMPT = "XML>"
#: "One or more commits have occurred from other configuration sessions."
_OVERTAKEN = "0x41866c00"
_QUOTED = "\nOriginal call was"
_GONE = (
    pyiosxr.ConnectError,
    pyiosxr.TimeoutError,
    pyiosxr.EOFError,
    NetmikoBaseException,
    SSHException,
    OSError,
    EOFError,
)
_STUMBLES = (AttributeError, LookupError, NameError, TypeError, ValueError)


class OvertakenError(LockedError):
    """Others have committed since the session began; it can't any more."""


@contextlib.contextmanager
def agents_words(driver: Driver, what: str) -> Iterator[None]:
    """Raise what pyIOSXR says as what it means; ``what`` the router does, as in "does not lock".

    Raises:
        LockedError: somebody else has the configuration.
        RejectedError: the router refuses, with its own words.
        NonsenseError: its answer can't be read.
        ConnectError: it says nothing, and may have done what it was told.
    """
    try:
        yield
    except pyiosxr.LockError as error:
        cause = error.__context__
        # pyIOSXR takes whatever it does not understand for a refusal.
        if isinstance(cause, pyiosxr.XMLCLIError) and _QUOTED not in str(cause):
            raise NonsenseError(_nonsense(driver, cause)) from error
        raise LockedError(f"{driver.hostname} is being changed by somebody else") from error
    except _GONE as error:
        raise ConnectError(
            f"{driver.hostname} can't be reached any more: {_said(error) or type(error).__name__}"
        ) from error
    except (MergeConfigException, pyiosxr.InvalidInputError) as error:
        raise RejectedError(f"{driver.hostname} {what}: {_said(error)}") from error
    except pyiosxr.IteratorIDError as error:
        raise DeviceError(f"{driver.hostname} {what} at once: {_said(error)}") from error
    except pyiosxr.XMLCLIError as error:
        # What it quotes the request for is the router's own; else it is all that came.
        if _QUOTED in str(error):
            raise RejectedError(f"{driver.hostname} {what}: {_said(error)}") from error
        raise NonsenseError(_nonsense(driver, error)) from error
    # Where what the agent always says is missing, pyIOSXR raises whatever it stumbles over.
    except (pyiosxr.IOSXRException, *_STUMBLES) as error:
        raise NonsenseError(_nonsense(driver, error)) from error


def request(driver: Driver, operation: str, what: str) -> None:
    """Send one operation, once.

    Raises:
        OvertakenError: others have committed since the session began.
        RejectedError: the router refuses; with its own words.
        NonsenseError, ConnectError: it may have done it, or not.
    """
    device = driver.device
    with agents_words(driver, what):
        answer = device.device.send_command(
            _REQUEST.format(operation),
            expect_string=_PROMPT,
            strip_prompt=False,
            strip_command=False,
            read_timeout=device.timeout,
        )
    text = str(answer).replace(_PROMPT, "").strip()
    try:
        response = etree.XML(text.encode(), etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError as error:
        said = " ".join(redact(text).split())[:80]
        raise NonsenseError(f"{driver.hostname} answers nonsense: {said or 'nothing'}") from error
    if response.tag != "Response" or response.find("ResultSummary") is None:
        raise NonsenseError(f"{driver.hostname} answers nonsense: <{response.tag}>")
    for one in response:
        code, said = one.get("ErrorCode"), one.get("ErrorMsg", "")
        if code == _OVERTAKEN:
            who = f"{driver.hostname} was changed by somebody else meanwhile"
            raise OvertakenError(f"{who}: {said}")
        if code is not None:
            with agents_words(driver, "does not say why it failed"):
                failed = device._execute_config_show("show configuration failed")  # noqa: SLF001
            raise RejectedError(f"{driver.hostname} {what}: {redact(f'{said} {failed}'.strip())}")


def _nonsense(driver: Driver, error: BaseException) -> str:
    return f"{driver.hostname} answers nonsense: {_said(error)[:80] or type(error).__name__}"


def _said(error: BaseException) -> str:
    """Return what a device said, without the request that pyIOSXR appends to it."""
    words = str(error.args[0] if error.args else "").partition(_QUOTED)[0]
    return redact(words).strip()
