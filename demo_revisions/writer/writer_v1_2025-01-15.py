"""v1: a novelist's desk

Revision ID: writer_v1_43623242
Revises: 
Create Date: 2025-01-15 10:30:00+00:00
"""
from alembic import op

revision = "writer_v1_43623242"
down_revision = None
branch_labels = ("writer",)
depends_on = None

snapshot = {
    "scenario": "writer",
    "version": "v1_2025-01-15",
    "created_at": "2025-01-15T10:30:00Z",
    "file": "writer_v1_2025-01-15.sql",
    "format": 1,
    "dialect": "sqlite",
    "digest": "28bebb51482fb192913873c55c81fc7b6632a46a11cc0db207c36295710e078a",
    "size": 29240,
    "rows": {"vaults": 2, "projects": 3, "fragments": 42, "chat_sessions": 3, "contacts": 6, "todos": 24},
    "marker": {"column": "metadata", "key": "demo_seed", "scenario_key": "scenario"},
    "default": False,
    "selection": {"vaults": "marker", "projects": "marker", "fragments": "marker", "chat_sessions": "marker", "contacts": "marker", "todos": "via fragment_id"},
}


def upgrade() -> None:
    op.load_snapshot(snapshot)


def downgrade() -> None:
    op.purge_snapshot(snapshot)
