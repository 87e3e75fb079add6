"""Where the parts of a Junos filter set stand in the text in set form: :func:`index`.

The readers say where by the path of a statement. Here paths become lines: those that stand in
their place, or else those of the configuration group that they are inherited from.
"""

from __future__ import annotations

from collections import defaultdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from policies.dialects.junos_own import END
from policies.dialects.junos_parse import read
from policies.dialects.junos_text import statements
from policies.dialects.line_ends import lines_of
from policies.dialects.line_index import LineIndex, Terms
from policies.references import ImportRef

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from policies.dialects.junos_filters import Path
    from policies.dialects.line_index import Numbers

_TERMS = Terms(
    prefix_list="the filters of",
    route_map="the chain",
    list_end="none of which matches",
    map_end="where the default of BGP decides",
)

#: What of a term decides, the first of which there is a line.
_VERDICTS = (("then", "accept"), ("then", "reject"), ("then", "next"), ("then",))


def index(text: str) -> LineIndex:
    """Return where the parts of the filter set of ``text`` stand in it.

    A stanza is what a term decides, or else its ``then``, or its first line where it has none.
    What attaches a chain are all lines that name its policies.

    Raises:
        ParseError: ``text`` is cut short, or is not the set form of a Junos configuration.
    """
    reading = read(text)
    attached = {slot: parts for one in reading.scopes for slot, parts in one.attached_at.items()}
    said_at = {key: path for one in reading.scopes for key, path in one.said_at.items()}
    stanza_paths = reading.policies.stanza_paths
    entry_paths = reading.policies.entry_paths
    wanted = {
        *(path for parts in attached.values() for some in parts.values() for path in some),
        *said_at.values(),
        *stanza_paths.values(),
        *((*path, *words) for path in stanza_paths.values() for words in _VERDICTS),
        *(path for some in entry_paths.values() for path in some),
        *(one.path for one in reading.imports),
    }
    # What is also said by a configuration group stands in both places.
    both = {path for one in reading.scopes for path in one.marks.doubtful}
    lines = _lines(text, wanted, both)
    return LineIndex(
        lines=tuple(lines_of(text)),
        terms=_TERMS,
        entries={
            key: tuple(next(iter(lines.get(path, ())), None) for path in some)
            for key, some in entry_paths.items()
        },
        stanzas={
            at: next(
                (lines[(*path, *words)] for words in _VERDICTS if (*path, *words) in lines),
                lines.get(path, ())[:1],
            )
            for at, path in stanza_paths.items()
            if path
        },
        parts={
            slot: {
                part: tuple(number for path in some for number in lines.get(path, ()))
                for part, some in parts.items()
            }
            for slot, parts in attached.items()
        },
        sessions={key: lines[path][0] for key, path in said_at.items() if path in lines},
        imports={
            ImportRef(one.vrf, one.version, one.source, one.said): lines.get(path, ())
            for one, path in reading.imports
        },
        said={
            (chain, seq): (
                f"the end of the guard {chain.split()[0]}, which leaves the rest to what follows it"
                if seq == END
                else f"the end of the chain {chain}, where the default of BGP decides"
            )
            for (chain, seq), path in stanza_paths.items()
            if not path
        },
    )


def _lines(text: str, wanted: set[Path], both: Collection[Path]) -> Mapping[Path, Numbers]:
    """Return, for each path, the numbers of the lines at or below it, if there are any."""
    found: dict[Path, list[int]] = defaultdict(list)
    groups: list[tuple[Path, int]] = []
    for one in statements(text):
        if one.command not in ("set", "deactivate"):
            continue
        path = tuple(one.words())
        for length in range(1, len(path) + 1):
            if path[:length] in wanted:
                found[path[:length]].append(one.number)
        if path[:1] == ("groups",):
            groups.append((path[2:], one.number))
    for path in wanted - {()} if groups else ():
        if path in both or path not in found:
            numbers = [number for said, number in groups if _means(said, path)]
            found[path] += numbers
    return {path: tuple(numbers) for path, numbers in found.items() if numbers}


def _means(said: Path, path: Path) -> bool:
    """Return whether what a group says is about ``path``; its names may be patterns."""
    return len(said) >= len(path) and all(
        word == wanted or (word.startswith("<") and fnmatchcase(wanted, word.strip("<>")))
        for word, wanted in zip(said, path, strict=False)
    )
