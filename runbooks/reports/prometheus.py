"""An audit as metrics, for node_exporter's textfile collector. Start with :func:`render`.

Law: the names and labels here are what alerts are written with; they change as an interface does.
An audit that was cut short never moves the time of the last one that was complete. Every series
names the site and the command, so that several files of one host do not collide. States that do
not hold have no series: a fabric has too many sessions for zeros.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from inventory.errors import Exit
from runbooks.audit_report import DeviceState, Severity
from runbooks.ledger.audits import Milestones
from runbooks.reports.page.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from runbooks.audit_report import AuditReport

_COMPLETE: Final = "ringfence_audit_last_complete_time_seconds"
_CLEAN: Final = "ringfence_audit_last_clean_time_seconds"
_DEVICE_CLEAN: Final = "ringfence_device_last_clean_time_seconds"

#: One series: the values of its labels, but for the first two, and its value.
_Series = tuple[tuple[str, ...], float]


def render(report: AuditReport, milestones: Milestones | None = None) -> str:
    """Return ``report`` in the text format 0.0.4 of Prometheus.

    ``milestones`` are those before or after this audit: of the history, or else of the file that
    this one replaces (:func:`milestones_in`).
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(report, milestones or Milestones(devices={})))
    return generate_latest(registry).decode("utf-8", "replace")


def is_whole(report: AuditReport) -> bool:
    """Return whether ``report`` looked at every device of the site: files are not the network."""
    if report.source != "devices":
        return False
    last = report.history[-1] if report.history else None
    if last is not None and last.id == report.id:
        return last.complete
    return report.complete and not (report.not_asked or report.count(DeviceState.UNKNOWN))


