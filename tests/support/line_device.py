"""A command line that takes one line at a time, as IOS-XE, NX-OS and EOS do: `LineDevice`.

Law: it knows modes and commands, ignores indentation as a device does, and shares nothing with
`policies.dialects`. A line that no mode takes is an error.
"""

from __future__ import annotations

import re

Tree = dict[str, "Tree"]

_ENTER = {
    "top": r"route-map \S+ (?:permit|deny) \d+|router bgp \d+",
    "router": r"address-family \S+(?: unicast)?(?: vrf \S+)?|(?:vrf|neighbor|template peer) \S+",
    "vrf": r"address-family \S+(?: unicast)?|neighbor \S+",
    "neighbor": r"address-family ipv[46] unicast",
}
_LIST = re.compile(r"(?P<no>no )?(?P<head>(?:ip|ipv6) prefix-list \S+)(?: (?P<entry>seq \d+ .+))?")
_NO_STANZA = re.compile(r"no (route-map \S+ (?:permit|deny) \d+)")
_MATCH = re.compile(r"(?P<no>no )?(?P<head>match (?:ip|ipv6) address prefix-list) (?P<names>.+)")
_POLICY = re.compile(r"(?P<no>no )?(?P<who>neighbor \S+ )?route-map (?P<name>\S+ )?(?P<way>in|out)")


def _mode(line: str) -> str:
    for word, mode in (
        ("route-map", "stanza"),
        ("router bgp", "router"),
        ("address-family", "family"),
        ("vrf", "vrf"),
        ("neighbor", "neighbor"),
        ("template", "neighbor"),
    ):
        if line.startswith(word):
            return mode
    return "list"


class LineDevice:
    """Holds a running configuration; `feed` takes one line, `text` prints what stands."""

    def __init__(self, platform: str, text: str) -> None:
        self.platform = platform
        self.step = {"eos": 3, "ios": 1, "nxos": 2}[platform]
        self.blocks = platform == "eos"
        self.head = [line for line in text.splitlines() if line.startswith(("!", "version "))]
        self.tree: Tree = {}
        path: list[tuple[int, Tree]] = [(-1, self.tree)]
        for line in text.splitlines():
            word = line.strip()
            if not word or word.startswith("!") or word in ("end", "exit-address-family"):
                continue
            indent = len(line) - len(line.lstrip())
            while path[-1][0] >= indent:
                path.pop()
            path.append((indent, path[-1][1].setdefault(word, {})))
        self.stack: list[tuple[str, Tree]] = [("top", self.tree)]

    def take(self, candidate: str) -> None:
        """Take a whole candidate."""
        for line in candidate.splitlines():
            self.feed(line)

    def feed(self, raw: str) -> None:
        """Take one line of a candidate."""
        line = raw.strip()
        assert line, "a blank line"
        if line == "end":
            self.stack = self.stack[:1]
            return
        if line == "exit-address-family":
            assert self.stack[-1][0] == "family"
            self.stack.pop()
            return
        while True:
            mode, here = self.stack[-1]
            if self._takes(mode, here, line):
                return
            assert mode != "top", f"invalid input: {line}"
            self.stack.pop()

    def _takes(self, mode: str, here: Tree, line: str) -> bool:
        if mode == "top" and self._object(here, line):
            return True
        if mode == "list" and line.startswith("seq "):
            here[line] = {}
            return True
        if mode == "stanza" and not line.startswith(("route-map", "router", "no route-map")):
            return self._stanza(here, line)
        if mode == "family" and (found := _POLICY.fullmatch(line)):
            self._policy(here, found)
            return True
        if mode in _ENTER and re.fullmatch(_ENTER[mode], line):
            if mode == "top" and line.startswith("route-map"):
                self._restanza(here, line)
            self.stack.append((_mode(line), here.setdefault(line, {})))
            return True
        return False

    def _object(self, here: Tree, line: str) -> bool:
        if found := _NO_STANZA.fullmatch(line):
            del here[found[1]]
            return True
        found = _LIST.fullmatch(line)
        if not found:
            return False
        if found["no"]:
            for key in [k for k in here if k == found["head"] or k.startswith(found["head"] + " ")]:
                del here[key]
        elif self.blocks:
            self.stack.append(("list", here.setdefault(found["head"], {})))
        else:
            here[line] = {}
        return True

    @staticmethod
    def _restanza(here: Tree, line: str) -> None:
        """Turn a stanza of the same number and another action into this one."""
        _, name, action, number = line.split()
        other = "deny" if action == "permit" else "permit"
        if (found := here.pop(f"route-map {name} {other} {number}", None)) is not None:
            here[line] = found

    def _stanza(self, here: Tree, line: str) -> bool:
        found = _MATCH.fullmatch(line)
        if not found:
            if line.startswith("no "):
                return here.pop(line.removeprefix("no "), None) is not None
            if line.split(maxsplit=1)[0] in ("match", "set", "continue", "description"):
                here[line] = {}
                return True
            return False
        old = next((key for key in here if key.startswith(found["head"] + " ")), None)
        names = old.removeprefix(found["head"]).split() if old else []
        wanted = found["names"].split()
        if found["no"]:
            assert set(wanted) <= set(names), f"not there: {line}"
            names = [one for one in names if one not in wanted]
        elif self.platform == "eos":
            names = wanted
        else:
            names += [one for one in wanted if one not in names]
        if old:
            del here[old]
        if names:
            here[f"{found['head']} {' '.join(names)}"] = {}
        return True

    @staticmethod
    def _policy(here: Tree, found: re.Match[str]) -> None:
        who = found["who"] or ""
        pattern = re.compile(rf"{re.escape(who)}route-map \S+ {found['way']}")
        old = [key for key in here if pattern.fullmatch(key)]
        assert old or not found["no"], f"not there: {found[0]}"
        new = f"{who}route-map {found['name'] or ''}{found['way']}"
        if found["no"] or not old:
            for key in old:
                del here[key]
            if not found["no"]:
                here[new] = {}
            return
        # Another map takes the place of the one before, where that is printed.
        lines = {(new if key in old else key): below for key, below in here.items()}
        here.clear()
        here.update(lines)

    def text(self) -> str:
        """Return the running configuration."""
        end = [] if self.platform == "nxos" else ["end"]
        return "\n".join((*self.head, *self._print(self.tree, 0), *end, ""))

    def _print(self, tree: Tree, depth: int) -> list[str]:
        lines = []
        for line, below in tree.items():
            if line in self.head:
                continue
            pad = " " * (self.step * depth)
            lines += [f"{pad}{line}", *self._print(below, depth + 1)]
            if self.platform == "ios" and line.startswith("address-family"):
                lines.append(f"{pad}exit-address-family")
        return lines
