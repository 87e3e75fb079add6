"""The record of every run, in a database, with a readable copy beside it: P7 of the design.

Start with :func:`open_ledger`. Law: a step that was written has survived whatever comes; what is
not on record is not done. Importing this costs nothing: the database's libraries are loaded when
a ledger is there to be opened.
"""

from runbooks.ledger.ledger import Ledger
from runbooks.ledger.opening import open_ledger
from runbooks.ledger.record import Record
from runbooks.ledger.recovered import ensure_recovered
from runbooks.ledger.run import Run
from runbooks.ledger.troubles import SupersededError, UnrecordedError

__all__ = [
    "Ledger",
    "Record",
    "Run",
    "SupersededError",
    "UnrecordedError",
    "ensure_recovered",
    "open_ledger",
]
