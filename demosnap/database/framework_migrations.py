"""Read the application's current migration from the table of its framework."""

from __future__ import annotations

from demosnap.database.live import Database
from demosnap.dialects.base import execute

# Table, column of the migration's name, and column to order by, of Alembic; Rails; Laravel; Django;
# Flyway; Sequelize.
_FRAMEWORKS = (
    ("alembic_version", "version_num", "version_num"),
    ("schema_migrations", "version", "version"),
    ("migrations", "migration", "id"),
    ("django_migrations", "name", "id"),
    ("flyway_schema_history", "version", "installed_rank"),
    ("SequelizeMeta", "name", "name"),
)


def revision(database: Database) -> dict[str, str]:
    """Return the newest migration that the database records, keyed by the table's name.

    An empty mapping means that no known framework's table has a row.
    """
    dialect = database.dialect
    for name, column, order in _FRAMEWORKS:
        table = database.tables.get(name)
        if table is None or not {column, order} <= {c.name for c in table.columns}:
            continue
        sql = (
            f"SELECT {dialect.quote(column)} FROM {dialect.quote_table(name)}"
            f" ORDER BY {dialect.quote(order)} DESC"
        )
        newest = execute(database.connection, dialect.limited(sql, 1)).scalar()
        if newest is not None:
            return {name: str(newest)}
    return {}
