"""The RPCs that read and change the configuration: :class:`Configuring`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.switch.junos.compare import compare
from lab.switch.junos.printing import curly, set_form, xml
from lab.switch.junos.reading import load_curly, load_set
from lab.switch.junos.replies import Element, complaint_error, date_time, make
from lab.switch.junos.store import LockedError, Store
from lab.switch.junos.tree import Node
from lab.switch.netconf import HangUpError, RpcError, local

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.switch.base import Faults
    from lab.switch.netconf import Session

_DEFAULT_MINUTES = 10
_ADDITIONAL = "mgd: statement must contain additional statements"
_PENDING = "rollback pending"


@dataclass(slots=True)
class Configuring:
    """Answers with what stands in the reply; None is ``<ok/>``."""

    store: Store
    faults: Faults

    def get_configuration(self, _session: Session, asked: Element) -> Sequence[Element]:
        """Print the candidate or the committed configuration, or compare it."""
        form = asked.get("format", "xml")
        is_committed = asked.get("database", "candidate") == "committed"
        tree = self.store.running if is_committed else self.store.candidate
        if asked.get("compare") == "rollback":
            if "diff-warning" in self.faults:
                raise RpcError(_ADDITIONAL, type="protocol", severity="warning")
            old = self.store.history[int(asked.get("rollback", "0"))].tree
            output = make("configuration-output", f"\n{compare(old, tree)}")
            return [make("configuration-information", output)]
        if form == "set":
            text = "".join(f"{line}\n" for line in set_form(tree))
            if is_committed and "cut" in self.faults:
                # In the middle of a word: between two lines nobody could tell.
                middle = len(text) // 2
                text = text[: text.rindex(" ", 0, middle) + 2]
            return [make("configuration-set", f"\n{text}")]
        if form == "text":
            return [make("configuration-text", f"\n{self.headed(tree)}")]
        if form != "xml":
            raise RpcError(f"invalid value '{form}' in attribute format", type="protocol")
        configuration = make("configuration")
        xml(tree, configuration)
        return [configuration]

    def headed(self, tree: Node) -> str:
        """Return a configuration in curly brackets below the line that tells its commit."""
        last = self.store.history[0]
        head = f"## Last commit: {last.when:%Y-%m-%d %H:%M:%S} UTC by {last.user}"
        return "".join(f"{line}\n" for line in (head, *curly(tree)))

    def lock(self, session: Session, _asked: Element) -> Sequence[Element]:
        """Lock the candidate."""
        try:
            self.store.lock(session, f"{session.username} (session {session.number})")
        except LockedError as error:
            raise _denied(error) from error
        return []

    def unlock(self, session: Session, _asked: Element) -> Sequence[Element]:
        """Give the lock back."""
        self.store.unlock(session)
        return []

    def load(self, session: Session, asked: Element) -> Sequence[Element]:
        """Load text, commands, or an earlier configuration into the candidate."""
        self._may_edit(session)
        if asked.get("compare") == "rollback" or asked.get("rollback") is not None:
            number = int(asked.get("rollback", "0"))
            if number >= len(self.store.history):
                raise RpcError(f"could not find rollback {number}", type="protocol")
            self.store.rollback(number)
            return [make("load-configuration-results", make("ok"))]
        content = next((one for one in asked if isinstance(one.tag, str)), None)
        action = asked.get("action", "merge")
        if content is None or local(content) not in {"configuration-text", "configuration-set"}:
            raise RpcError("this virtual switch loads text and commands alone", type="protocol")
        text = content.text or ""
        if local(content) == "configuration-set" or action == "set":
            complaints = load_set(self.store.candidate, text)
        else:
            if action == "override":
                self.store.candidate = Node()
            replaces = action in {"replace", "override"}
            complaints = load_curly(self.store.candidate, text, replaces=replaces)
        results = make("load-configuration-results")
        for complaint in complaints:
            results.append(complaint_error(complaint).element())
        errors = sum(not complaint.is_warning for complaint in complaints)
        results.append(make("load-error-count", errors) if errors else make("ok"))
        return [results]

    def commit(self, session: Session, asked: Element) -> Sequence[Element] | None:
        """Commit, check, or commit until confirmed."""
        self._may_edit(session)
        children = {local(one): (one.text or "").strip() for one in asked}
        engine = make("routing-engine", make("name", "re0"))
        results = make("commit-results", engine)
        if "check" in children:
            complaints = self.store.check()
            engine.append(make("commit-check-success"))
        elif "refuse-commit" in self.faults:
            raise RpcError("configuration check-out failed", type="protocol")
        else:
            minutes = None
            if "confirmed" in children and "ignore-confirmed" not in self.faults:
                minutes = int(children.get("confirm-timeout") or _DEFAULT_MINUTES)
            complaints = self.store.commit(
                session.username, "netconf", children.get("log"), minutes
            )
            engine.append(make("commit-success"))
            engine.append(make("commit-revision-information", *self.revision()))
        if complaints:
            errors = [complaint_error(complaint).element() for complaint in complaints]
            return [make("commit-results", *errors)]
        if "commit-hangs-up" in self.faults and "check" not in children:
            raise HangUpError
        if "commit-warning" in self.faults:
            warning = RpcError("statement has no effect on this platform", severity="warning")
            engine.append(warning.element())
            return [results]
        return [results, make("ok")]

    def revision(self) -> list[Element]:
        """Return what tells the last commit, without its comment."""
        last = self.store.history[0]
        return [
            make("revision", last.revision),
            make("user", last.user),
            make("client", last.client),
            date_time(last.when),
        ]

    def commits(self, _session: Session, _asked: Element) -> Sequence[Element]:
        """List the commits as ``show system commit`` does; a mark is at the one that waits."""
        listed = []
        for number, one in enumerate(self.store.history):
            content = [make("sequence-number", number), make("user", one.user)]
            content += [make("client", one.client), date_time(one.when)]
            content += [make("comment", one.comment)] if one.comment else []
            content += [make("log", one.log)] if one.log else []
            if number == 0 and self.store.pending_s() is not None:
                content.append(make("commit-confirmed", _PENDING))
            listed.append(make("commit-history", *content))
        return [make("commit-information", *listed)]

    def revision_information(self, _session: Session, _asked: Element) -> Sequence[Element]:
        """Tell of the last commit, as ``show system commit revision detail`` does."""
        content = self.revision()
        commits = self.store.history
        shown = commits[0]
        if "stale-revision" in self.faults:
            shown = next((one for one in commits if one.comment), shown)
            content = [make("revision", shown.revision), make("user", shown.user)]
            content += [make("client", shown.client), date_time(shown.when)]
        if comment := shown.comment or shown.log:
            content.append(make("comment", comment))
        return [make("commit-revision-information", *content)]

    def uptime(self, _session: Session, _asked: Element) -> Sequence[Element]:
        """Tell the time."""
        booted = self.store.history[-1].when
        return [
            make(
                "system-uptime-information",
                make("current-time", date_time(self.store.now())),
                make("system-booted-time", date_time(booted)),
                make("last-configured-time", date_time(self.store.history[0].when)),
            )
        ]

    def _may_edit(self, session: Session) -> None:
        try:
            self.store.may_edit(session)
        except LockedError as error:
            raise _denied(error) from error


def _denied(error: LockedError) -> RpcError:
    return RpcError(str(error), tag="lock-denied", type="protocol")
