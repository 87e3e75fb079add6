"""A report that was saved as its JSON document, read again: :func:`read_report`.

Law: a file that says of itself what its own findings do not bear out is refused: whoever shows it
would be shown a verdict that nobody came to.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from pydantic import ValidationError

from inventory.errors import Exit, InputError, Place, Problem
from policies.drift import Effect, Kind
from runbooks.audit import exit_code
from runbooks.audit_report import AuditReport, DeviceState, SessionState, Severity
from runbooks.judging import state_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from runbooks.audit_report import DeviceReport, Finding

#: How else an audit may end, by what it found: a plan or a file that was to be written beside it
#: was not, which a note says.
_BESIDE = {
    Exit.DONE: (Exit.FAILED, Exit.INCOMPLETE, Exit.REFUSED),
    Exit.DIFFERENCES: (Exit.INCOMPLETE, Exit.REFUSED),
}


def read_report(path: Path) -> AuditReport:
    """Return the report in the file ``path``.

    Raises:
        InputError: it can't be read, is no such document, or contradicts itself.
    """
    try:
        report = AuditReport.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(Problem(Place(path), f"can't be read: {error.strerror}")) from error
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(map(str, first["loc"])) or "the file"
        text = f"is no audit's JSON document: {at}: {first['msg']}"
        raise InputError(Problem(Place(path), text)) from error
    wrong = next(_contradictions(report), None)
    if wrong is not None:
        text = f"contradicts itself, so it is not as ringfence wrote it: {wrong}"
        raise InputError(Problem(Place(path), text))
    return report


def _contradictions(report: AuditReport) -> Iterator[str]:
    found: dict[str, list[Finding]] = defaultdict(list)
    for one in report.findings:
        found[one.device].append(one)
    names = Counter(one.device for one in report.devices)
    for name, many in names.items():
        if many > 1:
            yield f"the device {name} is in it {many} times"
    for name in found:
        if name and name not in names:
            yield f"it has findings about {name}, which is not among its devices"
    for device in report.devices:
        yield from _of_device(device, found[device.device])
    unknown = [one.device for one in report.devices if one.state is DeviceState.UNKNOWN]
    if report.complete and unknown:
        yield f"it is complete, and {unknown[0]} is unknown"
    if not report.complete and not unknown:
        yield "it is not complete, and no device is unknown"
    yield from _played_down(report)
    due = exit_code(report.devices, report.findings)
    beside = _BESIDE.get(due, ()) if report.notes else ()
    if report.exit_code not in (due, *beside):
        yield f"its exit code is {report.exit_code}, and what it found ends with {due:d}"


def _played_down(report: AuditReport) -> Iterator[str]:
    """Yield what is said of less than it is."""
    for one in report.findings:
        if one.effect in (Effect.WEAKENED, Effect.BOTH) and one.severity is not Severity.CRITICAL:
            yield f"it has a {one.severity}, {one.kind}, that lets something through"
    short = next((row for row in report.depth if row.short), None)
    if short is not None and not any(one.kind is Kind.SHALLOW for one in report.findings):
        what = f"{short.hijack} from {short.attacker}"
        yield f"{what} is dropped on too few devices, and no finding says so"


def _of_device(device: DeviceReport, findings: Sequence[Finding]) -> Iterator[str]:
    name, state = device.device, device.state
    if (device.error is not None) != (state is DeviceState.UNKNOWN):
        why = "no error says why" if device.error is None else "there is an error"
        yield f"the state of {name} is `{state}`, and {why}"
    if state is DeviceState.UNKNOWN:
        return
    due = state_of(findings, is_guarded=state is not DeviceState.UNGUARDED)
    if state is not due:
        yield f"the state of {name} is `{state}`, and by its findings `{due}`"
    if state is DeviceState.DIFFERS:
        return
    leak = next((one for one in device.sessions if one.state is SessionState.LEAKS), None)
    if leak is not None:
        yield f"the state of {name} is `{state}`, and its session {leak.session} leaks"
    if state is DeviceState.UNGUARDED and any(one.guard is not None for one in device.sessions):
        yield f"the state of {name} is `{state}`, and a session of it is to have a guard"
