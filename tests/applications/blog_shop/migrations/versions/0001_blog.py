import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def table(name, *columns):
    op.create_table(name, sa.Column("id", sa.Integer, primary_key=True), *columns)


def upgrade():
    table(
        "users",
        sa.Column("name", sa.String(50), nullable=False, unique=True),
        sa.Column("is_demo", sa.Boolean, nullable=False),
        sa.Column("seen_at", sa.DateTime),
    )
    table("logins", number("user_id"), sa.Column("token", sa.String(50), nullable=False))
    table(
        "posts",
        number("user_id"),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("links", sa.JSON, nullable=False),
    )
    table(
        "comments",
        number("user_id"),
        sa.Column("about_type", sa.String(20), nullable=False),
        number("about_id"),
        sa.Column("text", sa.String(200), nullable=False),
    )
    table("tags", sa.Column("word", sa.String(50), nullable=False, unique=True))
    table("taggings", number("post_id"), number("tag_id"))


def number(name):
    return sa.Column(name, sa.Integer, nullable=False)
