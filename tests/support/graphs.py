"""Random graphs of tables, and random versions of the rows in them, marked and not."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from support.databases import Database

SETTINGS = "marker: {column: is_demo}\n"

Row = dict[str, Any]
Content = dict[str, list[Row]]

_WITHOUT_CHECKS = {
    "sqlite": "PRAGMA foreign_keys = OFF",
    "postgresql": "SET session_replication_role = replica",
    "mariadb": "SET SESSION foreign_key_checks = 0",
}


@dataclass(frozen=True)
class Reference:
    """A foreign key of a table: to the key of another one, or to its unique code."""

    table: str
    nullable: bool
    to_code: bool


@dataclass(frozen=True)
class Node:
    """A table; `key` is int, text, pair (of two columns) or none."""

    name: str
    key: str
    references: tuple[Reference, ...]

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns of its primary key."""
        return {"pair": ("a", "b"), "none": ()}.get(self.key, ("id",))


def graph(random: Random) -> list[Node]:
    """Draw tables that reference earlier ones, and, by columns that may be NULL, any."""
    count = random.randint(2, 4)
    keys = [random.choice(("int", "int", "text", "pair")) for _ in range(count)]
    if random.random() < 0.5:
        keys.append("none")
    keyed = [f"t{n}" for n, key in enumerate(keys) if key != "none"]
    nodes = []
    for number, key in enumerate(keys):
        references = []
        for _ in range(random.choice((0, 1, 1, 2))):
            nullable = number == 0 or random.random() < 0.6
            table = random.choice(keyed if nullable and key != "none" else keyed[: number or 1])
            references.append(Reference(table, nullable, random.random() < 0.2))
        nodes.append(Node(f"t{number}", key, tuple(references)))
    return nodes


def create(database: Database, nodes: list[Node]) -> None:
    """Create the tables, in the place of those that there are."""
    by_name = {node.name: node for node in nodes}
    foreign: list[tuple[str, str]] = []
    tables: list[tuple[str, list[str]]] = []
    for node in nodes:
        kind = "VARCHAR(9)" if node.key == "text" else "INTEGER"
        columns = [f"{name} {kind} NOT NULL" for name in node.key_columns]
        columns += ["code VARCHAR(9) NOT NULL", "slot INTEGER", "note VARCHAR(20)"]
        columns.append("is_demo BOOLEAN NOT NULL")
        if node.key_columns:
            columns += [f"PRIMARY KEY ({', '.join(node.key_columns)})"]
            columns += ["UNIQUE (code)", "UNIQUE (slot)"]
        for number, reference in enumerate(node.references):
            parent = by_name[reference.table]
            referred = ("code",) if reference.to_code else parent.key_columns
            is_text = reference.to_code or parent.key == "text"
            names = [f"r{number}{name}" for name in referred]
            null = "" if reference.nullable else " NOT NULL"
            for name in reversed(names):
                columns.insert(0, f"{name} {'VARCHAR(9)' if is_text else 'INTEGER'}{null}")
            to = f"{parent.name} ({', '.join(referred)})"
            foreign.append((node.name, f"FOREIGN KEY ({', '.join(names)}) REFERENCES {to}"))
        tables.append((node.name, columns))
    drops = [f"DROP TABLE IF EXISTS {name}" for name in ("t4", "t3", "t2", "t1", "t0")]
    late = []
    if database.dialect == "sqlite":
        # It knows no ALTER TABLE … ADD CONSTRAINT.
        for name, constraint in foreign:
            next(columns for table, columns in tables if table == name).append(constraint)
    else:
        late = [f"ALTER TABLE {name} ADD {constraint}" for name, constraint in foreign]
    if database.dialect == "postgresql":
        drops = [f"{drop} CASCADE" for drop in drops]
    creates = [f"CREATE TABLE {name} ({', '.join(columns)})" for name, columns in tables]
    own = [f"DROP TABLE IF EXISTS demosnap_{name}" for name in ("log", "version", "kept")]
    database.execute(_WITHOUT_CHECKS[database.dialect], *drops, *own, *creates, *late)


def rows(random: Random, nodes: list[Node], before: Content | None = None) -> Content:
    """Draw marked rows of all tables that fit each other; `before`: mostly as they were."""
    ids: dict[str, list[int]] = {}
    for node in nodes:
        known = [row["number"] for row in before[node.name]] if before else []
        numbers = {n for n in known if random.random() < 0.8}
        numbers |= {n for n in range(1, 7) if random.random() < (0.2 if before else 0.6)}
        needed = [r.table for r in node.references if not r.nullable]
        ids[node.name] = sorted(numbers) if all(ids.get(name) for name in needed) else []
    content: Content = {}
    for node in nodes:
        was = {row["number"]: row for row in before[node.name]} if before else {}
        codes = _distinct(random, ids[node.name], was, "code", list("abcdefgh"))
        slots = _distinct(random, ids[node.name], was, "slot", [1, 2, 3, 4, 5, 6, 7, 8])
        content[node.name] = [
            _row(random, node, number, codes[number], slots[number], ids, was.get(number))
            for number in ids[node.name]
        ]
    # Codes of rows are known only now.
    for node in nodes:
        for row in content[node.name]:
            _point(node, nodes, row, content)
    return content


