"""The law of `Dialect.locate`: altering the line of an object in a text alters just that object.

Read `assert_located`. It alters each located line as text, parses the whole again, and compares:
what changed must be what the index places on that line, and nothing else may have.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.redact import redact
from policies.references import AttachmentRef, EntryRef, Part, StanzaRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.dialects.base import Dialect
    from policies.dialects.line_index import LineIndex
    from policies.filters import Attachment, Running

#: Prefixes that no configuration of the tests has.
ODD = {4: "203.0.113.77/32", 6: "2001:db8:dead:beef::77/128"}
_PREFIX = re.compile(
    r"(?<![\w:.])(?:\d+\.\d+\.\d+\.\d+|[\da-f]*:[\da-f:]*)(?:/\d+)?", re.IGNORECASE
)
_VERDICTS = {
    "permit": "deny",
    "deny": "permit",
    "pass": "drop",
    "drop": "done",
    "done": "drop",
    "accept": "reject",
    "reject": "accept",
}

#: What a filter set is made of; what brings routes into a table is no part of one.
Reference = EntryRef | StanzaRef | AttachmentRef


def references(running: Running) -> Iterator[Reference]:
    """Yield a reference to every entry, stanza and attachment."""
    for (version, name), found in running.lists.items():
        for at in range(len(found.entries) + len(found.unknown)):
            yield EntryRef(version, name, at)
    for name, one in running.route_maps.items():
        for stanza in one.stanzas:
            yield StanzaRef(name, stanza.seq)
    for key, session in running.sessions.items():
        for version, direction in session.attachments:
            yield AttachmentRef(key, version, direction, Part.ROUTE_MAP)


def on_lines(running: Running, index: LineIndex) -> dict[int, set[Reference]]:
    """Return what stands on each line."""
    found: dict[int, set[Reference]] = {}
    for one in references(running):
        for place in index.places(one):
            if place.number is not None:
                found.setdefault(place.number, set()).add(one)
    return found


def flipped(line: str) -> str | None:
    """Return the line with the opposite verdict; None if it has none."""
    words = re.split(r"(\s+)", line)
    places = [at for at, word in enumerate(words) if word in _VERDICTS]
    if not places or "default-action" in words:
        return None
    words[places[-1]] = _VERDICTS[words[places[-1]]]
    return "".join(words)


def other_prefix(line: str) -> str | None:
    """Return the line about a prefix that nothing else is about; None if it has none."""
    found = _PREFIX.search(line)
    if not found:
        return None
    odd = ODD[6 if ":" in found[0] else 4]
    rest = re.sub(r" (?:eq|ge|le) \d+", "", line[found.end() :])
    rest = re.sub(r" (?:orlonger|longer|upto \S+|prefix-length-range \S+)", " exact", rest)
    return f"{line[: found.start()]}{odd}{rest}"


def other_policy(line: str) -> str | None:
    """Return the line with another policy attached; None if it attaches none."""
    found = re.search(
        r"(?P<word>\b(?:route-map|route-policy|import|export)) (?P<name>\S.*?)"
        r"(?P<way> (?:in|out))?$",
        line,
    )
    return f"{line[: found.start('name')]}ODD-POLICY{found['way'] or ''}" if found else None


def policies_of(running: Running) -> dict[AttachmentRef, Attachment]:
    """Return what stands on every session, family and direction."""
    return {
        AttachmentRef(key, version, direction, Part.ROUTE_MAP): one
        for key, session in running.sessions.items()
        for (version, direction), one in session.attachments.items()
    }


def assert_located(dialect: Dialect, text: str) -> int:
    """Assert the law for every line of ``text`` that something stands on; return their number."""
    running, index = dialect.parse(text), dialect.index(text)
    lines = text.splitlines()
    here = on_lines(running, index)
    for number, standing in here.items():
        line = lines[number - 1]
        for one in standing:
            assert_text(index, one, number, line)
        kinds = {type(one) for one in standing}
        for kind in kinds:
            mine = {one for one in standing if type(one) is kind}
            assert_alters(dialect, text, running, number, mine)
    return len(here)


def assert_text(index: LineIndex, one: Reference, number: int, line: str) -> None:
    (place,) = (at for at in index.places(one) if at.number == number)
    assert place.text == redact(line)


def assert_alters(
    dialect: Dialect, text: str, before: Running, number: int, mine: set[Reference]
) -> None:
    """Assert that altering the line alters all of ``mine``, and nothing else of their kind."""
    lines = text.splitlines()
    line = lines[number - 1]
    some = next(iter(mine))
    altered = _altered(line, some)
    wanted = _objects(before, mine)
    if altered is None:
        # No line of its own: nothing is attached, or the list is in a condition.
        assert not (wanted and isinstance(some, AttachmentRef)), f"line {number} `{line}`"
        return
    changed_lines = (*lines[: number - 1], altered, *lines[number:])
    after = dialect.parse("".join(f"{one}\n" for one in changed_lines))
    changed = _changed(before, after, some)
    if isinstance(some, StanzaRef):
        # What a stanza says of routes that never get to it makes no difference on some platforms.
        assert changed, f"nothing changed with line {number} `{line}`"
        assert changed <= wanted, f"line {number} `{line}` changed {changed - wanted}"
    else:
        assert changed == wanted, f"line {number} `{line}`"


def _altered(line: str, some: Reference) -> str | None:
    match some:
        case EntryRef():
            # A list inside of a condition of IOS-XR is called by its text.
            return None if "destination in" in line else other_prefix(line)
        case StanzaRef():
            return flipped(line)
        case AttachmentRef():
            return other_policy(line)


def _objects(before: Running, mine: set[Reference]) -> set[object]:
    """Return what references are to: lists, route-maps, and sessions with a policy."""
    policies = policies_of(before)
    found: set[object] = set()
    for one in mine:
        match one:
            case EntryRef(version, name):
                found.add((version, name))
            case StanzaRef(name):
                found.add(name)
            case AttachmentRef():
                if policies[one].route_map is not None:
                    found.add(one)
    return found


def _changed(before: Running, after: Running, some: Reference) -> set[object]:
    if isinstance(some, EntryRef):
        keys = {*before.lists, *after.lists}
        return {key for key in keys if before.lists.get(key) != after.lists.get(key)}
    if isinstance(some, StanzaRef):
        names = {*before.route_maps, *after.route_maps}
        return {name for name in names if before.route_maps.get(name) != after.route_maps.get(name)}
    old, new = policies_of(before), policies_of(after)
    return {at for at in {*old, *new} if old.get(at) != new.get(at)}
