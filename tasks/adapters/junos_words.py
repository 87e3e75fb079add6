"""What PyEZ and NAPALM's ``junos`` raise, as what it means: :func:`own_words`.

Law: the device's own words are kept, secrets in them are not, and an answer that is none is an
error: PyEZ hands on whatever element stands first in a reply (:func:`expected`).
"""

from __future__ import annotations

import contextlib
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jnpr.junos import exception as pyez
from napalm.base import exceptions as napalm
from ncclient import NCClientError
from paramiko import SSHException

from inventory.errors import DeviceError
from policies.redact import redact
from tasks.errors import ConnectError, LockedError, RejectedError, VerifyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.adapters.base import Driver

#: What comes of a session that ends: PyEZ knows its own error, and hands on all others.
_GONE = (pyez.ConnectClosedError, NCClientError, SSHException, OSError, EOFError)
_HUNG_UP = "the device hung up, and did not say what it has done"
_SILENT = "the device does not answer, and may have done what it was told"
_SECRET = re.compile(r'"?\$(?:[1-9]|sha1)\$[^"\s;]+"?')


class NonsenseError(VerifyError):
    """What the device answers is none of its answers."""


@contextmanager
def own_words(*, lenient: bool = False) -> Iterator[None]:
    """Raise what the device refuses with its own words.

    ``lenient`` passes over a commit with nothing but warnings, which PyEZ takes for a refusal.

    Raises:
        ConnectError: the session is lost, or the device does not answer.
        LockedError: somebody else has the configuration.
        RejectedError: it refuses the candidate, or the commit.
        DeviceError: it refuses anything else.
    """
    try:
        yield
    except (pyez.CommitError, pyez.ConfigLoadError) as error:
        if lenient and all(one.get("severity") == "warning" for one in error.errs or [{}]):
            return
        raise RejectedError(f"the device refuses the candidate: {_said(error)}") from error
    except _GONE as error:
        raise ConnectError(_HUNG_UP) from error
    except (pyez.LockError, pyez.UnlockError, napalm.LockError, napalm.UnlockError) as error:
        raise _of_the_lock(error) from error
    except napalm.MergeConfigException as error:
        said = _errors(error.args[0] if error.args else "")
        raise RejectedError(f"the device refuses the candidate: {said}") from error
    except pyez.RpcTimeoutError as error:
        raise ConnectError(_SILENT) from error
    except pyez.RpcError as error:
        raise DeviceError(f"the device refuses: {_said(error)}") from error
    except AttributeError as error:
        # PyEZ's lock and unlock take every error for one of ncclient's, and stumble over `xml`.
        if not isinstance(error.__context__, _GONE):
            raise
        raise ConnectError(_HUNG_UP) from error


def expected(reply: Any, tag: str) -> Any:  # noqa: ANN401 - PyEZ is not annotated
    """Return ``reply``, which must be the element ``tag``.

    Raises:
        NonsenseError: it is something else.
    """
    found = getattr(reply, "tag", None)
    if found != tag:
        text = "".join(reply.itertext()) if hasattr(reply, "itertext") else ""
        said = " ".join(hide(text).split())[:80]
        raise NonsenseError(
            f"the device answers nonsense, no <{tag}>: {said or found or 'nothing'}"
        )
    return reply


def hang_up(driver: Driver) -> None:
    """End the session, with which the lock and all that was not committed go.

    Nothing is asked of the device, which may answer nothing any more, or nonsense.
    """
    with contextlib.suppress(Exception):
        driver.device._conn._session.close()  # noqa: SLF001 - `close` asks and waits
    driver.locked = False
    driver.device.connected = False


def hide(text: str) -> str:
    """Return ``text`` without secrets; Junos's begin with how they are kept, "$6$", anywhere."""
    return redact(_SECRET.sub("<hidden>", text))


def _of_the_lock(error: Exception) -> DeviceError:
    """Return what came of a lock or an unlock.

    PyEZ raises the same of a device that refuses, and of one that says nothing for long.
    """
    if _came_of(error, pyez.RpcTimeoutError):
        return ConnectError(_SILENT)
    if isinstance(error, pyez.UnlockError | napalm.UnlockError):
        return DeviceError(f"the device refuses: {_said(error)}")
    # The driver puts PyEZ's error, which has the device's words, into words of its own.
    found = error.__context__ if isinstance(error, napalm.LockError) else error
    return LockedError(f"the device does not lock: {_said(found or error)}")


def _came_of(error: BaseException | None, kind: type[Exception]) -> bool:
    """Return whether ``error`` was raised while one of that ``kind`` was handled."""
    while error is not None and not isinstance(error, kind):
        error = error.__context__
    return error is not None


def _said(error: BaseException) -> str:
    found = getattr(error, "errs", None)
    message = getattr(error, "message", None)
    return _errors(found if isinstance(found, list) else message or str(error))


def _errors(given: object) -> str:
    """Return the messages that the driver hands on as a list of dicts, as sentences."""
    if not isinstance(given, list):
        return " ".join(hide(str(given)).split())
    said = []
    for one in given:
        parts = (one.get("edit_path"), one.get("message"), one.get("bad_element"))
        where, message, element = (" ".join(hide(part or "").split()) for part in parts)
        shown = f" ({element})" if element and element not in message else ""
        said.append(f"{where} {message}{shown}".strip())
    return "; ".join(dict.fromkeys(said))
