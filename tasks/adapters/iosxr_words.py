"""What ncclient says of an IOS-XR router, as what it means: :func:`in_its_words`.

Law: an answer that is none is an error (:func:`ensure_ok`, :func:`element`): ncclient takes every
reply without an ``rpc-error`` for a good one. After one, nothing that the session says counts.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from lxml import etree
from napalm.base.exceptions import MergeConfigException
from ncclient import NCClientError
from ncclient.operations.rpc import RPCError
from paramiko import SSHException

from inventory.errors import DeviceError
from policies.redact import redact
from tasks.errors import ConnectError, LockedError, RejectedError, VerifyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.adapters.base import Driver

#: What comes of a session that ends, or does not answer.
GONE = (NCClientError, SSHException, OSError, EOFError)
#: What the router answers while somebody else has the configuration to himself.
_BUSY = frozenset({"lock-denied", "in-use", "resource-denied"})


class NonsenseError(VerifyError):
    """What the router answers is none of its answers."""


@contextlib.contextmanager
def in_its_words(driver: Driver, what: str) -> Iterator[None]:
    """Raise what the router answers as what it means; ``what`` it does, as in "does not lock".

    Raises:
        LockedError: somebody else has the configuration.
        RejectedError: anything else that it says.
        NonsenseError: what it says can't be read.
        ConnectError: it says nothing, and may have done what it was told.
    """
    try:
        yield
    except (RPCError, MergeConfigException) as error:
        cause = error if isinstance(error, RPCError) else error.__context__
        # The driver takes an answer that it can't read for a refusal of the candidate.
        if isinstance(cause, etree.XMLSyntaxError):
            raise NonsenseError(f"{driver.hostname} answers nonsense: {cause}") from error
        said = redact(str(error).strip())
        if getattr(cause, "tag", None) in _BUSY:
            who = f"{driver.hostname} is being changed by somebody else"
            raise LockedError(f"{who}: {said}") from error
        raise RejectedError(f"{driver.hostname} {what}: {said}") from error
    except GONE as error:
        said = " ".join(redact(str(error)).split()) or type(error).__name__
        raise ConnectError(f"{driver.hostname} can't be reached any more: {said}") from error
    except (etree.XMLSyntaxError, UnicodeDecodeError) as error:
        raise NonsenseError(f"{driver.hostname} answers nonsense: {error}") from error


def is_sane(error: BaseException | None) -> bool:
    """Return whether a router with which it came to ``error`` still makes sense."""
    refused = isinstance(error, DeviceError) and not isinstance(error, ConnectError | NonsenseError)
    return error is None or refused


def ensure_ok(driver: Driver, reply: Any) -> None:  # noqa: ANN401 - ncclient is not annotated
    """Raise unless a reply says that it is done.

    Raises:
        NonsenseError: it does not.
    """
    element(driver, reply, "ok")


def element(driver: Driver, reply: Any, tag: str) -> etree._Element:  # noqa: ANN401 - see above
    """Return the element ``tag``, in whatever namespace, that stands in a reply.

    Raises:
        NonsenseError: it does not.
    """
    parser = etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)
    root = etree.XML(reply.xml.encode(), parser)
    found = root.find(f"{{*}}{tag}")
    if found is None:
        said = " ".join(redact("".join(map(str, root.itertext()))).split())[:80]
        raise NonsenseError(f"{driver.hostname} answers nonsense, no <{tag}>: {said or 'nothing'}")
    return found


def hang_up(driver: Driver) -> None:
    """End the session; the router discards what was entered, unlocks, and takes a trial back."""
    driver.locked = driver.pending_changes = False
    with contextlib.suppress(*GONE):
        driver.device._session.close()  # noqa: SLF001 - close_session asks and waits
