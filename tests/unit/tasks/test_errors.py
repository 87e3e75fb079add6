"""What libraries raise, as one sentence about one device; never with a secret in it."""

from __future__ import annotations

import importlib
import ssl
from unittest.mock import Mock

import pytest
from napalm import get_network_driver
from napalm.base.exceptions import ConnectionException
from paramiko import AuthenticationException

from inventory.errors import DeviceError
from tasks import errors
from tasks.errors import ConnectError, LockedError, RejectedError, named, translate


def _classes() -> list[str]:
    return [name for names, _, _ in errors._KINDS for name in names]


@pytest.mark.parametrize("name", _classes())
def test_every_class_that_is_named_exists(name: str) -> None:
    module, _, cls = name.rpartition(".")
    assert issubclass(getattr(importlib.import_module(module), cls), BaseException)


@pytest.mark.parametrize(
    ("name", "meaning", "said"),
    [
        ("netmiko.exceptions.NetmikoTimeoutException", ConnectError, "can't be reached"),
        ("netmiko.exceptions.ReadTimeout", ConnectError, "can't be reached"),
        ("requests.exceptions.ConnectTimeout", ConnectError, "can't be reached"),
        ("napalm.base.exceptions.LockError", LockedError, "is being changed by somebody else"),
        ("napalm.base.exceptions.MergeConfigException", RejectedError, "refuses the candidate"),
        ("builtins.ConnectionResetError", ConnectError, "can't be reached"),
        ("http.client.BadStatusLine", ConnectError, "can't be reached"),
        ("requests.exceptions.ChunkedEncodingError", ConnectError, "can't be reached"),
        ("napalm.base.exceptions.CommandTimeoutException", ConnectError, "can't be reached"),
        ("builtins.KeyError", DeviceError, "failed: KeyError"),
    ],
)
def test_the_nearest_meaning_is_said(name: str, meaning: type, said: str) -> None:
    module, _, cls = name.rpartition(".")
    error = getattr(importlib.import_module(module), cls)("the device's\n own words")
    found = translate("tor1", "127.0.0.1", error)
    assert type(found) is meaning
    assert str(found).startswith(f"tor1 (127.0.0.1) {said}")
    assert "the device's own words" in str(found).replace("\\n", "")
    assert found.__cause__ is error


def test_a_wrong_certificate_is_not_an_unreachable_device() -> None:
    found = translate("spine1", "127.0.0.1", ssl.SSLCertVerificationError("self-signed"))
    assert str(found).startswith("spine1 (127.0.0.1) is not known to be itself")


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        # What each library makes of a connection that ends in the middle of who is there.
        (
            "requests.exceptions.SSLError",
            ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
        ),
        (
            "pyeapi.eapilib.EapiError",
            ssl.SSLZeroReturnError("TLS/SSL connection has been closed (EOF)"),
        ),
        (
            "netmiko.exceptions.NetmikoAuthenticationException",
            AuthenticationException("Authentication timeout."),
        ),
        ("ncclient.transport.errors.AuthenticationError", OSError("Socket is closed")),
    ],
)
def test_a_connection_that_ends_early_is_nobodys_wrong_certificate_or_login(
    outer: str, inner: Exception
) -> None:
    """Whether its end, or what it was about, is told depends on who notices first."""
    module, _, cls = outer.rpartition(".")
    error = getattr(importlib.import_module(module), cls)(repr(inner))
    error.__context__ = inner
    found = translate("spine2", "127.0.0.1", error)
    assert type(found) is ConnectError
    assert str(found).startswith("spine2 (127.0.0.1) can't be reached: ")


@pytest.mark.parametrize(
    "words", ["Socket is closed", "Unable to find prompt: ", "Router prompt not found: ''"]
)
def test_a_terminal_that_is_gone_is_a_device_that_is_not_reached(words: str) -> None:
    """paramiko's is a plain OSError, netmiko's are ValueErrors."""
    kind = OSError if "closed" in words else ValueError
    assert type(translate("tor1", "127.0.0.1", kind(words))) is ConnectError


@pytest.mark.parametrize(
    "lost", [EOFError(), ConnectionResetError(104, "Connection reset by peer")]
)
def test_a_driver_that_keeps_the_first_argument_alone_loses_no_words(
    monkeypatch: pytest.MonkeyPatch, lost: Exception
) -> None:
    """NAPALM's ``iosxr_netconf`` keeps that of whatever ncclient raises, if there is one."""
    driver = get_network_driver("iosxr_netconf")("127.0.0.1", "ringfence", "secret")
    monkeypatch.setattr("ncclient.manager.connect", Mock(side_effect=lost))
    with pytest.raises((IndexError, ConnectionException)) as raised:
        driver.open()
    found = translate("border1", "127.0.0.1", raised.value)
    assert type(found) is ConnectError
    said = str(lost) or "EOFError"
    assert str(found) == f"border1 (127.0.0.1) can't be reached: {said}"


def test_a_library_that_stumbles_over_an_error_means_the_error() -> None:
    """PyEZ asks every error that it meets at a lock for ``xml``."""

    def receive() -> None:
        raise EOFError

    def stumble() -> None:
        try:
            receive()
        except EOFError as error:
            error.xml  # type: ignore[attr-defined]  # noqa: B018

    with pytest.raises(AttributeError) as stumbled:
        stumble()
    found = translate("border1", "127.0.0.1", stumbled.value)
    assert type(found) is ConnectError
    assert str(found) == "border1 (127.0.0.1) can't be reached: EOFError"


def test_a_secret_in_a_drivers_words_is_not_passed_on() -> None:
    found = translate("tor1", "h", ValueError("neighbor 10.0.0.1 password 7 S3CRET failed"))
    assert "S3CRET" not in str(found)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Socket error: CERTIFICATE_VERIFY_FAILED", "is not known to be itself"),
        ("unable to connect: 401 Unauthorized", "refuses the login"),
    ],
)
def test_what_is_said_in_words_alone_is_understood(words: str, said: str) -> None:
    error = importlib.import_module("pyeapi.eapilib").ConnectionError("h", words)
    found = translate("spine2", "127.0.0.1", error)
    assert type(found) is ConnectError
    assert said in str(found)


def test_a_device_is_always_named() -> None:
    plain = RejectedError("the device refuses: % Invalid input")
    found = named("spine2", "127.0.0.1", plain)
    assert type(found) is RejectedError
    assert str(found) == "spine2 (127.0.0.1): the device refuses: % Invalid input"
    assert named("spine2", "127.0.0.1", found) is found
