"""On-call pages as things to do, and the hands that do them: :func:`steps`, :class:`Hands`.

A page has its commands in ``console`` blocks: ``$ command``, at its end ``# exit N`` where that is
not 0, then lines that it says, with … for what differs. A ``diff`` block is an edit of the site's
files. ``<!-- meanwhile: words -->`` is what happens without the reader's doing.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from site_fixture import ringfence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FOLDER = Path(__file__).resolve().parents[2] / "runbooks" / "oncall"
#: What the pages call the address of the switch tor1.
TOR1 = "192.0.2.15"

_PART = re.compile(
    r"^(?P<indent> *)```(?P<kind>\w*)\n(?P<text>.*?)^ *```$|<!-- meanwhile: (?P<event>.*?) -->",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command, how it ends, and what it says."""

    line: str
    code: int
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of the site's files, as a unified diff."""

    text: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens meanwhile."""

    words: str


Step = Command | Edit | Event


def pages() -> tuple[str, ...]:
    """Return the names of the pages, without the index."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "README"))


def text_of(page: str) -> str:
    """Return the text of a page."""
    return (FOLDER / f"{page}.md").read_text(encoding="utf-8")


def steps(text: str) -> tuple[Step, ...]:
    """Return what a page lets its reader do, in order.

    Raises:
        ValueError: a block is neither ``console`` nor ``diff``.
    """
    return tuple(step for part in _PART.finditer(text) for step in _steps(part))


def _steps(part: re.Match[str]) -> Iterator[Step]:
    if part["event"]:
        yield Event(part["event"])
        return
    indent = len(part["indent"])
    lines = [line[indent:] for line in part["text"].splitlines()]
    if part["kind"] == "diff":
        yield Edit("\n".join(lines) + "\n")
    elif part["kind"] == "console":
        yield from _commands(lines)
    else:
        raise ValueError(f"a block of {part['kind'] or 'nothing'}: {part['text']}")


def _commands(lines: list[str]) -> Iterator[Command]:
    starts = [number for number, line in enumerate(lines) if line.startswith("$ ")]
    if starts[:1] != [0]:
        raise ValueError(f"a console block begins with no command: {lines}")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        line, _, exit_code = lines[start][2:].partition("# exit ")
        yield Command(line.strip(), int(exit_code or 0), tuple(lines[start + 1 : end]))


def says(output: str, promised: tuple[str, ...]) -> str | None:
    """Return the first promised line that ``output`` does not have where it should, or None."""
    rest = " ".join(output.split())
    for line in promised:
        for part in filter(None, (" ".join(part.split()) for part in line.split("…"))):
            _, found, rest = rest.partition(part)
            if not found:
                return line
    return None


def _is_plain(line: str) -> bool:
    """Return whether a line is one ringfence command, with nothing for a shell in it."""
    return line.startswith("ringfence ") and not set(line) & set("|&;<>$`*?~")


@dataclass(slots=True)
class Hands:
    """Does what a page says on one site; ``done`` has every command that was run."""

    site: Path
    put_in: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def follow(self, text: str) -> None:
        """Do every step of a page; each must end and say as the page promises."""
        happened = set()
        for step in steps(text):
            match step:
                case Command():
                    self._run(step)
                case Edit():
                    self._edit(step)
                case Event():
                    self.events[step.words]()
                    happened.add(step.words)
        assert happened == set(self.events), "the page leaves out something that happens"

    def _placed(self, text: str) -> str:
        for old, new in self.put_in.items():
            text = re.sub(rf"\b{re.escape(old)}\b", new, text)
        return text

    def _run(self, command: Command) -> None:
        line = self._placed(command.line)
        code, said = self._in_process(line) if _is_plain(line) else self._in_shell(line)
        told = f"$ {command.line}   # exit {code}\n{said}"
        assert code == command.code, told
        promised = tuple(map(self._placed, command.says))
        assert (lacks := says(said, promised)) is None, f"no {lacks!r} in\n{told}"
        self.done.append(command.line)

    def _in_process(self, line: str) -> tuple[int, str]:
        """Run ringfence as its own process would; a new one for each takes longer than the work."""
        with contextlib.chdir(self.site), pytest.MonkeyPatch.context() as patched:
            patched.setenv("RINGFENCE_SITE", str(self.site))
            ended = ringfence(*shlex.split(line)[1:])
        return ended.code, ended.out + ended.err

    def _in_shell(self, line: str) -> tuple[int, str]:
        ended = subprocess.run(
            ["/bin/bash", "-o", "pipefail", "-c", line],
            cwd=self.site,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return ended.returncode, ended.stdout

    def _edit(self, edit: Edit) -> None:
        argv = ["patch", "--strip=1", "--fuzz=0", "--directory", str(self.site)]
        done = subprocess.run(argv, input=edit.text, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
