"""v1: a backend team

Revision ID: developer_v1_ce475241
Revises: 
Create Date: 2025-01-15 10:30:00+00:00
"""
from alembic import op

revision = "developer_v1_ce475241"
down_revision = None
branch_labels = ("developer",)
depends_on = None

snapshot = {
    "scenario": "developer",
    "version": "v1_2025-01-15",
    "created_at": "2025-01-15T10:30:00Z",
    "file": "developer_v1_2025-01-15.sql",
    "format": 1,
    "dialect": "sqlite",
    "digest": "17b00e6cc79ee8b58e900e3c010b36d5141f20805e1681fd7b7a99d0d891192e",
    "size": 33258,
    "rows": {"vaults": 2, "projects": 3, "fragments": 48, "chat_sessions": 4, "contacts": 6, "todos": 30},
    "marker": {"column": "metadata", "key": "demo_seed", "scenario_key": "scenario"},
    "default": False,
    "selection": {"vaults": "marker", "projects": "marker", "fragments": "marker", "chat_sessions": "marker", "contacts": "marker", "todos": "via fragment_id"},
}


def upgrade() -> None:
    op.load_snapshot(snapshot)


def downgrade() -> None:
    op.purge_snapshot(snapshot)
