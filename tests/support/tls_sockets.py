"""TLS sockets that are closed whatever becomes of them: :func:`close_what_was_not_made`.

CPython up to 3.11.7 leaves the socket of a peer that hangs up before the first word to the garbage
collector (gh-113280). What that says of it then would be the failure of whatever test runs.
"""

from __future__ import annotations

import ssl
import traceback
from typing import Any


def close_what_was_not_made() -> None:
    """Have every TLS socket closed that can't be made, as later releases do by themselves."""
    make: Any = ssl.SSLSocket._create  # type: ignore[attr-defined]  # no other place for it

    def making(_: type[ssl.SSLSocket], *args: Any, **kwargs: Any) -> ssl.SSLSocket:  # noqa: ANN401
        try:
            return make(*args, **kwargs)  # type: ignore[no-any-return]
        except OSError as error:
            for frame, _line in traceback.walk_tb(error.__traceback__):
                made = frame.f_locals.get("self")
                if isinstance(made, ssl.SSLSocket):
                    made.close()
            raise

    ssl.SSLSocket._create = classmethod(making)  # type: ignore[attr-defined]
