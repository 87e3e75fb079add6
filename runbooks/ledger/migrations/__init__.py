"""Alembic's side of the ledger: ``versions`` holds one file for each change of the tables."""
