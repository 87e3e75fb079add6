"""Where a report goes: the terminal, standard output, files. See :class:`Outlets`.

Law: a report that was made reaches every place that can take it, whatever happens to another.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from inventory.errors import RingfenceError
from runbooks.reports.files import write_atomically
from runbooks.supported import unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runbooks.audit_report import AuditReport
    from runbooks.cli_common import Context
    from runbooks.ledger.audits import Milestones

_DASH = Path("-")
_FORMATS: Mapping[str, str] = {
    "html": "One HTML page with everything, for a browser.",
    "junit": "JUnit XML, for CI.",
    "markdown": "Markdown, for a comment on a merge request.",
    "prometheus": "Metrics, for node_exporter's textfile collector.",
}


def _render(name: str, report: AuditReport, path: Path, milestones: Milestones | None) -> str:
    """Return ``report`` in one format; its module is imported only now, as templates are slow."""
    if name != "prometheus":
        return str(import_module(f"runbooks.reports.{name}").render(report))
    from runbooks.reports.prometheus import milestones_in, render  # noqa: PLC0415

    # What was well before is not forgotten because this audit was not.
    return render(report, milestones or milestones_in(path, report))


@dataclass(frozen=True, slots=True)
class Outlets:
    """The files that a user asked for, by format; ``-`` is standard output."""

    files: Mapping[str, Path]

    @property
    def on_stdout(self) -> bool:
        """Whether standard output is one of them, and so not the terminal's."""
        return _DASH in self.files.values()

    def ensure_writable(self, *more: Path | None) -> None:
        """Refuse, before anything is contacted, a file that can't be written.

        Raises:
            InputError: names it.
        """
        if sum(path == _DASH for path in self.files.values()) > 1:
            raise click.UsageError("standard output takes one format: give the others a file")
        for path in (*self.files.values(), *more):
            if path is None or path == _DASH:
                continue
            taken = path.exists() and not os.access(path, os.W_OK)
            if taken or path.is_dir() or not os.access(path.resolve().parent, os.W_OK):
                raise unusable(f"{path}: can't be written there; nothing was contacted")

    def write(
        self, context: Context, report: AuditReport, milestones: Milestones | None = None
    ) -> list[str]:
        """Write ``report`` everywhere, and return what went wrong: a sentence for each file.

        ``milestones`` are those of the history, if there is one.
        """
        lost = []
        for name, path in self.files.items():
            try:
                text = _render(name, report, path, milestones)
                if path == _DASH:
                    context.report.text(text)
                else:
                    write_atomically(path, text)
            except RingfenceError as error:
                lost.append(str(error))
        return lost


def outlets(command: Callable[..., int]) -> Callable[..., int]:
    """Give ``command`` an option for each format, and hand it their files as ``files``."""

    @wraps(command)
    def wrapped(**given: Any) -> int:  # noqa: ANN401 - click's own options
        chosen = {name: given.pop(name) for name in _FORMATS}
        files = {name: path for name, path in chosen.items() if path is not None}
        return command(**given, files=Outlets(files))

    kind = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
    for name, text in reversed(list(_FORMATS.items())):
        wrapped = click.option(f"--{name}", metavar="FILE", type=kind, help=text)(wrapped)
    return wrapped
