"""An audit as JUnit XML, for the test reports of Jenkins, GitLab and the like: :func:`render`.

A suite for each device, with a case for each session, family and direction; one more suite for
what is about the site. Law: a device that is not known is an error, never a case that passes; a
report that is not complete has an error of its own. A name is in a suite once: GitLab reads the
first alone. Fits the schema that Jenkins' xunit plugin judges by (junit-10.xsd).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from io import BytesIO
from typing import TYPE_CHECKING, Final

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from runbooks.audit_report import DeviceState, SessionState, Severity
from runbooks.reports.page.text import shown
from runbooks.reports.words import SESSIONS, UNGUARDED, details, line_text, place, why

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runbooks.audit_report import AuditReport, DeviceReport, Finding, SessionReport

#: What a suite's cases are told apart by: session, family and direction.
_Slot = tuple[str | None, int | None, str | None]

_LOOKED: Final = "every device was looked at"
_ANSWERS: Final = "answers"
_AS_WANTED: Final = "is as the site wants it"


def render(report: AuditReport) -> str:
    """Return ``report`` as one XML document, to be written as UTF-8."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for one in report.findings:
        found[one.device].append(one)
    named = {one.device for one in report.devices}
    # Nothing is lost that is about a device which is not in the report.
    rest = [one for device, of in found.items() if device not in named for one in of]
    suites = [_site(report, rest)]
    suites += [_device(report, one, found[one.device]) for one in report.devices]
    root = JUnitXml(shown(f"ringfence {report.command} of {report.site}"))
    root.extend(suites)
    root.tests = sum(one.tests for one in suites)
    root.failures = sum(one.failures for one in suites)
    root.errors = sum(one.errors for one in suites)
    document = BytesIO()
    root.write(document)
    return document.getvalue().decode()


def _suite(report: AuditReport, name: str, cases: Iterator[TestCase]) -> TestSuite:
    """Return the suite of ``cases``; the one called as the site is about the site."""
    suite = TestSuite(shown(name))
    # Viewers group by what stands before the last dot.
    group = name if name == report.site else f"{report.site}.{name}"
    suite.timestamp = shown(report.started)
    seen: Counter[str] = Counter()
    for case in cases:
        seen[case.name] += 1
        if seen[case.name] > 1:
            case.name = f"{case.name} ({seen[case.name]})"
        case.classname = shown(group)
        suite.append(case)
    suite.update_statistics()
    return suite


def _site(report: AuditReport, findings: Sequence[Finding]) -> TestSuite:
    return _suite(report, report.site, _site_cases(report, findings))


def _site_cases(report: AuditReport, findings: Sequence[Finding]) -> Iterator[TestCase]:
    looked = TestCase(_LOOKED)
    unknown = [one.device for one in report.devices if one.state is DeviceState.UNKNOWN]
    if report.interrupted:
        looked.result = [_error(f"ended early by {report.interrupted}", "interrupted")]
    elif unknown or not report.complete:
        names = ", ".join(unknown) or "some were not asked"
        looked.result = [_error(f"unknown: {names}", "incomplete")]
    if report.notes:
        looked.system_out = "\n".join(map(shown, report.notes))
    yield looked
    yield from map(_loose, findings)


def _device(report: AuditReport, device: DeviceReport, findings: Sequence[Finding]) -> TestSuite:
    suite = _suite(report, device.device, _device_cases(report, device, findings))
    for name in ("platform", "role", "rack"):
        value = getattr(device, name)
        if value is not None:
            suite.add_property(name, shown(value))
    return suite


def _device_cases(
    report: AuditReport, device: DeviceReport, findings: Sequence[Finding]
) -> Iterator[TestCase]:
    answers = TestCase(_ANSWERS)
    if device.state is DeviceState.UNKNOWN:
        # Whether it would have answered is not known; the site's own case is the error then.
        answers.result = [
            Skipped(shown(why(device)))
            if report.interrupted
            else _error(why(device), DeviceState.UNKNOWN.value)
        ]
    yield answers
    if device.state is not DeviceState.UNKNOWN:
        yield _wanted(device)
    by_slot: dict[_Slot, list[Finding]] = defaultdict(list)
    for one in findings:
        by_slot[one.session, one.family, one.direction].append(one)
    for session in device.sessions:
        yield _session(
            session, by_slot.pop((session.session, session.family, session.direction), [])
        )
    for rest in by_slot.values():
        yield from map(_loose, rest)


def _wanted(device: DeviceReport) -> TestCase:
    """Return the case that says what a deploy would do, if anything is to be done."""
    case = TestCase(_AS_WANTED)
    if device.state is DeviceState.DIFFERS:
        deploy = device.deploy
        lines = [] if deploy is None else [f"in the way: {one}" for one in deploy.obstacles]
        if deploy is not None and deploy.candidate:
            lines += ["a deploy would send:", *deploy.candidate.splitlines()]
        case.result = [_failure("it differs", DeviceState.DIFFERS.value, lines)]
    if device.state is DeviceState.UNGUARDED:
        # A case that passes would say that it was judged.
        case.result = [Skipped(f"{device.state.value}: {UNGUARDED}")]
    return case


def _session(one: SessionReport, findings: Sequence[Finding]) -> TestCase:
    case = TestCase(shown(f"{one.session} ipv{one.family} {one.direction}"))
    said = [f"{one.state.value}: {one.guard or SESSIONS[SessionState.FREE]}"]
    if one.posture is not None:
        said += [one.posture.text, *(f"closed by: {line}" for line in one.posture.closing)]
    bad = [finding for finding in findings if finding.severity is not Severity.NOTE]
    if not bad and one.state is SessionState.LEAKS:
        lines = [f"lets through {one.witness}", *map(line_text, one.lines)]
        case.result = [_failure(lines[0], SessionState.LEAKS.value, lines)]
    _tell(case, findings, said)
    return case


def _loose(one: Finding) -> TestCase:
    """Return the case of a finding that no other case is about."""
    case = TestCase(shown(f"{one.kind.value}: {place(one) if one.session else one.object}"))
    _tell(case, [one], [])
    return case


def _tell(case: TestCase, findings: Sequence[Finding], said: Sequence[str]) -> None:
    """Make ``case`` fail by ``findings``, if any is more than a note, and say the rest."""
    bad = [one for one in findings if one.severity is not Severity.NOTE]
    if bad:
        # One failure for all: GitLab shows the first.
        lines = [
            line
            for one in bad
            for line in (f"{one.severity.value} {one.kind.value}", *details(one))
        ]
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        case.result = [_failure(f"{bad[0].text}{more}", bad[0].kind.value, lines)]
    notes = [line for one in findings if one.severity is Severity.NOTE for line in details(one)]
    if said or notes:
        case.system_out = "\n".join(map(shown, (*said, *notes)))


def _failure(message: str, kind: str, lines: Sequence[str]) -> Failure:
    failure = Failure(shown(message), kind)
    failure.text = "\n".join(map(shown, lines))
    return failure


def _error(text: str, kind: str) -> Error:
    error = Error(shown(text), kind)
    error.text = shown(text)
    return error
