"""Nothing of one test is left in the PostgreSQL database that the next one uses."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from support.databases import make_database

IN_SCHEMAS = (
    "CREATE TABLE left_behind (id serial PRIMARY KEY, mood text UNIQUE)",
    "CREATE SCHEMA elsewhere CREATE VIEW seen AS SELECT 1 AS one",
    "CREATE FUNCTION shout() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$",
    "CREATE EVENT TRIGGER loud ON ddl_command_start EXECUTE FUNCTION shout()",
    "REVOKE USAGE ON SCHEMA public FROM PUBLIC",
)
OUTSIDE = {
    "large object": "SELECT lo_create(0)",
    "cast": "CREATE CAST (bool AS inet) WITH INOUT",
    "publication": "CREATE PUBLICATION everything FOR ALL TABLES",
    "setting": "ALTER DATABASE {name} SET work_mem = '1MB'",
    "right": "GRANT CREATE ON DATABASE {name} TO PUBLIC",
    "connections": "ALTER DATABASE {name} CONNECTION LIMIT 5",
}
FOUND = """
SELECT (SELECT count(*) FROM pg_class WHERE oid >= 16384), (SELECT count(*) FROM pg_proc WHERE
oid >= 16384), (SELECT count(*) FROM pg_event_trigger), (SELECT string_agg(nspname || nspacl::text,
' ' ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp')
"""


def _used(folder: Path, *statements: str) -> tuple[str, list[object]]:
    """Return the name of a test's database and what is in it before these statements."""
    for database in make_database("postgresql", folder):
        found: list[object] = list(database.rows(FOUND))
        name = str(sa.make_url(database.url).database)
        database.execute(*(one.format(name=name) for one in statements))
        # A session that stays stands in nobody's way.
        database.engine.connect()
    return name, found


def test_what_schemas_hold_is_gone(tmp_path: Path) -> None:
    """The database is used again, empty."""
    name, before = _used(tmp_path, *IN_SCHEMAS)
    assert _used(tmp_path) == (name, before)


@pytest.mark.parametrize("kind", OUTSIDE)
def test_a_database_with_anything_else_is_dropped(tmp_path: Path, kind: str) -> None:
    """The next test has another one."""
    name, before = _used(tmp_path, OUTSIDE[kind])
    other, found = _used(tmp_path)
    assert other != name
    assert found == before
