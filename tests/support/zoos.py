"""The zoos of the servers, ready for a project: every table with marked and unmarked rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from demosnap import dialects
from demosnap.dialects.base import execute
from demosnap.model import display_name
from support.databases import Database
from support.mysql_server import Server, quote
from support.mysql_zoo import ZOO as MARIADB_ZOO
from support.postgresql_zoo import EXTENSIONS, SETUP
from support.postgresql_zoo import ZOO as POSTGRESQL_ZOO

MARK = "demosnap_demo"

# By table: its columns, and its rows with the marker last. What a via table picks has no marker.
LINKED = {
    "l_tree": (
        "id INTEGER PRIMARY KEY, parent INTEGER REFERENCES l_tree (id)",
        ["1,NULL,TRUE", "2,3,TRUE", "3,1,TRUE", "4,4,TRUE", "5,6,FALSE", "6,NULL,NULL"],
    ),
    "l_alone": (
        "id INTEGER PRIMARY KEY, twin INTEGER NOT NULL REFERENCES l_alone (id)",
        ["1,2,TRUE", "2,1,TRUE", "3,4,FALSE", "4,3,FALSE"],
    ),
    "l_loose_a": (
        "id INTEGER PRIMARY KEY, b INTEGER",
        ["1,1,TRUE", "2,NULL,TRUE", "3,3,NULL", "5,1,TRUE"],
    ),
    "l_loose_b": (
        "id INTEGER PRIMARY KEY, a INTEGER NOT NULL REFERENCES l_loose_a (id)",
        ["1,1,TRUE", "2,1,TRUE", "3,3,FALSE"],
    ),
    "l_tight_a": ("id INTEGER PRIMARY KEY, b INTEGER NOT NULL", ["1,7,TRUE", "2,8,FALSE"]),
    "l_tight_b": ("id INTEGER PRIMARY KEY, c INTEGER NOT NULL", ["7,4,TRUE", "8,5,FALSE"]),
    "l_tight_c": (
        "id INTEGER PRIMARY KEY, a INTEGER NOT NULL, l_tree INTEGER REFERENCES l_tree (id)",
        ["4,1,2,TRUE", "5,2,NULL,FALSE"],
    ),
    "l_late_a": ("id INTEGER PRIMARY KEY, b INTEGER NOT NULL", ["1,1,TRUE", "2,2,FALSE"]),
    "l_late_b": ("id INTEGER PRIMARY KEY, a INTEGER NOT NULL", ["1,1,TRUE", "2,2,FALSE"]),
    "l_unique": (
        "id INTEGER PRIMARY KEY, x INTEGER NOT NULL, y VARCHAR(9) NOT NULL, UNIQUE (x, y)",
        ["1,1,'a',TRUE", "2,1,'b',TRUE", "3,2,'a',FALSE"],
    ),
    "l_composite": (
        "id INTEGER, y VARCHAR(9), x INTEGER, CONSTRAINT l_composite_x"
        " FOREIGN KEY (x, y) REFERENCES l_unique (x, y)",
        ["1,'a',1,TRUE", "1,'a',1,TRUE", "1,'a',2,FALSE", "NULL,'a',NULL,TRUE", "4,'a',2,NULL"],
    ),
    "l_mid": ("id INTEGER PRIMARY KEY, tree INTEGER REFERENCES l_tree (id)", ["1,2", "2,5", "3,3"]),
    "l_leaf": (
        "mid INTEGER REFERENCES l_mid (id), note VARCHAR(9)",
        ["1,'x'", "1,'x'", "2,'x'", "3,NULL", "NULL,'x'"],
    ),
}
RINGS = (
    ("l_loose_a", "b", "l_loose_b"),
    ("l_tight_a", "b", "l_tight_b"),
    ("l_tight_b", "c", "l_tight_c"),
    ("l_tight_c", "a", "l_tight_a"),
    ("l_late_a", "b", "l_late_b"),
    ("l_late_b", "a", "l_late_a"),
)
VIA = {"l_mid": "tree", "l_leaf": "mid"}


@dataclass
class Zoo:
    """A database with a zoo in it, and what its own server says of it."""

    database: Database
    excluded: Sequence[str] = ()
    tables: list[str] = field(default_factory=list)

    @property
    def settings(self) -> str:
        """The text of demosnap.yaml."""
        tables = "".join(f"  {name}: {{via: {column}}}\n" for name, column in VIA.items())
        exclude = ", ".join(self.excluded)
        return (
            f"namespaces: all\nmarker: {{column: {MARK}}}\ntables:\n{tables}exclude: [{exclude}]\n"
            "scenarios: {general: {default: true}}\n"
        )

    def refused(self) -> dict[str, str]:
        """Return which tables cannot be captured, each with its reason."""
        dialect = dialects.get(self.database.server)
        with self.database.engine.connect() as connection:
            return dict(dialect.refuse_tables(connection, self.tables))

    def content(self, *, unmarked: bool = False) -> dict[str, list[tuple[str, ...]]]:
        """Return every row of every table, as the server itself writes its values.

        Only the rows that are no demo rows, with `unmarked`; tables without a marker are left out.
        """
        dialect = dialects.get(self.database.server)
        mariadb = self.database.dialect == "mariadb"
        found = {}
        # One connection: with PyMySQL each costs more than all the rest.
        with self.database.engine.connect() as connection:
            if mariadb:
                execute(connection, "SET time_zone = '+00:00'")
            for name in self.tables:
                if unmarked and (name in VIA or name in self.excluded):
                    continue
                where = f" WHERE {MARK} IS NOT TRUE" if unmarked else ""
                shown = dialect.quote_table(name)
                values = _bytes(connection, name) if mariadb else _texts(connection, name)
                rows = execute(connection, f"SELECT {values} FROM {shown}{where}").all()
                found[name] = sorted(tuple(map(repr, row)) for row in rows)
        return found


def _bytes(connection: sa.Connection, name: str) -> str:
    """Return the SQL of all of a table's values: their bytes, and numbers by their text."""
    columns = execute(
        connection,
        "SELECT column_name, data_type FROM information_schema.columns WHERE"
        f" table_schema = DATABASE() AND table_name = CONVERT(X'{_bare(name).encode().hex()}'"
        " USING utf8mb4) ORDER BY ordinal_position",
    )
    # HEX takes a number for a whole one; times 1 a float is exact and keeps the sign of -0.
    forms = {"float": "{}*1e0", "double": "{}*1e0", "decimal": "CONCAT({})"}
    return ",".join(forms.get(kind, "HEX({})").format(quote(column)) for column, kind in columns)


