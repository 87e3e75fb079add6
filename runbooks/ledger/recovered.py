"""Whether something is left to recover: :func:`ensure_recovered`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.errors import IncompleteError
from runbooks.ledger.run import UNKNOWN

if TYPE_CHECKING:
    from runbooks.ledger.ledger import Ledger


def ensure_recovered(ledger: Ledger) -> None:
    """Refuse to begin where a run came to neither of the two states.

    To be asked with the site held: otherwise it may just be going on.

    Raises:
        IncompleteError: names the first such run.
    """
    for run in ledger.unfinished():
        by = run.first.get("by") or "somebody"
        when = run.first.get("at") or "at a time that it did not write down"
        what = "did not end"
        if run.status == UNKNOWN:
            what = "ended with some device's state unknown"
        raise IncompleteError(
            f"run {run.name} ({by}, {when}) {what}; run `ringfence recover` first"
        )
