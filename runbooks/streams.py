"""Streams that may go away under a run: see :class:`Steady`.

Law: what can't be said to anybody changes nothing of what is done. A closed terminal, a reader
that left and a full disk end the talking, never the work and never its exit code.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO


def plain(text: str) -> str:
    """Return ``text`` with what would command a terminal, or turn its text round, made visible.

    A device's answer is somebody else's text: escape sequences could hide a finding.
    """
    return "".join(one if one.isprintable() or one in "\n\t" else repr(one)[1:-1] for one in text)


class Steady:
    """A text stream to write to that falls silent, for good, once it can't be written.

    ``lost`` is told once, with the error. None is a stream that the process was started without.
    What the stream's encoding has no character for becomes a question mark.
    """

    def __init__(
        self, stream: TextIO | None, lost: Callable[[Exception], None] = lambda _: None
    ) -> None:
        self._stream = stream
        self._lost = lost

    @property
    def encoding(self) -> str:
        """The encoding of the stream below."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def isatty(self) -> bool:
        """Return whether a terminal is below."""
        if self._stream is not None:
            with suppress(OSError, ValueError):
                return self._stream.isatty()
        return False

    def write(self, text: str) -> int:
        """Write ``text`` if anything still can be; returns its length either way."""
        stream = self._stream
        if stream is not None:
            try:
                stream.write(self._writable(text))
            except (OSError, ValueError) as error:
                self._silence(stream, error)
        return len(text)

    def _writable(self, text: str) -> str:
        try:
            return text.encode(self.encoding, "replace").decode(self.encoding)
        except LookupError:
            return text

    def flush(self) -> None:
        """Write out what is buffered."""
        stream = self._stream
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError) as error:
                self._silence(stream, error)

    def _silence(self, stream: TextIO, error: Exception) -> None:
        self._stream = None
        # What is stuck in the stream's buffer is flushed again when Python ends, and would then
        # turn the exit code into 120. Streams without a file below have nothing to redirect.
        with suppress(OSError, ValueError):
            void = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(void, stream.fileno())
            finally:
                os.close(void)
        self._lost(error)
