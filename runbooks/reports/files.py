"""Writing a report to a file that others read at any moment: :func:`write_atomically`."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from inventory.errors import InputError, Place, Problem

#: Who reads it is somebody else, such as node_exporter or a web server.
_MODE = 0o644


def write_atomically(path: Path, text: str) -> None:
    """Make ``text`` the content of the file ``path``: a reader sees the old one or this, whole.

    A link stays one, and what is no regular file, such as a pipe, is written to as it is. What
    UTF-8 can't hold becomes a question mark.

    Raises:
        InputError: it can't be written; the file is as it was.
    """
    content = text.encode("utf-8", "replace")
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            _replace(path.resolve(), content)
    except (OSError, RuntimeError) as error:
        # A loop of links is a RuntimeError to pathlib.
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(Problem(Place(path), f"can't be written: {why}")) from error


def _replace(path: Path, content: bytes) -> None:
    # A name that no collector of *.prom, and no glob, takes for the report.
    file, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(file, "wb") as whole:
            whole.write(content)
            os.fchmod(whole.fileno(), _MODE)
            whole.flush()
            # Some file systems rename before they write: an empty file would be left.
            os.fsync(whole.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
