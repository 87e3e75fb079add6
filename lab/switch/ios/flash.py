"""The file system of an IOS-XE switch, ``flash:``, and what its commands say about it."""

from __future__ import annotations

import hashlib
import time

_SIZE = 11_353_194_496
_USED_BY_THE_IMAGE = 3_182_543_840

#: How the file system is named in paths.
NAME = "flash:"


class FlashError(Exception):
    """What the switch says of a path that it can't use."""


class Flash:
    """Files by name; there are no folders in it."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[bytes, float]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all files, in the order they were made."""
        return tuple(self._files)

    def read(self, path: str) -> bytes:
        """Return a file's content.

        Raises:
            FlashError: there is no such file.
        """
        name = self._name(path)
        if name not in self._files:
            raise FlashError(f"%Error opening {path} (No such file or directory)")
        return self._files[name][0]

    def write(self, path: str, content: bytes) -> None:
        """Write a file, in the place of one of the same name.

        Raises:
            FlashError: no room is left, or the path names no file here.
        """
        name = self._name(path)
        self._files.pop(name, None)
        if len(content) > self.free:
            raise FlashError(f"%Error opening {path} (No space left on device)")
        self._files[name] = (content, time.time())

    def delete(self, path: str) -> None:
        """Delete a file.

        Raises:
            FlashError: there is no such file.
        """
        name = self._name(path)
        if self._files.pop(name, None) is None:
            raise FlashError(f"%Error deleting {path} (No such file or directory)")

    @property
    def free(self) -> int:
        """The bytes that are left."""
        return _SIZE - _USED_BY_THE_IMAGE - sum(len(one) for one, _ in self._files.values())

    def listing(self, path: str) -> str:
        """Return what ``dir`` says of the whole file system (``flash:``) or of one file.

        Raises:
            FlashError: there is no such file.
        """
        if path.rstrip("/") == NAME:
            path, names = f"{NAME}/", list(self._files)
        else:
            self.read(path)
            names = [self._name(path)]
        lines = [f"Directory of {path}", ""]
        for number, name in enumerate(names, 33):
            content, changed = self._files[name]
            when = time.strftime("%b %d %Y %H:%M:%S +00:00", time.gmtime(changed))
            lines.append(f"{number:>6}  -rw-  {len(content):>16}  {when}  {name}")
        return "\n".join([*lines, "", f"{_SIZE} bytes total ({self.free} bytes free)", ""])

    def digest(self, path: str) -> str:
        """Return what ``verify /md5`` says.

        Raises:
            FlashError: there is no such file.
        """
        md5 = hashlib.md5(self.read(path), usedforsecurity=False).hexdigest()
        return f".Done!\nverify /md5 ({path}) = {md5}\n"

    @staticmethod
    def _name(path: str) -> str:
        system, colon, name = path.partition(":")
        if not colon:
            system, name = "flash", path
        name = name.lstrip("/")
        if system not in {"flash", "bootflash"} or not name or "/" in name:
            raise FlashError(f"%Error opening {path} (No such device or path)")
        return name
