"""Telling a webhook what an audit found: :func:`tell`. Slack, Mattermost and the like show it.

A POST of JSON: ``text`` is one paragraph for people, ``ringfence`` the same for programs. Law: the
address is a secret, and is in no message, log or traceback; whatever becomes of the call is at
most a sentence, and changes nothing of what the audit found; it ends within a time.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from inventory.errors import InputError, Place, Problem
from inventory.secrets import read_password
from runbooks.audit_report import DeviceState
from runbooks.reports.webhook_message import message

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from inventory.site import Site
    from runbooks.audit_report import AuditReport, PastAudit
    from runbooks.ledger.audits import Changes

_VARIABLE = "RINGFENCE_WEBHOOK_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a webhook is waited for, in seconds; ``wait_s`` doubles from attempt to attempt."""

    connect_s: float = 5
    answer_s: float = 10
    attempts: int = 3
    wait_s: float = 1
    all_s: float = 30


def tell(
    site: Site,
    report: AuditReport,
    changes: Changes | None,
    patience: Patience = Patience(),
) -> str | None:
    """Tell the webhook of ``site``, if it has one that wants to know; return what went wrong.

    ``changes`` are those since the audit before; None, where there is no history, is told like
    drift. None is returned where all is well.
    """
    try:
        url = address(site)
    except InputError as error:
        return f"the webhook was not told: {error}"
    if url is None or not _is_due(site.settings.webhook.when, report, changes):
        return None
    body = json.dumps(message(report, changes)).encode()
    why = _within(patience.all_s, lambda: _post(url, body, patience))
    return None if why is None else f"the webhook was not told: {why}"


def address(site: Site) -> str | None:
    """Return the address of the webhook of ``site``; None if it has none.

    Raises:
        InputError: it is none, others may read it, or what is sent could be read on the way.
    """
    place, name = Place(site.path / "site.yaml"), site.settings.webhook.url_file
    if given := os.environ.get(_VARIABLE):
        where, url = _VARIABLE, given
    elif name is not None:
        where = "webhook.url_file"
        url = read_password(site.file(name), place, where, name)
    else:
        return None
    fault = _fault(url)
    if fault:
        raise InputError(Problem(place, f"{where}: {fault}"))
    return url


def _fault(url: str) -> str | None:
    """Return what is wrong with an address, without quoting it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or not url.isprintable() or " " in url or parts.scheme not in {"https", "http"}:
        return "not a webhook's address; write https://HOST/PATH"
    if parts.scheme == "http" and not _is_loopback(host):
        return "http would show the address to everybody on the way; write https://"
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_due(when: str, report: AuditReport, changes: Changes | None) -> bool:
    if when == "always":
        return True
    if when == "drift" or changes is None:
        return report.exit_code != 0
    # The last audit of as many devices: one with --limit has less to be unknown.
    alike = [
        one.unknown
        for one in report.history
        if one.id != report.id and _size(one) == len(report.devices)
    ]
    before = alike[-1] if alike else 0
    return bool(changes.new or changes.gone or report.count(DeviceState.UNKNOWN) != before)


def _size(one: PastAudit) -> int:
    return one.clean + one.differs + one.unknown


def _within(seconds: float, work: Callable[[], str | None]) -> str | None:
    """Return what ``work`` returns, or that it took too long; it may go on, unheard."""
    said: list[str | None] = []

    def run() -> None:
        try:
            said.append(work())
        except Exception:  # noqa: BLE001 - the end of a thread: its traceback would show the address
            said.append("the call failed")

    # A timeout of a socket starts anew with every byte, and a name may take any time to resolve.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return said[0] if said else f"it did not answer within {seconds:g} s"


def _post(url: str, body: bytes, patience: Patience) -> str | None:
    """Return why ``body`` did not get to ``url``; None: it did."""
    silence = _Silence()
    # urllib3 logs paths and whole addresses, some as warnings, which go to stderr by default.
    loggers = [
        logging.getLogger(f"urllib3.{name}")
        for name in ("connectionpool", "connection", "util.retry")
    ]
    for logger in loggers:
        logger.addFilter(silence)
    try:
        for attempt in range(patience.attempts):
            time.sleep(patience.wait_s * 2 ** (attempt - 1) if attempt else 0)
            why, is_worth_it = _attempt(url, body, patience)
            if not is_worth_it:
                break
        return why
    finally:
        for logger in loggers:
            logger.removeFilter(silence)


def _attempt(url: str, body: bytes, patience: Patience) -> tuple[str | None, bool]:
    """Return why one attempt failed, and whether another may do better without telling twice."""
    import requests  # noqa: PLC0415 - slow to import
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    login = requests.utils.get_auth_from_url(url)
    headers = {"Content-Type": "application/json", "User-Agent": "ringfence"}
    try:
        with requests.Session() as session:
            answer = session.post(
                url,
                data=body,
                headers=headers,
                timeout=(patience.connect_s, patience.answer_s),
                # Somebody else's address is nobody's business; and nothing of the answer is read.
                allow_redirects=False,
                stream=True,
                # The address's own, and never what ~/.netrc has for that host.
                auth=login if any(login) else _no_auth,
            )
    except requests.exceptions.SSLError:
        return "its certificate is not one to trust", False
    except requests.exceptions.ReadTimeout:
        return f"it did not answer within {patience.answer_s:g} s", False
    except requests.exceptions.ConnectTimeout:
        return f"it can't be reached within {patience.connect_s:g} s", True
    except requests.exceptions.ConnectionError as error:
        return _unreached(error)
    except (requests.exceptions.RequestException, HTTPError, OSError, ValueError):
        return "the call failed", False
    return _judged(answer.status_code)


def _unreached(error: requests.exceptions.ConnectionError) -> tuple[str, bool]:
    from urllib3.exceptions import NewConnectionError  # noqa: PLC0415 - slow to import

    failed = error.args[0] if error.args else None
    if isinstance(getattr(failed, "reason", None), NewConnectionError):
        return f"it can't be reached{_reason(error)}", True
    # It may have got what was sent.
    return "it closed the connection without an answer", False


def _judged(status: int) -> tuple[str | None, bool]:
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return None, False
    if status < HTTPStatus.BAD_REQUEST:
        return f"it redirects (status {status}): give its final address", False
    again = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return f"it answers with status {status}", again


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _reason(error: BaseException) -> str:
    """Return what the system says of a connection that failed; the rest would hold the address."""
    seen: set[int] = set()
    left: list[object] = [error]
    while left:
        one = left.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, OSError) and one.errno is not None and one.strerror:
            return f": {one.strerror}"
        left += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return ""


class _Silence(logging.Filter):
    """Drops what the thread that made it logs."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record may go on."""
        return record.thread != self._thread
