"""How NETCONF messages stand in a byte stream (RFC 6242): :class:`Frames` and :func:`framed`.

Law: what :func:`framed` writes is what :meth:`Frames.feed` reads, however the bytes are cut. Both
ends begin with the end-of-message framing and change to chunks after the hellos, if both speak
``base:1.1``.
"""

from __future__ import annotations

import re

END = b"]]>]]>"
_HEADER = re.compile(rb"\n#(?:([1-9][0-9]{0,9})|(#))\n")
_BEGUN = re.compile(rb"(?:\n(?:#(?:[1-9][0-9]{0,9}|#)?)?)?")
_CHUNK = 1 << 20


class FramingError(Exception):
    """The peer's bytes are no NETCONF; the session can only be dropped."""


class Frames:
    """The receiving end of one session."""

    def __init__(self) -> None:
        self.is_chunked = False
        self._bytes = bytearray()
        self._message = bytearray()

    def feed(self, data: bytes) -> None:
        """Take bytes as they come."""
        self._bytes += data

    def message(self) -> bytes | None:
        """Return the next whole message, or None as long as it has not come.

        Raises:
            FramingError: what came is no chunk.
        """
        return self._chunked() if self.is_chunked else self._ended()

    def _ended(self) -> bytes | None:
        end = self._bytes.find(END)
        if end < 0:
            return None
        message = bytes(self._bytes[:end])
        del self._bytes[: end + len(END)]
        return message

    def _chunked(self) -> bytes | None:
        while True:
            header = _HEADER.match(self._bytes)
            if header is None:
                if not _BEGUN.fullmatch(self._bytes):
                    raise FramingError("no chunk header where one must stand")
                return None
            if header[2]:
                del self._bytes[: header.end()]
                message = bytes(self._message)
                self._message.clear()
                return message
            end = header.end() + int(header[1])
            if len(self._bytes) < end:
                return None
            self._message += self._bytes[header.end() : end]
            del self._bytes[:end]


def framed(message: bytes, *, chunked: bool) -> bytes:
    """Return ``message`` as it goes on the wire."""
    if not chunked:
        return message + END
    chunks = (message[at : at + _CHUNK] for at in range(0, len(message), _CHUNK))
    return b"".join(b"\n#%d\n%s" % (len(chunk), chunk) for chunk in chunks) + b"\n##\n"
