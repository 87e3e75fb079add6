"""A webhook is told, by a real server on loopback; what goes wrong is a sentence with no secret."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from audit_parts import make_finding, make_past, make_unknown
from audit_reports import every_kind, half_unknown, hostile, make_report
from builders import SITE, write_site
from webhook_server import SECRET, Receiver, make_certificate

from inventory.errors import InputError
from inventory.site import load_site
from policies.drift import Kind
from runbooks.ledger.audits import Changes
from runbooks.reports.webhook import Patience, address, tell
from runbooks.reports.webhook_message import message

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.site import Site
    from runbooks.audit_report import AuditReport

NOTHING = Changes(new=(), gone=())
SOMETHING = Changes(new=(make_finding(),), gone=())
QUICK = Patience(connect_s=30, answer_s=30, attempts=3, wait_s=0.01, all_s=60)


@pytest.fixture(autouse=True)
def _nothing_of_who_runs_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("RINGFENCE_WEBHOOK_URL", "RINGFENCE_WEBHOOK_URL_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _the_address_is_shown_to_nobody(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Any:  # noqa: ANN401 - a fixture that yields
    caplog.set_level(logging.DEBUG)
    yield
    out, err = capfd.readouterr()
    assert SECRET not in out + err + caplog.text


def make_site(folder: Path, url: str | None, when: str = "changed") -> Site:
    """Return a site whose webhook is at ``url``."""
    settings = f"webhook: {{when: {when}" + (", url_file: url" if url is not None else "") + "}\n"
    path = write_site(folder / "site", {"site.yaml": SITE + settings})
    if url is not None:
        (path / "url").write_text(url + "\n")
        (path / "url").chmod(0o600)
    return load_site(path)


def told(folder: Path, receiver: Receiver, patience: Patience = QUICK) -> str | None:
    """Tell ``receiver``; return what went wrong."""
    said = tell(make_site(folder, receiver.url), every_kind(), SOMETHING, patience)
    assert SECRET not in str(said)
    assert receiver.url.partition("//")[2].partition("/")[0] not in str(said)
    return said


def test_what_was_found_is_told(tmp_path: Path) -> None:
    with Receiver(200) as receiver:
        assert told(tmp_path, receiver) is None
    ((headers, document),) = receiver.seen
    assert headers["Content-Type"] == "application/json"
    assert document == json.loads(json.dumps(message(every_kind(), SOMETHING)))
    assert receiver.elsewhere == 0


@pytest.mark.parametrize(
    ("answers", "calls", "sentence"),
    [
        ((204,), 1, None),
        ((503, 429, 200), 3, None),
        ((500,), 3, "it answers with status 500"),
        ((404,), 1, "it answers with status 404"),
        ((301,), 1, "it redirects (status 301): give its final address"),
        ((307,), 1, "it redirects (status 307): give its final address"),
        ((308,), 1, "it redirects (status 308): give its final address"),
        # Whether it was told is not known: it is not told twice.
        (("hang",), 1, "it did not answer within 0.3 s"),
        (("reset",), 1, "it closed the connection without an answer"),
        (("nonsense",), 1, "it closed the connection without an answer"),
    ],
)
def test_an_answer_that_is_none(
    answers: tuple[int | str, ...], calls: int, sentence: str | None, tmp_path: Path
) -> None:
    patience = replace(QUICK, answer_s=0.3) if "hang" in answers else QUICK
    with Receiver(*answers) as receiver:
        said = told(tmp_path, receiver, patience)
    assert said == (sentence and f"the webhook was not told: {sentence}")
    assert (len(receiver.seen), receiver.elsewhere) == (calls, 0)


def test_an_answer_that_never_ends(tmp_path: Path) -> None:
    # Every byte comes in time, and the last one never.
    with Receiver("drip") as receiver:
        said = told(tmp_path, receiver, Patience(answer_s=5, all_s=0.5))
    assert said == "the webhook was not told: it did not answer within 0.5 s"


def test_nobody_listens(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/{SECRET}"
    said = tell(make_site(tmp_path, url), every_kind(), SOMETHING, QUICK)
    assert said == "the webhook was not told: it can't be reached: Connection refused"


def test_a_name_that_nobody_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    url = f"https://hooks.invalid/{SECRET}"
    said = tell(make_site(tmp_path, url), every_kind(), SOMETHING, QUICK)
    assert said == "the webhook was not told: it can't be reached: Name or service not known"


def test_a_certificate_that_is_not_trusted(tmp_path: Path) -> None:
    with Receiver(200, certificate=make_certificate(tmp_path)) as receiver:
        said = told(tmp_path, receiver)
    assert said == "the webhook was not told: its certificate is not one to trust"
    assert receiver.seen == []


@pytest.mark.parametrize(("of", "sentence"), [("127.0.0.1", None), ("127.0.0.2", "its")])
def test_a_certificate_of_an_authority_that_is_trusted(
    of: str, sentence: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path, of=of)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    with Receiver(200, certificate=certificate) as receiver:
        said = told(tmp_path, receiver)
    assert (said is None, len(receiver.seen)) == ((True, 1) if sentence is None else (False, 0))


def test_a_login_is_the_addresss_own_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Receiver(200) as receiver:
        told(tmp_path, receiver)
        url = receiver.url.replace("//", "//ann:pw@")
        assert tell(make_site(tmp_path, url), every_kind(), SOMETHING, QUICK) is None
    logins = [headers.get("Authorization") for headers, _ in receiver.seen]
    assert logins == [None, "Basic YW5uOnB3"]


def test_whatever_happens_in_the_call_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import requests  # noqa: PLC0415

    def surprise(*_: object, **__: object) -> None:
        raise RuntimeError(f"about {SECRET}")

    monkeypatch.setattr(requests.Session, "post", surprise)
    said = tell(make_site(tmp_path, f"https://a.invalid/{SECRET}"), every_kind(), SOMETHING, QUICK)
    assert said == "the webhook was not told: the call failed"


def test_the_silence_ends_with_the_call(tmp_path: Path) -> None:
    logger = logging.getLogger("urllib3.connectionpool")
    before = list(logger.filters)
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    ear = Ear()
    logger.addHandler(ear)
    try:
        with Receiver(200) as receiver:
            told(tmp_path, receiver)
        logger.warning("somebody else's")
    finally:
        logger.removeHandler(ear)
    assert heard == ["somebody else's"]
    assert logger.filters == before


def test_a_site_without_one_tells_nobody(tmp_path: Path) -> None:
    assert tell(make_site(tmp_path, None, "always"), every_kind(), SOMETHING) is None


def test_the_environment_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = make_site(tmp_path, "https://a.invalid/x")
    (tmp_path / "other").write_text("https://c.invalid/z\n")
    (tmp_path / "other").chmod(0o600)
    monkeypatch.setenv("RINGFENCE_WEBHOOK_URL_FILE", str(tmp_path / "other"))
    assert address(load_site(site.path)) == "https://c.invalid/z"
    monkeypatch.setenv("RINGFENCE_WEBHOOK_URL", "https://b.invalid/y")
    assert address(load_site(site.path)) == "https://b.invalid/y"
    # As a CI passes a secret that is not set.
    for name in ("RINGFENCE_WEBHOOK_URL", "RINGFENCE_WEBHOOK_URL_FILE"):
        monkeypatch.setenv(name, "")
    assert address(load_site(site.path)) == "https://a.invalid/x"


@pytest.mark.parametrize(
    "url",
    [
        f"https://hooks.invalid/{SECRET}",
        f"https://hooks.invalid:8443/{SECRET}?a=b",
        f"http://127.0.0.1:8080/{SECRET}",
        f"http://127.5.5.5/{SECRET}",
        f"http://[::1]:8080/{SECRET}",
        f"http://localhost/{SECRET}",
    ],
)
def test_an_address_that_may_be_used(url: str, tmp_path: Path) -> None:
    assert address(make_site(tmp_path, url)) == url


BARE = "http would show the address to everybody on the way; write https://"
NONE = "not a webhook's address; write https://HOST/PATH"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (f"http://hooks.invalid/{SECRET}", BARE),
        (f"http://10.0.0.1/{SECRET}", BARE),
        (f"http://localhost.invalid/{SECRET}", BARE),
        (f"http://127.0.0.1@hooks.invalid/{SECRET}", BARE),
        (f"ftp://hooks.invalid/{SECRET}", NONE),
        (f"file:///{SECRET}", NONE),
        (SECRET, NONE),
        (f"https:///{SECRET}", NONE),
        (f"https://[::1/{SECRET}", NONE),
        (f"https://a:b/{SECRET}", NONE),
        (f"https://a.invalid/ {SECRET}", NONE),
    ],
)
@pytest.mark.parametrize("is_file", [True, False])
def test_an_address_that_may_not_be_used(
    url: str, sentence: str, is_file: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(tmp_path, url if is_file else None)
    name = "webhook.url_file" if is_file else "RINGFENCE_WEBHOOK_URL"
    if not is_file:
        monkeypatch.setenv(name, url)
    with pytest.raises(InputError) as caught:
        address(site)
    assert str(caught.value) == f"{site.path / 'site.yaml'}: {name}: {sentence}"
    assert tell(site, every_kind(), SOMETHING) == f"the webhook was not told: {caught.value}"


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    site = make_site(tmp_path, f"https://hooks.invalid/{SECRET}")
    (site.path / "url").chmod(0o640)
    with pytest.raises(InputError, match="others may read 'url'; chmod 600 it"):
        address(site)
    (site.path / "url").unlink()
    with pytest.raises(InputError, match=r"webhook.url_file: 'url' can't be read"):
        address(site)


def with_past(report: AuditReport, unknown: int) -> AuditReport:
    """Return ``report`` with a history of an audit of all before it, one of some, and itself."""
    size = len(report.devices)
    before = make_past(22, clean=size - unknown, differs=0, unknown=unknown)
    # One of a single device, which says nothing of the others.
    limited = make_past(22, id="limited", clean=0, differs=0, unknown=1)
    itself = make_past(23, id=report.id, clean=0, differs=size - 2, unknown=2)
    return report.model_copy(update={"history": (before, limited, itself)})


@pytest.mark.parametrize(
    ("when", "report", "changes", "is_told"),
    [
        ("always", make_report(), NOTHING, True),
        ("drift", make_report(), SOMETHING, False),
        ("drift", every_kind(), NOTHING, True),
        ("drift", half_unknown(), NOTHING, True),
        ("changed", every_kind(), NOTHING, False),
        ("changed", every_kind(), SOMETHING, True),
        ("changed", make_report(), Changes(new=(), gone=(make_finding(),)), True),
        # Two devices are unknown, as they were.
        ("changed", with_past(half_unknown(), 2), NOTHING, False),
        ("changed", with_past(half_unknown(), 0), NOTHING, True),
        ("changed", with_past(make_report(), 2), NOTHING, True),
        ("changed", make_report(history=()), NOTHING, False),
        ("changed", half_unknown().model_copy(update={"history": ()}), NOTHING, True),
        # Without a history nobody knows what changed.
        ("changed", every_kind(), None, True),
        ("changed", make_report(), None, False),
    ],
)
def test_when_it_is_told(
    when: str, report: AuditReport, changes: Changes | None, is_told: bool, tmp_path: Path
) -> None:
    with Receiver(200) as receiver:
        assert tell(make_site(tmp_path, receiver.url, when), report, changes, QUICK) is None
    assert len(receiver.seen) == is_told


def test_the_default_is_what_changed(tmp_path: Path) -> None:
    assert load_site(write_site(tmp_path)).settings.webhook.when == "changed"


def test_the_paragraph_says_what_changed() -> None:
    gone = make_finding(Kind.ILLEGAL_ROUTE, text="It was there.")
    text = message(half_unknown(), Changes(new=(make_finding(),), gone=(gone,)))["text"]
    assert text == (
        "ringfence audit of dc1: not fenced; 4 devices: 1 clean, 1 differs, 2 unknown; "
        "findings: 1 critical. New: critical weakened on tor1 (NODES ipv4 import): Something is "
        "weakened. Gone: critical illegal-route on tor1 (NODES ipv4 import): It was there. "
        "Unknown: spine1, tor2."
    )


def test_the_document_is_for_programs() -> None:
    document = message(half_unknown(), SOMETHING)["ringfence"]
    assert document["schema"] == "ringfence.webhook/v1"
    assert document["devices"] == {"clean": 1, "differs": 1, "unknown": 2, "unguarded": 0}
    assert document["findings"] == {"critical": 1, "warning": 0, "note": 0}
    assert (document["exit_code"], document["complete"]) == (3, False)
    assert document["unknown"][0] == {"device": "spine1", "error": "timed out after 30 s"}
    (new,) = document["new"]
    assert (new["kind"], new["device"], new["witness"]) == ("weakened", "tor1", "192.0.2.0/24")
    assert (document["new_count"], document["gone"], document["gone_count"]) == (1, [], 0)


def test_a_message_is_bounded_and_says_what_it_leaves_out() -> None:
    findings = tuple(make_finding(id=str(number), text="x" * 9000) for number in range(500))
    report = make_report(
        findings=findings, devices=tuple(make_unknown(f"tor{number}") for number in range(500))
    )
    whole = message(report, Changes(new=findings, gone=findings))
    assert len(whole["text"]) < 5000
    assert whole["text"].count("and 495 others") == 2
    assert "and 495 more" in whole["text"]
    assert len(json.dumps(whole)) < 200_000
    document = whole["ringfence"]
    assert (len(document["new"]), document["new_count"]) == (50, 500)


def test_the_worst_comes_first() -> None:
    report = every_kind()
    severities = [one["severity"] for one in message(report, None)["ringfence"]["new"]]
    assert severities == sorted(severities, key=["critical", "warning", "note"].index)
    assert len(severities) == len(Kind)


def test_no_device_calls_anybody() -> None:
    findings = hostile().findings
    text = message(hostile(), Changes(new=findings, gone=findings))["text"]
    for loud in ("<", ">", "@e", "@a", "@U", "](", "://", "`", "&", "\n", "\x1b", "\0", "\u202e"):
        assert loud not in text


def test_a_thread_that_was_left_behind_ends_with_its_server(tmp_path: Path) -> None:
    before = threading.active_count()
    with Receiver("hang") as receiver:
        said = told(tmp_path, receiver, Patience(answer_s=5, all_s=0.2))
    assert said == "the webhook was not told: it did not answer within 0.2 s"
    deadline = time.monotonic() + 60
    while threading.active_count() > before:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_no_text_of_a_device_makes_a_receiver_refuse_the_message() -> None:
    odd = "a\x00\ud800\x1b[2Jb"
    finding = make_finding(text=odd, object=odd, remedy=odd, origin=odd, witness=odd)
    lost = make_unknown("spine1", odd)
    document = message(make_report(complete=False, devices=(lost,), findings=(finding,)), None)
    text = json.dumps(document, ensure_ascii=False)
    assert "\\u0000" not in json.dumps(document)
    assert text.encode("utf-8").decode() == text
    (new,) = document["ringfence"]["new"]
    assert new["text"] == "a\u27e8U+0000\u27e9\u27e8U+D800\u27e9\u27e8U+001B\u27e9[2Jb"
