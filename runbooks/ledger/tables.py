"""The ledger's tables: runs, their steps, who holds a site; audits, and what they found.

Law: a database holds what :data:`HEAD` says or is brought to it by the migrations, which a test
compares with these tables. Times are text, UTC, ISO 8601; ``plan``, ``devices``, ``facts`` and
``content`` are JSON as text, since a database's own JSON type refuses what a device may have said.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

#: Every revision of the schema, the oldest first. A database at one that is not here was made
#: by a newer ringfence.
REVISIONS = ("0001", "0002")
HEAD = REVISIONS[-1]
VERSION_TABLE = "ringfence_schema"

METADATA = MetaData()

RUN = Table(
    "ringfence_run",
    METADATA,
    Column("site", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("command", Text),
    Column("by", Text),
    Column("host", Text),
    Column("pid", Integer),
    Column("began", Text),
    Column("ended", Text),
    # How it ended: confirmed, taken-back, unknown; NULL is a run that did not.
    Column("status", Text),
    Column("undoes", Text),
    Column("devices", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("plan_digest", Text, nullable=False),
    PrimaryKeyConstraint("site", "name", name="ringfence_run_pk"),
)

STEP = Table(
    "ringfence_step",
    METADATA,
    Column("site", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Text),
    Column("step", Text),
    Column("device", Text),
    Column("facts", Text, nullable=False),
    PrimaryKeyConstraint("site", "run", "number", name="ringfence_step_pk"),
    ForeignKeyConstraint(
        ["site", "run"], ["ringfence_run.site", "ringfence_run.name"], name="ringfence_step_run_fk"
    ),
)

HOLDER = Table(
    "ringfence_holder",
    METADATA,
    Column("site", Text, nullable=False),
    # One for each time that a site is held: who comes back with an old one lost it meanwhile.
    Column("token", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("command", Text, nullable=False),
    Column("run", Text),
    Column("since", Text, nullable=False),
    PrimaryKeyConstraint("site", name="ringfence_holder_pk"),
)

AUDIT = Table(
    "ringfence_audit",
    METADATA,
    Column("site", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("started", Text, nullable=False),
    Column("ended", Text, nullable=False),
    # Whether every device of the site was looked at: 1 or 0.
    Column("complete", Integer, nullable=False),
    Column("exit_code", Integer, nullable=False),
    # Devices.
    Column("clean", Integer, nullable=False),
    Column("differs", Integer, nullable=False),
    Column("unknown", Integer, nullable=False),
    # Findings.
    Column("critical", Integer, nullable=False),
    Column("warning", Integer, nullable=False),
    Column("facts", Text, nullable=False),
    PrimaryKeyConstraint("site", "id", name="ringfence_audit_pk"),
)

# One row for each time that a finding came up; the audits it names may have been pruned.
FINDING = Table(
    "ringfence_finding",
    METADATA,
    Column("site", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("first_audit", Text, nullable=False),
    Column("first_seen", Text, nullable=False),
    # When the newest audit that saw it began.
    Column("last_seen", Text, nullable=False),
    # NULL is a finding that stands.
    Column("gone", Text),
    Column("gone_audit", Text),
    Column("device", Text, nullable=False),
    Column("content", Text, nullable=False),
    PrimaryKeyConstraint("site", "id", "first_audit", name="ringfence_finding_pk"),
)

# The device "" is the site as a whole: an audit looked at it if it looked at every device.
LOOK = Table(
    "ringfence_look",
    METADATA,
    Column("site", Text, nullable=False),
    Column("device", Text, nullable=False),
    # When the newest audit that looked at it began, and ended.
    Column("looked", Text, nullable=False),
    Column("answered", Text, nullable=False),
    # When the newest audit that found it clean ended; NULL is never.
    Column("clean", Text),
    PrimaryKeyConstraint("site", "device", name="ringfence_look_pk"),
)
