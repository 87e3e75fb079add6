"""What EOS is asked over eAPI, and what it answers: :func:`ask`, :func:`sessions`.

Law: what the device refuses is a :class:`~tasks.errors.RejectedError` with its own words, and an
answer that is none of eAPI's never counts for one: whatever it holds, it is an error.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from napalm.base.exceptions import CommitError, MergeConfigException
from pyeapi.eapilib import CommandError
from pyeapi.eapilib import ConnectionError as EapiConnectionError

from policies.redact import redact
from tasks.errors import ConnectError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tasks.adapters.base import Driver

_NO_EAPI = "its answer is none of eAPI's; something else may listen there"
_NO_LOGIN = "it refuses the login; check username and password"
_UNKNOWN = "it is not known to be itself; check its certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """The configuration sessions: ``begun`` are neither committed nor aborted.

    ``waiting`` is the one that goes back unless it is confirmed, "" if none does.
    ``saves_at_once`` says whether every commit is saved, confirmed or not.
    """

    begun: tuple[str, ...]
    waiting: str
    saves_at_once: bool


def sessions(driver: Driver) -> Sessions:
    """Return what ``show configuration sessions detail`` says.

    EOS tells of a timer apart from its session since 4.32, and as the session's state before.
    """
    (said,) = ask(driver, ["show configuration sessions detail"])
    with own_words():
        states = {name: str(one["state"]) for name, one in said["sessions"].items()}
        waiting = [said.get("commitTimerSessionName") or ""]
        waiting += [name for name, state in states.items() if "pendingCommitTimer" in state]
        return Sessions(
            begun=tuple(name for name, state in states.items() if state == "pending"),
            waiting=next((name for name in waiting if name), ""),
            saves_at_once=bool(said.get("saveToStartupConfigOnCommit")),
        )


def ask(driver: Driver, commands: Sequence[str], encoding: str = "json") -> list[Any]:
    """Run ``commands`` in one request, and return the answer to each.

    Raises:
        RejectedError: the device refuses one; those before it are done.
        ConnectError: it can't be asked, or does not speak eAPI.
    """
    with own_words():
        said = driver.device.run_commands(list(commands), encoding=encoding)
        if len(said) != len(commands):
            raise ConnectError(_NO_EAPI)
        return [one["output"] for one in said] if encoding == "text" else list(said)


@contextmanager
def own_words() -> Iterator[None]:
    """Raise what the device refuses as that, with its words, and all else as what it is."""
    try:
        yield
    except (CommandError, MergeConfigException, CommitError) as error:
        raise RejectedError(f"the device refuses: {redact(str(error))}") from None
    except EapiConnectionError as error:
        raise ConnectError(_unreachable(error)) from error
    except HTTPException as error:
        raise ConnectError(f"{_NO_EAPI}: {type(error).__name__}") from error
    # Where what eAPI always says is missing, libraries raise whatever they stumble over.
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ConnectError(_NO_EAPI) from error


def _unreachable(error: EapiConnectionError) -> str:
    words = " ".join(redact(str(error)).split())
    if isinstance(error.__context__, json.JSONDecodeError | UnicodeDecodeError):
        return _NO_EAPI
    if "Unauthorized" in words:
        return f"{_NO_LOGIN}: {words}"
    if "CERTIFICATE_VERIFY_FAILED" in words:
        return f"{_UNKNOWN}: {words}"
    return f"it can't be reached: {words}"
