"""v1: todos, contacts and chats

Revision ID: general_v1_e9f49829
Revises: 
Create Date: 2025-01-15 10:30:00+00:00
"""
from alembic import op

revision = "general_v1_e9f49829"
down_revision = None
branch_labels = ("general",)
depends_on = None

snapshot = {
    "scenario": "general",
    "version": "v1_2025-01-15",
    "created_at": "2025-01-15T10:30:00Z",
    "file": "general_v1_2025-01-15.sql",
    "format": 1,
    "dialect": "sqlite",
    "digest": "a5f8973750b0c4fa74efb26b1ae48bf9025623785498ea18c1241e43d35a9964",
    "size": 94050,
    "rows": {"vaults": 2, "projects": 4, "fragments": 175, "chat_sessions": 10, "contacts": 25, "todos": 100},
    "marker": {"column": "metadata", "key": "demo_seed", "scenario_key": "scenario"},
    "default": True,
    "selection": {"vaults": "marker", "projects": "marker", "fragments": "marker", "chat_sessions": "marker", "contacts": "marker", "todos": "via fragment_id"},
}


def upgrade() -> None:
    op.load_snapshot(snapshot)


def downgrade() -> None:
    op.purge_snapshot(snapshot)
