"""The lab for tests and for the drill; read ``Lab`` first.

Law: a ``Lab`` is a running network. What it is told to announce, it takes back; nothing else
changes it.
"""

from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parent.parent
DEFAULT_STATE = _CHECKOUT / ".lab"
DEFAULT_KNOWN_HOSTS = _CHECKOUT / "inventory" / "lab" / "known_hosts"
