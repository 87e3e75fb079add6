"""What a webhook is told of an audit: :func:`message`. Pure.

Law: it is bounded, as receivers refuse what is long; and no device's text in it calls anybody,
links to anything, or is markup to a chat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from runbooks.audit_report import DeviceState, Severity
from runbooks.reports.page.text import count, shown
from runbooks.reports.words import place, verdict, why

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runbooks.audit_report import AuditReport, Finding
    from runbooks.ledger.audits import Changes

SCHEMA: Final = "ringfence.webhook/v1"

#: Findings that are told one by one, in the paragraph and in the list; characters of one text.
_NAMED, _LISTED, _SHORT = 5, 50, 300

#: What chats read as a mention, a link or a command (Slack: "Formatting text for app surfaces").
_MARKUP: Final = str.maketrans({"<": "\u2039", ">": "\u203a", "&": "+", "`": "'", "|": "\u00a6"})
_QUIET: Final = {"@": "@\u200b", "](": "]\u200b(", "://": ":\u200b//"}

_TOLD: Final = (
    *("id", "kind", "effect", "severity", "device", "session", "family", "direction", "object"),
    *("text", "witness", "origin", "remedy", "first_seen"),
)


def message(report: AuditReport, changes: Changes | None) -> dict[str, Any]:
    """Return the JSON document about ``report``; with ``changes``, what came and went by itself.

    ``new`` are all findings where it is not known what changed.
    """
    new = report.findings if changes is None else changes.new
    gone = () if changes is None else changes.gone
    unknown = [one for one in report.devices if one.state is DeviceState.UNKNOWN]
    told: dict[str, Any] = {
        "schema": SCHEMA,
        "id": report.id,
        "command": report.command,
        "site": report.site,
        "started": report.started,
        "ended": report.ended,
        "complete": report.complete,
        "interrupted": _short(report.interrupted),
        "exit_code": report.exit_code,
        "devices": {state.value: report.count(state) for state in DeviceState},
        "findings": {
            one.value: sum(found.severity is one for found in report.findings) for one in Severity
        },
        "new": [_told(one) for one in _worst(new)[:_LISTED]],
        "new_count": len(new),
        "gone": [_told(one) for one in _worst(gone)[:_LISTED]],
        "gone_count": len(gone),
        "unknown": [
            {"device": _short(one.device), "error": _short(why(one))} for one in unknown[:_LISTED]
        ],
    }
    return {"text": _paragraph(report, changes, [one.device for one in unknown]), "ringfence": told}


def _told(one: Finding) -> dict[str, Any]:
    values = one.model_dump(include=set(_TOLD))
    return {key: _short(values[key]) for key in _TOLD}


def _short(value: object) -> object:
    """Return a value for a program: a text of a bounded length.

    Without what a receiver might refuse all of it for, such as U+0000 or half a surrogate pair.
    """
    if not isinstance(value, str):
        return value
    text = shown(value[: _SHORT + 1])
    return text if len(text) <= _SHORT else f"{text[:_SHORT]} ..."


def _worst(findings: Sequence[Finding]) -> list[Finding]:
    order = list(Severity)
    return sorted(findings, key=lambda one: (order.index(one.severity), one.device, one.kind))


def _paragraph(report: AuditReport, changes: Changes | None, unknown: Sequence[str]) -> str:
    sentences = [f"ringfence {report.command} of {_quiet(report.site)}: {verdict(report)}."]
    if report.interrupted:
        sentences.append(f"Ended early by {_quiet(report.interrupted)}.")
    if changes is None:
        sentences += _sentence("Found", report.findings)
    else:
        sentences += [*_sentence("New", changes.new), *_sentence("Gone", changes.gone)]
    if unknown:
        more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        sentences.append(f"Unknown: {', '.join(map(_quiet, unknown[:_NAMED]))}{more}.")
    return " ".join(sentences)


def _sentence(word: str, findings: Sequence[Finding]) -> list[str]:
    if not findings:
        return []
    named = [
        f"{one.severity.value} {one.kind.value}"
        + (f" on {_quiet(one.device)}" if one.device else "")
        + (f" ({_quiet(place(one))})" if place(one) else "")
        + f": {_quiet(one.text).rstrip('.')}"
        for one in _worst(findings)[:_NAMED]
    ]
    if len(findings) > _NAMED:
        named.append(f"and {count(len(findings) - _NAMED, 'other')}")
    return [f"{word}: {'; '.join(named)}."]


def _quiet(text: str) -> str:
    line = " ".join(shown(text[: _SHORT * 2]).split())
    line = line if len(line) <= _SHORT else f"{line[:_SHORT]} ..."
    for loud, quiet in _QUIET.items():
        line = line.replace(loud, quiet)
    return line.translate(_MARKUP)
