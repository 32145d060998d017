"""Random webs of tables and rows that reference each other, demo rows and others among them."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

import sqlalchemy as sa

SETTINGS = """\
marker: {column: is_demo, scenario_column: scenario}
scenarios:
  general: {default: true}
  writer: {}
"""

UNCHECKED = {
    "sqlite": "PRAGMA foreign_keys = OFF",
    "postgresql": "SET session_replication_role = replica",
    "mariadb": "SET SESSION foreign_key_checks = 0",
}

Row = dict[str, Any]
Rows = dict[str, dict[int, Row]]
"""Rows by table and number."""


@dataclass(frozen=True)
class Reference:
    """A foreign key: its columns, what it references, and what becomes of its rows."""

    columns: tuple[str, ...]
    table: str
    referred: tuple[str, ...]
    on_delete: str
    nullable: bool


@dataclass(frozen=True)
class Node:
    """A table; every one has a number, a code that may be NULL, a pair, and a note."""

    name: str
    references: tuple[Reference, ...]


def web(random: Random, dialect: str) -> list[Node]:
    """Draw tables that reference earlier ones, and, by columns that may be NULL, any."""
    actions = ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL"]
    if dialect != "mariadb":
        actions.append("SET DEFAULT")
    names = [f"t{n}" for n in range(random.randint(2, 5))]
    nodes = []
    for number, name in enumerate(names):
        references = []
        for place in range(random.choice((0, 1, 1, 2, 2))):
            nullable = number == 0 or random.random() < 0.7
            table = random.choice(names if nullable else names[:number])
            referred = random.choice((("id",), ("id",), ("code",), ("a", "b")))
            if not nullable:
                referred = ("id",)
            action = random.choice(actions if nullable else actions[:3])
            columns = tuple(f"r{place}{column}" for column in referred)
            references.append(Reference(columns, table, referred, action, nullable))
        nodes.append(Node(name, tuple(references)))
    return nodes


def draw(random: Random, nodes: list[Node]) -> Rows:
    """Draw rows of all tables whose references are right."""
    rows: Rows = {node.name: {} for node in nodes}
    for node in nodes:
        for number in range(1, random.randint(2, 6)):
            add(random, rows, node.name, number)
    return pointed(random, nodes, rows, 1.0)


def add(random: Random, rows: Rows, name: str, number: int) -> None:
    """Add a row without references."""
    kind = random.choice(("general", "general", "writer", None, None))
    rows[name][number] = {
        "id": number,
        "code": random.choice((None, f"c{number}")),
        "a": random.choice((None, 1)),
        "b": random.choice((None, number)),
        "note": random.choice("xyz"),
        "is_demo": kind is not None,
        "scenario": kind,
    }


def changed(random: Random, nodes: list[Node], before: Rows, *, demo: bool) -> Rows:
    """Return other rows: some changed, some added, some gone; demo rows, or the others."""
    rows = {name: {n: dict(row) for n, row in known.items()} for name, known in before.items()}
    for node in nodes:
        known = rows[node.name]
        for number in list(known):
            if known[number]["is_demo"] is demo:
                if random.random() < 0.2:
                    known[number]["note"] = random.choice("xyz")
                if random.random() < 0.15:
                    known[number]["code"] = random.choice((None, f"c{number}", f"d{number}"))
                if random.random() < 0.2:
                    del known[number]
        for number in range(10, 16):
            if random.random() < 0.15 and number not in known:
                add(random, rows, node.name, number)
                known[number]["is_demo"] = demo
                known[number]["scenario"] = random.choice(("general", "writer")) if demo else None
    return pointed(random, nodes, rows, 0.2, demo)


def pointed(
    random: Random, nodes: list[Node], rows: Rows, share: float, demo: bool | None = None
) -> Rows:
    """Return the rows with references that are right; those that cannot have any are left out."""
    again = True
    while again:
        again = False
        for node in nodes:
            for number, row in list(rows[node.name].items()):
                fits = all(
                    _point(random, rows, row, reference, share, demo)
                    for reference in node.references
                )
                if not fits:
                    del rows[node.name][number]
                    again = True
        share = 0.0
        again = again or bool(dangling(nodes, rows))
    return rows


def _point(
    random: Random, rows: Rows, row: Row, reference: Reference, share: float, demo: bool | None
) -> bool:
    found = [
        tuple(other[column] for column in reference.referred)
        for other in rows[reference.table].values()
    ]
    found = [values for values in found if None not in values]
    now = tuple(row.get(column) for column in reference.columns)
    fresh = demo in (None, row["is_demo"]) and random.random() < share
    if not fresh and now in found:
        return True
    if not fresh and reference.nullable and None in now and reference.columns[0] in row:
        return True
    options: list[tuple[Any, ...]] = list(found)
    if reference.nullable:
        options.append((None,) * len(reference.columns))
    if not options:
        return False
    row.update(zip(reference.columns, random.choice(options), strict=True))
    return True


def dangling(nodes: list[Node], rows: Rows) -> set[tuple[str, int, tuple[str, ...]]]:
    """Return the references that point at nothing, as table, number and columns."""
    found = set()
    for node in nodes:
        for reference in node.references:
            there = {
                tuple(other[column] for column in reference.referred)
                for other in rows[reference.table].values()
            }
            for number, row in rows[node.name].items():
                values = tuple(row[column] for column in reference.columns)
                if None not in values and values not in there:
                    found.add((node.name, number, reference.columns))
    return found


@dataclass
class Tables:
    """The tables of a web in a database, by a connection that is kept."""

    connection: sa.Connection
    dialect: str
    nodes: list[Node] = field(default_factory=list)

    def create(self, nodes: list[Node]) -> None:
        """Create the tables, in the place of those that there are, and forget what was loaded."""
        self.nodes = nodes
        statements, late = [], []
        cascade = " CASCADE" if self.dialect == "postgresql" else ""
        for name in sa.inspect(self.connection).get_table_names():
            own = name.startswith("demosnap_")
            statements.append(f"DELETE FROM {name}" if own else f"DROP TABLE {name}{cascade}")
        for node in nodes:
            parts = ["id INTEGER PRIMARY KEY", "code VARCHAR(9) UNIQUE", "a INTEGER", "b INTEGER"]
            parts += ["note VARCHAR(9)", "is_demo BOOLEAN NOT NULL", "scenario VARCHAR(9)"]
            for reference in node.references:
                kind = "VARCHAR(9)" if reference.referred == ("code",) else "INTEGER"
                null = "" if reference.nullable else " NOT NULL"
                parts += [f"{column} {kind}{null}" for column in reference.columns]
            parts.append("UNIQUE (a, b)")
            keys = [
                f"FOREIGN KEY ({', '.join(reference.columns)}) REFERENCES"
                f" {reference.table} ({', '.join(reference.referred)})"
                f" ON DELETE {reference.on_delete}"
                for reference in node.references
            ]
            if self.dialect == "postgresql":
                # It takes no key to a table that comes later.
                late += [f"ALTER TABLE {node.name} ADD {key}" for key in keys]
            else:
                parts += keys
            statements.append(f"CREATE TABLE {node.name} ({', '.join(parts)})")
        self._run([*statements, *late])

    def write(self, rows: Rows) -> None:
        """Put these rows in the place of all that there are."""
        statements = []
        for name, known in rows.items():
            statements.append(f"DELETE FROM {name}")
            statements += [
                f"INSERT INTO {name} ({', '.join(row)})"
                f" VALUES ({', '.join(map(_sql, row.values()))})"
                for row in known.values()
            ]
        self._run(statements)

    def read(self) -> Rows:
        """Return all rows that there are."""
        rows: Rows = {}
        for node in self.nodes:
            found = self.connection.exec_driver_sql(f"SELECT * FROM {node.name}").mappings()
            rows[node.name] = {row["id"]: {**row, "is_demo": bool(row["is_demo"])} for row in found}
        self.connection.rollback()
        return rows

    def _run(self, statements: list[str]) -> None:
        statements = [UNCHECKED[self.dialect], *statements]
        # psycopg sends several at once.
        for statement in ["; ".join(statements)] if self.dialect == "postgresql" else statements:
            self.connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
        self.connection.commit()


def _sql(value: Any) -> str:
    if value is None:
        return "NULL"
    return f"'{value}'" if isinstance(value, str) else str(value).upper()
