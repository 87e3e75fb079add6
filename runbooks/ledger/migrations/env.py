"""What Alembic runs for every migration, on the connection that the ledger hands it.

The connection has a transaction open already, with the lock on migrations taken in it: all
revisions are applied together or not at all.
"""

from alembic import context

from runbooks.ledger.tables import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
context.run_migrations()
