"""Who runs this, and when: what a record begins with."""

from __future__ import annotations

import getpass
import os
import socket
from datetime import UTC, datetime
from typing import Any


def now() -> str:
    """Return the time: UTC, ISO 8601, with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def who() -> dict[str, Any]:
    """Return ``by`` (user@host) and ``pid``."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # A container's user may have no name at all.
        user = f"uid{os.getuid()}"
    return {"by": f"{user}@{socket.gethostname()}", "pid": os.getpid()}