class _Families:
    """The metrics of one report; prometheus_client collects them."""

    def __init__(self, report: AuditReport, milestones: Milestones) -> None:
        self._report = report
        self._before = milestones

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield every family, also those without a series: their names are the interface."""
        yield from self._audit()
        yield from self._devices()
        yield from self._sessions()
        yield from self._findings()

    def _family(
        self, name: str, text: str, labels: Iterable[str], series: Iterable[_Series]
    ) -> GaugeMetricFamily:
        family = GaugeMetricFamily(name, text, labels=["site", "command", *labels])
        head = (self._report.site, self._report.command)
        # A collector refuses a whole file for one series that is in it twice.
        once = {tuple(map(shown, (*head, *values))): number for values, number in series}
        for values, number in once.items():
            family.add_metric(values, number)
        return family

    def _one(self, name: str, text: str, number: float | None) -> GaugeMetricFamily:
        return self._family(name, text, (), [] if number is None else [((), number)])

    def _audit(self) -> Iterator[GaugeMetricFamily]:
        report, before = self._report, self._before
        began, ended = _seconds(report.started), _seconds(report.ended)
        whole = is_whole(report)
        well = whole and report.exit_code == Exit.DONE
        yield self._one(
            "ringfence_audit_time_seconds", "When the last audit ended, complete or not.", ended
        )
        yield self._one(
            _COMPLETE,
            "When the last audit ended that looked at every device; none so far: no series.",
            ended if whole else _seconds(before.complete),
        )
        yield self._one(
            _CLEAN,
            "When the last audit ended that looked at every device and found nothing.",
            ended if well else _seconds(before.clean),
        )
        yield self._one(
            "ringfence_audit_duration_seconds",
            "How long the last audit took.",
            None if began is None or ended is None else round(ended - began, 3),
        )
        yield self._one(
            "ringfence_audit_complete", "Whether the last audit looked at every device.", whole
        )
        yield self._one(
            "ringfence_audit_exit_code",
            "Exit code of the last audit: 0 clean, 2 differences, 3 some device unknown.",
            report.exit_code,
        )

    def _devices(self) -> Iterator[GaugeMetricFamily]:
        devices = self._report.devices
        yield self._family(
            "ringfence_devices",
            "Devices that are clean, differ, are unknown, or have no guard to be judged by.",
            ["state"],
            [((state.value,), self._report.count(state)) for state in DeviceState],
        )
        yield self._family(
            "ringfence_device_state",
            "1 for what is known of a device: clean, differs, unknown or unguarded.",
            ["device", "platform", "role", "state"],
            [((one.device, one.platform, one.role, one.state.value), 1) for one in devices],
        )
        yield self._family(
            "ringfence_device_up",
            "Whether a device answered.",
            ["device"],
            [((one.device,), one.state is not DeviceState.UNKNOWN) for one in devices],
        )
        clean = {one.device for one in devices if one.state is DeviceState.CLEAN}
        before = self._before.devices
        names = (*(one.device for one in devices), *self._report.not_asked)
        times = {name: _seconds(before.get(name)) for name in names}
        times |= dict.fromkeys(clean, _seconds(self._report.ended))
        yield self._family(
            _DEVICE_CLEAN,
            "When the last audit ended in which a device answered and was clean.",
            ["device"],
            [((name,), time) for name, time in times.items() if time is not None],
        )

    def _sessions(self) -> Iterator[GaugeMetricFamily]:
        slots = [
            ((device.device, one.session, f"ipv{one.family}", one.direction), one)
            for device in self._report.devices
            for one in device.sessions
        ]
        labels = ["device", "session", "family", "direction"]
        yield self._family(
            "ringfence_session_state",
            "1 for what is known of a session: proven, closed, leaks or free.",
            [*labels, "state"],
            [((*slot, one.state.value), 1) for slot, one in slots],
        )
        up: dict[tuple[str, ...], bool] = {}
        for slot, one in slots:
            if one.up is not None:
                up[slot[:2]] = up.get(slot[:2], False) or one.up
        yield self._family(
            "ringfence_session_up",
            "Whether a session was up; no series where nobody asked.",
            labels[:2],
            up.items(),
        )

    def _findings(self) -> Iterator[GaugeMetricFamily]:
        report = self._report
        severities = Counter(one.severity for one in report.findings)
        yield self._family(
            "ringfence_findings",
            "Findings that stand.",
            ["severity"],
            [((one.value,), severities[one]) for one in Severity],
        )
        kinds = Counter((one.device, one.kind.value, one.severity.value) for one in report.findings)
        yield self._family(
            "ringfence_device_findings",
            'Findings that stand, by device and kind; the device "" is the site itself.',
            ["device", "kind", "severity"],
            sorted(kinds.items()),
        )
        least: dict[tuple[str, ...], float] = {}
        short: Counter[tuple[str, ...]] = Counter()
        for row in report.depth:
            least[row.hijack,] = min(row.depth, least.get((row.hijack,), row.depth))
            short[row.hijack,] += row.short
        yield self._family(
            "ringfence_depth_min",
            "On how many independent devices a class of hijack is dropped, on its weakest way.",
            ["hijack"],
            sorted(least.items()),
        )
        yield self._family(
            "ringfence_depth_short",
            "Ways on which a class of hijack is dropped on fewer devices than the site demands.",
            ["hijack"],
            sorted(short.items()),
        )


def _seconds(moment: str | None) -> float | None:
    """Return an ISO 8601 time in seconds since 1970; None for what is none."""
    try:
        return datetime.fromisoformat(moment or "").timestamp()
    except ValueError:
        return None


def milestones_in(path: Path, report: AuditReport) -> Milestones:
    """Return the milestones of the same site and command in the metrics file ``path``.

    A file that is absent, or is not one of ours, has none.
    """
    found: dict[str, dict[str, float]] = {_COMPLETE: {}, _CLEAN: {}, _DEVICE_CLEAN: {}}
    if not path.is_file():
        # A pipe, or a device without end, would never have been read.
        return Milestones(devices={})
    wanted = {"site": shown(report.site), "command": report.command}
    try:
        for family in text_string_to_metric_families(path.read_text(encoding="utf-8")):
            for sample in family.samples:
                if sample.name in found and wanted.items() <= sample.labels.items():
                    found[sample.name][sample.labels.get("device", "")] = sample.value
        times = {name: {k: _moment(v) for k, v in of.items()} for name, of in found.items()}
    except (OSError, ValueError, OverflowError):
        return Milestones(devices={})
    return Milestones(
        complete=times[_COMPLETE].get(""),
        clean=times[_CLEAN].get(""),
        devices=times[_DEVICE_CLEAN],
    )


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
