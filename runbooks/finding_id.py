"""What tells one finding from another, in every audit the same: :func:`finding_id`. Pure.

Law: the id is made of what the finding is about, never of what an audit happened to see: not the
witness, a line's number, the sentence, or the time.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from policies.ownership import PREFIX

if TYPE_CHECKING:
    from policies.drift import Kind
    from runbooks.audit_report import Direction, Family

#: Hex digits of SHA-256: 64 bits tell a billion findings apart.
_DIGITS = 16

#: The end of a list's name, which says what is in it: :func:`policies.ownership.list_name`.
_HASH = re.compile(rf"(\b{re.escape(PREFIX)}\S+)-[0-9a-f]{{8}}(?:\.\d+)?(?!\S)")


def finding_id(
    kind: Kind,
    device: str,
    about: str,
    *,
    session: str | None = None,
    family: Family | None = None,
    direction: Direction | None = None,
) -> str:
    """Return the id of a finding ``about`` something: hex digits, the same as long as it stands.

    A list that a session's guard refers to is the same thing when its pools, and so the hash at
    the end of its name, change: the session, the family and the direction say which it is.
    Without a session the hash is kept, as it alone tells two lists apart.
    """
    what = about if session is None else _HASH.sub(r"\1", about)
    parts = (str(kind), device, session, family, direction, what)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:_DIGITS]
