"""Runs, their steps, and who holds a site."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "ringfence_run",
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("command", sa.Text),
        sa.Column("by", sa.Text),
        sa.Column("host", sa.Text),
        sa.Column("pid", sa.Integer),
        sa.Column("began", sa.Text),
        sa.Column("ended", sa.Text),
        sa.Column("status", sa.Text),
        sa.Column("undoes", sa.Text),
        sa.Column("devices", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("plan_digest", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("site", "name", name="ringfence_run_pk"),
    )
    op.create_table(
        "ringfence_step",
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", sa.Text),
        sa.Column("step", sa.Text),
        sa.Column("device", sa.Text),
        sa.Column("facts", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("site", "run", "number", name="ringfence_step_pk"),
        sa.ForeignKeyConstraint(
            ["site", "run"],
            ["ringfence_run.site", "ringfence_run.name"],
            name="ringfence_step_run_fk",
        ),
    )
    op.create_table(
        "ringfence_holder",
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("run", sa.Text),
        sa.Column("since", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("site", name="ringfence_holder_pk"),
    )
