"""An audit on record, and told to whoever wants to be: :func:`remembered`.

Law: a ledger or a receiver that is not there takes nothing from the report but what it would
have added; the report says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.errors import RingfenceError
from runbooks.ledger.audits import open_history
from runbooks.reports.webhook import tell

if TYPE_CHECKING:
    from inventory.site import Site
    from runbooks.audit_report import AuditReport
    from runbooks.ledger.audits import Changes, Milestones
    from runbooks.progress import Progress


def remembered(
    site: Site, report: AuditReport, progress: Progress
) -> tuple[AuditReport, Milestones | None]:
    """Return ``report`` with its history and the time of each finding, and when all was well.

    It is on record then, and the site's webhook was told. The second is None where nobody knows.
    """
    changes: Changes | None = None
    milestones: Milestones | None = None
    try:
        with open_history(site) as history:
            report = history.remember(report)
            milestones, changes = history.milestones(), history.changes(report.id)
    except RingfenceError as error:
        report = _noted(report, progress, f"this audit is not on record: {error}")
    if why := tell(site, report, changes):
        report = _noted(report, progress, why)
    return report, milestones


def _noted(report: AuditReport, progress: Progress, text: str) -> AuditReport:
    """Return ``report`` with a note, which is said right away too."""
    for line in text.splitlines():
        progress.say(f"ringfence: {line}")
    return report.model_copy(update={"notes": (*report.notes, *text.splitlines())})
