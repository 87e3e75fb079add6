"""The configuration of an IOS-XE switch: read, edited a line at a time, printed, compared.

Start with :class:`Terminal`, through which every line goes, typed or copied from a file. Law:
nothing here is atomic; a line that is refused leaves the lines before it in force.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from lab.switch.ios.grammar import GRAMMAR
from lab.switch.lines import (
    Configuration,
    Cursor,
    RefusedError,
    UnknownCommandError,
    whole_commands,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_INVALID = "% Invalid input detected at '^' marker."
_INCOMPLETE = re.compile(
    r"(?:no )?(?:neighbor \S+(?: (?:route-map|prefix-list)(?: \S+)?| remote-as)?"
    r"|ip(?:v6)? prefix-list(?: \S+(?: seq(?: \d+(?: permit| deny)?)?| permit| deny)?)?"
    r"|route-map|router(?: bgp)?|address-family|match(?: ip(?:v6)?(?: address(?: prefix-list)?)?)?"
    r"|set(?: \S+)?|interface|hostname)"
)
_PEER_LINE = re.compile(r"(?P<head>(?:no )?neighbor )(?P<peer>\S+)(?P<rest>.*)")
_RANGE_LINE = re.compile(r"(?P<head>(?:no )?(?:bgp listen range|network) )(?P<it>\S+)(?P<rest>.*)")
_MAKES_A_PEER = re.compile(r"neighbor \S+ (?:remote-as \d+|peer-group(?: \S+)?|inherit peer-s.*)")
_NO_SUCH_PEER = "% Specify remote-as or peer-group commands first"


def read(text: str) -> Configuration:
    """Return the configuration that ``text`` says; lines that are refused are left out."""
    terminal = Terminal(Configuration(GRAMMAR))
    for line in commands(text):
        terminal.enter(line)
    return terminal.configuration


def printed(configuration: Configuration) -> str:
    """Return a configuration as ``show running-config`` has it, without the three lines above."""
    return f"{configuration.text()}!\nend\n"


def commands(text: str) -> Iterator[str]:
    """Yield the commands of a file up to its ``end``, banners and certificates in one piece."""
    for line in whole_commands(text.splitlines(), _ends):
        if line.strip() == "end":
            return
        yield line


def _ends(line: str) -> Callable[[str], bool] | None:
    if line.lstrip().startswith("certificate "):
        return lambda later: later.strip() == "quit"
    if found := re.match(r"\s*banner \w+ (\^C|\S)(.*)", line):
        mark = found[1]
        return None if mark in found[2] else lambda later: mark in later
    return None


class Terminal:
    """A source of configuration lines: somebody typing, or a file."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self._cursor = Cursor(configuration)

    @property
    def modes(self) -> tuple[str, ...]:
        """The modes that are open, the outermost left out."""
        return tuple(node.command.enters or "" for node in self._cursor.path[1:])

    def enter(self, line: str, refuse: Callable[[str], str | None] | None = None) -> str | None:
        """Do what ``line`` says; return what the switch complains, None if it took it.

        ``refuse`` may know better: it is asked first what the switch says of a line.
        """
        text = _canonical(line)
        try:
            if refuse is not None and (words := refuse(text)) is not None:
                return words
            if self._lacks_its_peer(text):
                return _NO_SUCH_PEER
            self._cursor.enter(text)
        except UnknownCommandError:
            return "% Incomplete command." if _INCOMPLETE.fullmatch(text) else _INVALID
        except RefusedError as error:
            return str(error)
        return None

    def touches_sessions(self) -> bool:
        """Return whether the lines entered here are about BGP's sessions."""
        return "bgp" in self.modes

    def _lacks_its_peer(self, text: str) -> bool:
        found = _PEER_LINE.fullmatch(text)
        if not found or self.modes[-1:] not in {("bgp",), ("bgp-family",)}:
            return False
        if _MAKES_A_PEER.fullmatch(text) or text.startswith("no "):
            return False
        places = self._cursor.path[1:]
        return not any(
            one.command.name in {"remote-as", "group", "member", "inherit-session"}
            and one.groups["peer"] == found["peer"]
            for node in places
            for one in node.children.values()
        )


def complaint(line: str, words: str) -> str:
    """Return what is printed of a line that was refused: itself, a marker, and why."""
    text = line.strip().split("\n")[0]
    marker = f"{' ' * max(len(text) - 1, 0)}^\n" if words == _INVALID else ""
    return f"{text}\n{marker}{words}\n\n"


def _canonical(line: str) -> str:
    """Return a line with addresses as IOS-XE keeps them."""
    text = line.strip()
    if found := _PEER_LINE.fullmatch(text):
        return f"{found['head']}{_address(found['peer'])}{found['rest']}"
    if found := _RANGE_LINE.fullmatch(text):
        return f"{found['head']}{_network(found['it'])}{found['rest']}"
    return text


def _address(text: str) -> str:
    try:
        one = ip_address(text)
    except ValueError:
        return text
    return str(one).upper() if isinstance(one, IPv6Address) else str(one)


def _network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False)).upper() if "/" in text else text
    except ValueError:
        return text


# Comparing by text, as the switch's own utility does ------------------------------------------

Path = tuple[str, ...]


def paths(lines: Iterable[str]) -> Iterator[Path]:
    """Yield each line with the lines that it stands under, by indentation."""
    above: list[tuple[int, str]] = []
    for line in lines:
        text = line.strip()
        if not text or text.startswith(("!", "exit")) or text == "end":
            continue
        depth = len(line) - len(line.lstrip())
        while above and above[-1][0] >= depth:
            above.pop()
        above.append((depth, text))
        yield tuple(one for _, one in above)


def incremental(running: str, lines: Sequence[str], *, ignores_case: bool) -> list[str]:
    """Return the lines of a file that would change something, with those that they stand under.

    Each is looked at by itself: of ``no X`` and ``X`` only the first is shown where X is there.
    """

    def fold(path: Path) -> Path:
        return tuple(one.casefold() for one in path) if ignores_case else path

    there = {fold(path) for path in paths(running.splitlines())}
    shown: list[str] = []
    open_path: Path = ()
    for path in paths(lines):
        *above, text = path
        if text.startswith("no "):
            parent, gone = fold(tuple(above)), fold((text.removeprefix("no "),))[0]
            changes = fold(path) not in there and any(
                one[:-1] == parent and (one[-1] == gone or one[-1].startswith(f"{gone} "))
                for one in there
            )
        else:
            changes = fold(path) not in there
        if changes:
            common = 0
            while common < min(len(open_path), len(above)) and open_path[common] == path[common]:
                common += 1
            shown += [" " * at + path[at] for at in range(common, len(path))]
            open_path = path
    return shown
