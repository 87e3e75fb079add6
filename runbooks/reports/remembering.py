"""An audit on record, and told to whoever wants to be: :func:`remembered`.

Law: a ledger or a receiver that is not there takes nothing from the report but what it would
have added; the report says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.errors import RingfenceError
from runbooks.ledger.audits import open_history

if TYPE_CHECKING:
    from inventory.site import Site
    from runbooks.audit_report import AuditReport
    from runbooks.ledger.audits import Milestones
    from runbooks.progress import Progress


def remembered(
    site: Site, report: AuditReport, progress: Progress
) -> tuple[AuditReport, Milestones | None]:
    """Return ``report`` with its history and the time of each finding, once it is on record.

    Beside it, when things were well for the last time; None where nobody knows.
    """
    try:
        with open_history(site) as history:
            return history.remember(report), history.milestones()
    except RingfenceError as error:
        return noted(report, progress, f"this audit is not on record: {error}"), None


def noted(report: AuditReport, progress: Progress, text: str) -> AuditReport:
    """Return ``report`` with a note, which is said right away too."""
    for line in text.splitlines():
        progress.say(f"ringfence: {line}")
    return report.model_copy(update={"notes": (*report.notes, *text.splitlines())})
