"""${docstring}

Revision ID: ${revision}
Revises: ${down_revision or ""}
Create Date: ${create_date}
"""
from alembic import op

revision = ${literal(revision)}
down_revision = ${literal(down_revision)}
branch_labels = ${literal(branch_labels)}
depends_on = None

snapshot = {
% for key, value in snapshot.items():
    ${literal(key)}: ${literal(value)},
% endfor
}


def upgrade() -> None:
    op.load_snapshot(snapshot)


def downgrade() -> None:
    op.purge_snapshot(snapshot)
