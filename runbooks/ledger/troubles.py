"""What a database has to say, in one sentence: :func:`sentence` and :func:`translated`.

Law: no sentence holds SQL, what was to be written, or a password; and nothing that is raised here
leads back to an error that does.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from inventory.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What SQLite says, and what to do about it.
_WAYS_OUT = {
    "file is not a database": "move it away: the run folders beside it are taken in anew",
    "malformed": "move it away: the run folders beside it are taken in anew",
    "is locked": "somebody else has it open for writing, such as an `sqlite3` of yours",
    "is full": "make room on the disk",
    "readonly": "ask its owner, or give yourself the right to write it",
    "unable to open": "see that you may read and write it and its folder",
}


class UnrecordedError(OSError):
    """A step is not on record, or it is not known whether it is; what was to follow must not."""


class SupersededError(UnrecordedError):
    """Somebody else holds the site, or held it meanwhile: what is on record is theirs."""


def unusable(text: str) -> InputError:
    """Return the error that says ``text``, a sentence that names its own place."""
    error = InputError()
    error.args = (text,)
    return error


def sentence(error: BaseException) -> str:
    """Return what a driver said, on one line, with the way out where there is one."""
    said = str(getattr(error, "orig", None) or error)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    # libpq tells of every address that it tried; the last line says what became of the last.
    text = lines[0] if lines else type(error).__name__
    for word, way_out in _WAYS_OUT.items():
        if word in text:
            return f"{text}; {way_out}"
    return text


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn what the database raises in the block into one sentence about ``where``.

    Raises:
        InputError: the database can't be reached, opened, read or written.
    """
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - slow to import

    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        if isinstance(error, UnrecordedError):
            raise
        raise unusable(f"the ledger {where}: {sentence(error)}") from None
