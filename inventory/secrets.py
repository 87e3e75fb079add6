"""Passwords that stand in files of their own: :func:`read_password`. None is ever shown."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from inventory.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from pathlib import Path


def read_password(path: Path, place: Place, key: str, name: str) -> str:
    """Return the password alone in the file ``path``, which ``key`` at ``place`` calls ``name``.

    Raises:
        InputError: the file is empty, is no text, or others may read it.
    """
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
        shared = _is_shared(path.stat())
    except UnicodeDecodeError:
        # Python's own sentence quotes the bytes.
        raise InputError(Problem(place, f"{key}: {name!r} is not one line of text")) from None
    except OSError as error:
        raise InputError(Problem(place, f"{key}: {name!r} can't be read: {error}")) from error
    if shared:
        raise InputError(Problem(place, f"{key}: others may read {name!r}; chmod 600 it"))
    if not text or not text.isprintable():
        raise InputError(Problem(place, f"{key}: {name!r} is not one line of text"))
    return text


def _is_shared(status: os.stat_result) -> bool:
    """Return whether others may read a file.

    As OpenSSH does, the group is only looked at where the file is one's own: what root lends by an
    ACL, as systemd does with credentials, shows the ACL's mask there.
    """
    if status.st_uid != os.getuid():
        return bool(status.st_mode & stat.S_IROTH)
    return bool(status.st_mode & (stat.S_IRGRP | stat.S_IROTH))
