"""v2: more todos and chats

Revision ID: general_v2_8d459f6e
Revises: general_v1_e9f49829
Create Date: 2025-01-20 14:15:00+00:00
"""
from alembic import op

revision = "general_v2_8d459f6e"
down_revision = "general_v1_e9f49829"
branch_labels = None
depends_on = None

snapshot = {
    "scenario": "general",
    "version": "v2_2025-01-20",
    "created_at": "2025-01-20T14:15:00Z",
    "file": "general_v2_2025-01-20.sql",
    "format": 1,
    "dialect": "sqlite",
    "digest": "b91688a61b0ddb73013d194d0bf50a213ced623d1665f60e6aab5ea1311a05cf",
    "size": 97984,
    "rows": {"vaults": 2, "projects": 4, "fragments": 180, "chat_sessions": 12, "contacts": 25, "todos": 105},
    "marker": {"column": "metadata", "key": "demo_seed", "scenario_key": "scenario"},
    "default": True,
    "selection": {"vaults": "marker", "projects": "marker", "fragments": "marker", "chat_sessions": "marker", "contacts": "marker", "todos": "via fragment_id"},
}


def upgrade() -> None:
    op.load_snapshot(snapshot)


def downgrade() -> None:
    op.purge_snapshot(snapshot)