def _texts(connection: sa.Connection, name: str) -> str:
    """Return the SQL of the text of all of a table's values, in the order of the names."""
    literal = "'" + name.replace("'", "''") + "'"
    columns = execute(
        connection,
        f"SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = {literal}::regclass"
        " AND attnum > 0 AND NOT attisdropped ORDER BY attname",
    )
    # A composite of NULLs is no NULL; concat is what the output function says.
    return ",".join(f"CASE num_nulls({c}) WHEN 0 THEN concat({c}) END" for (c,) in columns)


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def make(database: Database, *, every: bool = False) -> Zoo:
    """Fill an empty database of a server with its zoo; `every` row is a demo row, or half are."""
    fill = _postgresql if database.dialect == "postgresql" else _mariadb
    return fill(database, every)


def _linked() -> list[str]:
    return [
        f"CREATE TABLE {name} ({columns.split(', CONSTRAINT')[0]}"
        + ("" if name in VIA else f", {MARK} BOOLEAN")
        + (f", CONSTRAINT{columns.split(', CONSTRAINT')[1]}" if ", CONSTRAINT" in columns else "")
        + ")"
        for name, (columns, _) in LINKED.items()
    ]


def _linked_rows() -> list[str]:
    return [
        f"INSERT INTO {name} VALUES {','.join(f'({row})' for row in rows)}"
        for name, (_, rows) in LINKED.items()
    ]


def _postgresql(database: Database, every: bool) -> Zoo:
    database.execute(*(f"CREATE EXTENSION {name}" for name in EXTENSIONS), *SETUP)
    database.execute(*(statement for made in POSTGRESQL_ZOO.values() for statement in made))
    tables = [*POSTGRESQL_ZOO, "ruled", "raw_bytes"]
    database.execute(
        "CREATE TABLE ruled (id integer)",
        "INSERT INTO ruled VALUES (1), (2)",
        "CREATE RULE kept AS ON DELETE TO ruled DO INSTEAD NOTHING",
        'CREATE TABLE raw_bytes (id serial, c "char"[])',
        "INSERT INTO raw_bytes (c) VALUES (ARRAY['a', '\\377'::\"char\"])",
    )
    mark = (
        "true" if every else "CASE o.n % 4 WHEN 0 THEN false WHEN 1 THEN true WHEN 3 THEN true END"
    )
    for name in tables:
        numbered = f"SELECT tableoid t, ctid c, row_number() OVER () n FROM {name}"
        database.execute(
            f"ALTER TABLE {name} ADD COLUMN IF NOT EXISTS {MARK} boolean",
            f"UPDATE {name} r SET {MARK} = {mark} FROM ({numbered}) o"
            " WHERE (r.tableoid, r.ctid) = (o.t, o.c)",
        )
    late = " DEFERRABLE INITIALLY "
    # Orphans of other tools' making are what NOT VALID is for; here it is only not checked yet.
    database.execute(
        *_linked(),
        *_linked_rows(),
        *(
            f"ALTER TABLE {name} ADD FOREIGN KEY ({column}) REFERENCES {other} (id)"
            + ((late + ("DEFERRED" if column == "a" else "IMMEDIATE")) if "late" in name else "")
            + (" NOT VALID" if "loose" in name else "")
            for name, column, other in RINGS
        ),
        'CREATE TABLE "Other Space".far (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tree'
        f" integer NOT NULL REFERENCES l_tree (id), {MARK} boolean)",
        f'INSERT INTO "Other Space".far (tree, {MARK}) VALUES (2, true), (5, false), (2, true)',
    )
    return Zoo(database, ("ruled", "raw_bytes"), [*tables, *LINKED, '"Other Space".far'])


def _mariadb(database: Database, every: bool) -> Zoo:
    server = Server(sa.make_url(database.url), "")
    marks = ("1", "1", "1", "1") if every else ("1", "NULL", "1", "0")
    statements = []
    for name, (columns, rows) in MARIADB_ZOO.items():
        marked = ",".join(f"({row},{marks[i % 4]})" for i, row in enumerate(rows))
        statements += [
            "SET sql_mode=''",
            f"CREATE TABLE {quote(name)} ({columns})",
            f"ALTER TABLE {quote(name)} ADD COLUMN {MARK} TINYINT(1)",
            "SET sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
            f"INSERT INTO {quote(name)} VALUES {marked}",
        ]
    server.run(
        *statements,
        *_linked(),
        *(f"ALTER TABLE {n} ADD FOREIGN KEY ({c}) REFERENCES {o} (id)" for n, c, o in RINGS),
        "SET foreign_key_checks=0",
        *_linked_rows(),
    )
    names = [display_name(None, name) for name in MARIADB_ZOO]
    return Zoo(database, (), [*names, *LINKED])
