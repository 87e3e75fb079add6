"""Answers of an IOS-XR router that its libraries stumble over, or take for something else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from lxml import etree
from napalm.base.exceptions import MergeConfigException
from napalm.pyIOSXR import IOSXR

from tasks.adapters.iosxr_agent import agents_words
from tasks.adapters.iosxr_words import NonsenseError, in_its_words
from tasks.errors import LockedError, RejectedError

DRIVER = SimpleNamespace(hostname="border1")
_REFUSED = (
    '<Response><Lock ErrorCode="0x1" ErrorMsg="locked by alice"/><ResultSummary ErrorCount="1"/>'
    "</Response>XML>"
)


def _client(answer: str) -> Any:  # noqa: ANN401 - pyIOSXR is not annotated
    """Return pyIOSXR's client of a router that answers everything with ``answer``."""
    client = IOSXR("127.0.0.1", "ringfence", "secret", lock=False)
    client.device = SimpleNamespace(send_command=lambda *_, **__: answer)
    client._cli_prompt = "RP/0/RP0/CPU0:border1#"
    return client


@pytest.mark.parametrize(
    ("answer", "stumble"),
    [
        ("<Response><CLI/></Response>XML>", UnboundLocalError),
        ("<Response/>XML>", IndexError),
        ('<Response><ResultSummary ErrorCount="many"/></Response>XML>', ValueError),
    ],
)
def test_half_an_answer_is_none(answer: str, stumble: type[Exception]) -> None:
    client = _client(answer)
    with pytest.raises(stumble):
        client._execute_show("show clock")
    with pytest.raises(NonsenseError, match="border1 answers nonsense"), agents_words(DRIVER, ""):
        client._execute_show("show clock")


def test_noise_at_the_lock_is_nobodys_lock() -> None:
    """After it the router may have locked all the same."""
    with pytest.raises(NonsenseError, match="nonsense: ~x"), agents_words(DRIVER, "does not lock"):
        _client("~x").lock()
    with pytest.raises(LockedError, match="somebody else"), agents_words(DRIVER, "does not lock"):
        _client(_REFUSED).lock()


def test_an_answer_that_cant_be_read_is_no_refusal() -> None:
    """The driver takes it for one of the candidate."""
    with pytest.raises(NonsenseError, match="border1 answers nonsense"), in_its_words(DRIVER, ""):
        etree.XML("<rpc-reply>")
    with pytest.raises(NonsenseError, match="border1 answers nonsense"), in_its_words(DRIVER, ""):
        _load("<rpc-reply>")
    with pytest.raises(UnicodeDecodeError) as mixed:
        b"\xff".decode()
    with pytest.raises(NonsenseError, match="border1 answers nonsense"), in_its_words(DRIVER, ""):
        raise mixed.value
    with pytest.raises(RejectedError, match="refuses"), in_its_words(DRIVER, "refuses"):
        raise MergeConfigException("no such statement")


def _load(answer: str) -> None:
    try:
        etree.XML(answer)
    except etree.XMLSyntaxError as error:
        raise MergeConfigException(error)  # noqa: B904 - as the driver does
