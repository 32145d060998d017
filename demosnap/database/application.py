"""The application's own migration, as its framework records it in the database."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from demosnap import dialects
from demosnap.dialects.base import execute
from demosnap.model import Table

# Table, and the column of which the greatest value, in the order of the second column, is the
# newest migration: Alembic; Rails; Laravel; Django; Flyway; Sequelize.
_FRAMEWORKS = (
    ("alembic_version", "version_num", "version_num"),
    ("schema_migrations", "version", "version"),
    ("migrations", "migration", "id"),
    ("django_migrations", "name", "id"),
    ("flyway_schema_history", "version", "installed_rank"),
    ("SequelizeMeta", "name", "name"),
)


def revision(connection: Connection, tables: Mapping[str, Table]) -> dict[str, str]:
    """Return the newest migration that the database records, by the name of the table."""
    dialect = dialects.of(connection)
    for name, column, order in _FRAMEWORKS:
        table = tables.get(name)
        if table is None or not {column, order} <= {c.name for c in table.columns}:
            continue
        sql = (
            f"SELECT {dialect.quote(column)} FROM {dialect.quote_table(name)}"
            f" ORDER BY {dialect.quote(order)} DESC"
        )
        newest = execute(connection, dialect.limited(sql, 1)).scalar()
        if newest is not None:
            return {name: str(newest)}
    return {}
