"""Text of devices and sites inside Markdown, where it is text and nothing else.

Read :func:`prose`, :func:`code` and :func:`fenced`; :class:`Page` keeps a length. Law: no text
ends the element that it stands in, begins one of its own, notifies somebody, or refers to
anything; GitHub's flavour (https://github.github.com/gfm/) and GitLab's alike.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from runbooks.reports.page.text import LONGEST, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_Thing = TypeVar("_Thing")

LIMIT: Final = 32_000
"""Bytes of one document: two, a plan and its proof, fit into one comment of GitHub's (65,536)."""

#: Characters of one text inside a sentence or a table.
_SHORT: Final = 300

#: Lines of one fenced block, of at most :data:`LONGEST` characters.
_LINES: Final = 120

# Entities can't be markup (GFM, 6.2), so every character that could be is written as one.
_MARKUP: Final = re.compile(r"""[&<>"'`*_{}\[\]\\|~@#!$%^]|:(?=//)|(?<=www)\.""", re.IGNORECASE)

# The same for a first word that would begin a list, or underline a heading.
_BLOCK: Final = re.compile(r"^[-+=]|^\d(?=\d*[.)]$)")

# What both sites look for in the text after it was rendered: @name, #1, !1, ~label, addresses,
# :name: of an emoji, which an address of IPv6 may well hold.
_REFERENCE: Final = re.compile(r"[@#!~$%&^]\S|\[\w+:|://|\bwww\.|:[\w+-]+:|\bGH-\d", re.IGNORECASE)

_RUN: Final = re.compile("`{3,}")


def prose(text: str) -> str:
    """Return ``text`` as a part of a sentence or of a table's cell, on one line.

    A word that looks like a mention, a reference, an address or an emoji is put in the type of
    code, where neither site looks for any.
    """
    first, *words = map(_word, _line(text).split(" "))
    return " ".join((_BLOCK.sub(_entity, first), *words))


def _word(word: str) -> str:
    if not _REFERENCE.search(word):
        return _plain(word)
    core = word.strip("().,;")
    before, after = word.split(core, maxsplit=1) if core else (word, "")
    return f"{before}<code>{_plain(core)}</code>{after}"


def code(text: str) -> str:
    """Return ``text`` in the type of code, on one line; to be copied as it stands."""
    # Not in backticks: they can't hold a pipe in a table.
    return f"<code>{_plain(_line(text))}</code>" if text else ""


def _line(text: str) -> str:
    line = " ".join(shown(text).split())
    return line if len(line) <= _SHORT else f"{line[:_SHORT]} ..."


def _plain(text: str) -> str:
    return _MARKUP.sub(_entity, text)


def _entity(found: re.Match[str]) -> str:
    # An element in between, or cmark links what it takes for an address of mail.
    return "&#64;<wbr>" if found[0] == "@" else f"&#{ord(found[0])};"


def fenced(text: str, language: str = "") -> str:
    """Return ``text`` as a block of code, cut where it is too long, which it then says.

    The fence is longer than any in the text.
    """
    lines = shown(text[:LONGEST]).split("\n")
    if lines[-1] == "":
        lines.pop()
    left_out = text.count("\n", LONGEST) + max(0, len(lines) - _LINES)
    # GitLab reads /merge at the start of a line as a command, and not always knows a long fence.
    body = [f" {line}" if line.startswith("/") else line for line in lines[:_LINES]]
    if left_out or len(text) > LONGEST:
        body.append(f"... ({left_out or 'some'} more lines)")
    longest = max(map(len, _RUN.findall("\n".join(body))), default=2)
    fence = "`" * (longest + 1)
    return "\n".join((f"{fence}{language}", *body, fence))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table; the cells are Markdown already."""
    return [_row(cells) for cells in (head, ["---"] * len(head), *rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _size(block: str) -> int:
    """Return the bytes of a block or a line, with what ends it."""
    return len(block.encode("utf-8", "replace")) + 2


def folded(summary: str, *blocks: str) -> str:
    """Return ``blocks`` under a ``summary``, which is Markdown already, that opens them."""
    # Without the empty lines what is inside would be taken for HTML.
    return "\n\n".join((f"<details><summary>{summary}</summary>", *blocks, "</details>"))


class Page:
    """A document of at most ``limit`` bytes: what does not fit any more is counted."""

    def __init__(self, limit: int, more: str) -> None:
        """``more`` is the sentence that ends a document that was cut; ``{}`` is what is missing."""
        self._more = more
        self._left = limit - len(more.encode()) - 200
        self._blocks: list[str] = []
        self._missing: dict[str, int] = {}

    def add(self, block: str) -> bool:
        """Add a block if there is room; return whether there was."""
        size = _size(block)
        if size > self._left:
            return False
        self._left -= size
        self._blocks.append(block)
        return True

    def add_each(self, things: Sequence[_Thing], form: Callable[[_Thing], str], noun: str) -> None:
        """Add the ``form`` of each thing, called ``noun``, while there is room; count the rest."""
        for done, thing in enumerate(things):
            if not self.add(form(thing)):
                self.miss(noun, len(things) - done)
                return

    def add_table(
        self,
        head: Sequence[str],
        things: Sequence[_Thing],
        row: Callable[[_Thing], Sequence[str]],
        noun: str,
    ) -> None:
        """Add a table with the ``row`` of each thing, called ``noun``, as far as there is room.

        It takes half of what is left at the most.
        """
        lines = table(head, ())
        room = self._left // 2 - sum(map(_size, lines))
        for thing in things:
            line = _row(row(thing))
            room -= _size(line)
            if room < 0:
                break
            lines.append(line)
        done = len(lines) - 2
        if done and self.add("\n".join(lines)):
            self.miss(noun, len(things) - done)
        else:
            self.miss(noun, len(things))

    def miss(self, noun: str, number: int = 1) -> None:
        """Count things that are left out."""
        if number:
            self._missing[noun] = self._missing.get(noun, 0) + number

    def text(self) -> str:
        """Return the document."""
        blocks = list(self._blocks)
        if self._missing:
            missing = ", ".join(f"{noun}: {number}" for noun, number in self._missing.items())
            blocks.append(self._more.format(missing))
        return "\n\n".join(blocks) + "\n"