def _distinct(
    random: Random, numbers: list[int], was: dict[int, Row], name: str, values: list[Any]
) -> dict[int, Any]:
    """Return a value for each row, no two equal; some of those that are known are exchanged."""
    found = {n: was[n][name] for n in numbers if n in was}
    free = [value for value in values if value not in found.values()]
    random.shuffle(free)
    for n in numbers:
        if n not in found:
            found[n] = free.pop()
    some = [n for n in numbers if random.random() < 0.4]
    exchanged = [found[n] for n in some]
    for n, value in zip(some, exchanged[1:] + exchanged[:1], strict=True):
        found[n] = value
    return found


def _row(
    random: Random,
    node: Node,
    number: int,
    code: str,
    slot: int,
    ids: dict[str, list[int]],
    was: Row | None,
) -> Row:
    row: Row = {"number": number, "code": code, "slot": slot, "is_demo": True}
    row["note"] = random.choice(("it''s", "50%", ":x", None))
    if was is not None and random.random() < 0.6:
        row["note"] = was["note"]
    if node.key == "none":
        row["code"] = random.choice("ab")
    row["points"] = []
    for place, reference in enumerate(node.references):
        there = ids[reference.table]
        same = was["points"][place] if was else None
        if same in there and random.random() < 0.7:
            row["points"].append(same)
        elif not there or (reference.nullable and random.random() < 0.3):
            row["points"].append(None)
        else:
            row["points"].append(random.choice(there))
    return row


def _key(node: Node, number: int) -> tuple[Any, ...]:
    if node.key == "text":
        return (f"K{number}",)
    return (number % 3, number) if node.key == "pair" else (number,)


def _point(node: Node, nodes: list[Node], row: Row, content: Content) -> None:
    by_name = {other.name: other for other in nodes}
    row["values"] = dict(
        zip(node.key_columns, _key(node, row["number"]), strict=bool(node.key_columns))
    )
    row["values"] |= {name: row[name] for name in ("code", "slot", "note", "is_demo")}
    for place, (reference, number) in enumerate(zip(node.references, row["points"], strict=True)):
        parent = by_name[reference.table]
        columns = ("code",) if reference.to_code else parent.key_columns
        values: tuple[Any, ...] = (None,) * len(columns)
        if number is not None:
            values = _key(parent, number)
            if reference.to_code:
                rows = content[parent.name]
                values = (next(r["code"] for r in rows if r["number"] == number),)
        row["values"] |= {f"r{place}{c}": v for c, v in zip(columns, values, strict=True)}


def fill(database: Database, nodes: list[Node], content: Content, own: list[str]) -> None:
    """Put these rows in the place of the marked ones, and add some of the application's own."""
    statements = [_WITHOUT_CHECKS[database.dialect]]
    statements += [f"DELETE FROM {node.name} WHERE is_demo = TRUE" for node in nodes]
    statements += [insert(name, row["values"]) for name, rows in content.items() for row in rows]
    database.execute(*statements, *own)


def insert(table: str, values: dict[str, Any]) -> str:
    """Return the INSERT of one row."""
    literals = ", ".join(map(_sql, values.values()))
    return f"INSERT INTO {table} ({', '.join(values)}) VALUES ({literals})"


def _sql(value: Any) -> str:
    if value is None:
        return "NULL"
    return f"'{value}'" if isinstance(value, str) else str(value).upper()


def own_rows(nodes: list[Node], content: Content, kept: Content | None = None) -> list[str]:
    """Return INSERTs of rows that are no demo data, beyond the numbers of those that are.

    With `kept` they reference demo rows that are in both versions, by their keys.
    """
    statements = []
    own = {node.name: 0 for node in nodes}
    by_name = {node.name: node for node in nodes}
    for node in nodes:
        row: Row = {"number": 20, "code": "own", "slot": 20, "note": "mine", "is_demo": False}
        row["points"] = []
        values: Row = {}
        fits = True
        for place, reference in enumerate(node.references):
            parent = by_name[reference.table]
            columns = ("code",) if reference.to_code else parent.key_columns
            found: tuple[Any, ...] = (None,) * len(columns)
            both = []
            if kept is not None and not reference.to_code:
                there = {r["number"] for r in kept[parent.name]}
                both = [r["number"] for r in content[parent.name] if r["number"] in there]
            if both:
                found = _key(parent, both[0])
            elif own.get(parent.name) == 20:
                found = ("own",) if reference.to_code else _key(parent, 20)
            elif not reference.nullable:
                fits = False
            values |= {f"r{place}{c}": v for c, v in zip(columns, found, strict=True)}
        if fits:
            own[node.name] = 20
            keys = dict(zip(node.key_columns, _key(node, 20), strict=False))
            same = {name: row[name] for name in ("code", "slot", "note", "is_demo")}
            statements.append(insert(node.name, {**keys, **same, **values}))
    return statements
