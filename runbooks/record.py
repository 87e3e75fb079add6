"""The names of the record, as they were before it became a ledger: see :mod:`runbooks.ledger`."""

from runbooks.ledger import Record, Run

__all__ = ["Record", "Run"]
