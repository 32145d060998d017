import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def table(name, *columns):
    op.create_table(name, sa.Column("id", sa.Integer, primary_key=True), *columns)


def upgrade():
    table("shops", sa.Column("name", sa.String(50), nullable=False), number("products"))
    table(
        "products",
        number("shop_id"),
        number("user_id"),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("price", sa.Numeric(10, 2), nullable=False),
    )
    table("orders", number("user_id"), number("address_id"))
    table("order_lines", number("order_id"), number("product_id"), number("pieces"))
    table("addresses", sa.Column("street", sa.String(100), nullable=False))
    op.add_column("posts", sa.Column("comments", sa.Integer, nullable=False, server_default="0"))


def number(name):
    return sa.Column(name, sa.Integer, nullable=False)
