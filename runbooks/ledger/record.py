"""The record of the run that is going on: :class:`Record`."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from runbooks.ledger.who import now

if TYPE_CHECKING:
    from pathlib import Path

    from runbooks.ledger.folder import RunFolder
    from runbooks.ledger.run import Event
    from runbooks.ledger.writer import Writer


class Record:
    """Appends steps to one run: a row of the ledger first, then a line of the readable copy.

    Threads may share it. A copy that can't be written any more ends nothing: that it can't is a
    step of its own, in the ledger.
    """

    def __init__(self, writer: Writer, site: str, run: str, folder: RunFolder) -> None:
        self.run = run
        self._writer = writer
        self._site = site
        self._folder = folder
        self._copies = True

    @property
    def folder(self) -> Path:
        """Where the readable copy is."""
        return self._folder.path

    def write(self, step: str, **facts: object) -> None:
        """Append one step; returns once it would survive the loss of power.

        Raises:
            UnrecordedError: it is not on record, or it is not known whether it is: what was to
                follow it must not. It is an :class:`OSError`.
        """
        event: Event = {"at": now(), "step": step, **facts}
        json.dumps(event)  # What is no JSON is refused before anything is written.
        self._row(event)
        self.copy(event)

    def end(self, status: str, **facts: object) -> None:
        """Append how the run ended: confirmed, taken-back, or unknown.

        Raises:
            UnrecordedError: see :meth:`write`.
        """
        self.write("end", status=status, **facts)
        self.close()

    def _row(self, event: Event) -> None:
        from runbooks.ledger.rows import insert_step  # noqa: PLC0415 - who writes has it loaded

        step = str(event["step"])
        try:
            self._writer.transact(
                lambda connection: insert_step(connection, self._site, self.run, event),
                f"step {step!r} of run {self.run}",
                is_urgent=step == "end",
            )
        except OSError as error:
            # Nobody takes it for a step that was recorded, and a person can still read it.
            facts = {key: value for key, value in event.items() if key not in ("at", "step")}
            lost = {"at": event["at"], "step": "unrecorded", "what": step, "because": str(error)}
            with suppress(OSError):
                self._folder.append({**lost, **facts})
            raise

    def copy(self, event: Event, plan: str | None = None) -> None:
        """Write ``event`` to the readable copy, which begins with ``plan``."""
        if not self._copies:
            return
        try:
            if plan is not None:
                self._folder.begin(plan)
            self._folder.append(event)
        except OSError as error:
            self._copies = False
            # The row of the event itself stands: that its copy does not must not deny it.
            with suppress(OSError):
                self._row({"at": now(), "step": "copy-lost", "error": f"{self.folder}: {error}"})

    def close(self) -> None:
        """Close the copy; what was written is on record already."""
        with suppress(OSError):
            self._folder.close()
