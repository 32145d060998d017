"""What taking demo rows out reaches: rows that are no demo data, at any depth."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from demosnap.database import guard
from demosnap.dialects.base import Dialect
from demosnap.errors import DatabaseError, UnknownNameError, UsageError
from demosnap.model import Column, ForeignKey, Key, Table
from demosnap.snapshot.predicates import in_table, not_true
from demosnap.snapshot.rows import split

if TYPE_CHECKING:
    from demosnap.database.moves import Database

_BATCH = 500
_SHOWN = 5
_LISTED = re.compile(r'"(?:[^"]|"")*"|[^",\s]+')


@dataclass(frozen=True)
class Along:
    """Rows that are no demo data and that `--cascade` lets a purge reach.

    `gone` has the keys of rows that are deleted, by table; `emptied` those of rows that lose a
    reference, with its foreign key.
    """

    gone: Mapping[str, frozenset[Key]] = field(default_factory=dict)
    emptied: tuple[tuple[str, ForeignKey, frozenset[Key]], ...] = ()

    def going(self, database: Database) -> dict[str, str]:
        """Return the predicates of the rows that are deleted."""
        return {name: _named(database, name, keys) for name, keys in self.gone.items()}

    def touched(self, database: Database) -> Iterator[dict[str, str]]:
        """Yield the predicates of the rows that do not stay as they are."""
        yield self.going(database)
        for name, _, keys in self.emptied:
            yield {name: _named(database, name, keys)}

    def counts(self) -> dict[str, int]:
        """Count the rows that are deleted, by table."""
        return {name: len(keys) for name, keys in self.gone.items()}

    def emptied_counts(self) -> dict[str, int]:
        """Count the references that are emptied, by table."""
        found: dict[str, int] = {}
        for name, _, keys in self.emptied:
            found[name] = found.get(name, 0) + len(keys)
        return found

    def empty(self, database: Database) -> None:
        """Set the references to NULL, before the rows go that they point at.

        Raises:
            DatabaseError: other rows are there than were planned.
        """
        for name, key, keys in self.emptied:
            values = dict.fromkeys(emptied_columns(key), b"NULL")
            changed = database.dialect.update_rows(
                database.connection, database.tables[name], [(one, values) for one in sorted(keys)]
            )
            if changed != len(keys):
                raise DatabaseError(
                    f"{name}: {changed} rows were changed where {len(keys)} were planned; nothing"
                    " was changed",
                    "Somebody else writes to these rows. Try again.",
                )


def emptied_columns(key: ForeignKey) -> tuple[str, ...]:
    """Return the columns that a constraint sets to NULL when what they reference goes."""
    action, _, listed = key.on_delete.partition(" (")
    if action != "SET NULL":
        return ()
    # PostgreSQL can name some of the columns, quoted where they must be.
    names = {
        name[1:-1].replace('""', '"') if name.startswith('"') else name
        for name in _LISTED.findall(listed.removesuffix(")"))
    }
    return tuple(c for c in key.columns if not listed or c in names)


def along(
    database: Database,
    listed: Sequence[str],
    going: Mapping[str, str],
    own: Mapping[str, str],
    others: Mapping[str, Mapping[str, str]],
) -> Along:
    """Find the rows of the listed tables that go, or lose a reference, with demo rows that go.

    `own` are the predicates of all demo rows of the run and `others` those of the other
    scenarios' rows, which are never among them.

    Raises:
        UnknownNameError: a listed table is none of the database.
        UsageError: the rows of a listed table cannot be named one by one.
    """
    for name in listed:
        if name not in database.tables:
            raise UnknownNameError("table", name, list(database.tables))
        if not database.tables[name].identified:
            raise UsageError(
                f"--cascade {name}: its rows have no key that names each of them",
                "Delete or change them yourself first.",
            )
    exempt = _exempt(own, *others.values())
    gone: dict[str, set[Key]] = {}
    emptied: dict[tuple[str, ForeignKey], set[Key]] = {}
    ahead = list(going.items())
    while ahead:
        parent, predicate = ahead.pop()
        for name, key in guard.references_to(database.tables, [parent]):
            if name not in listed:
                continue
            if emptied_columns(key):
                if all(database.tables[name].column(c).nullable for c in emptied_columns(key)):
                    found = set(_pointing(database, name, key, predicate, exempt))
                    emptied.setdefault((name, key), set()).update(found)
                continue
            known = gone.setdefault(name, set())
            fresh = set(_pointing(database, name, key, predicate, exempt)) - known
            known |= fresh
            ahead += [(name, one) for one in _predicates(database, name, fresh)]
    return Along(
        {name: frozenset(keys) for name, keys in gone.items() if keys},
        tuple(
            (name, key, frozenset(left))
            for (name, key), keys in emptied.items()
            if (left := keys - gone.get(name, set()))
        ),
    )


def refusals(
    database: Database, going: Mapping[str, str], own: Mapping[str, str], permitted: Along
) -> list[str]:
    """Return which rows that are no demo data would be reached and may not be.

    `going` are the predicates of the demo rows that go, `own` those of all demo rows of the run.
    """
    connection, dialect, tables = database.connection, database.dialect, database.tables
    all_going = merged([going, permitted.going(database)])
    own = merged([own, permitted.going(database)])
    spared = {
        (name, key): named(dialect, tables[name].key_columns, keys)
        for name, key, keys in permitted.emptied
    }
    reasons = guard.referenced(connection, dialect, tables, all_going, own=own, spared=spared)
    if not reasons:
        return []
    reasons += _further(database, all_going, own)
    reasons[-1] += (
        "\n--keep-referenced keeps the demo rows that they reference, and what those need (with"
        " alembic: -x demosnap.keep_referenced=1)"
        "\n--cascade TABLE, once for each table named here, lets these rows go too, or empties"
        " their reference where it says SET NULL (with alembic: -x demosnap.cascade=TABLE,TABLE)"
    )
    return reasons


def _further(database: Database, going: Mapping[str, str], own: Mapping[str, str]) -> list[str]:
    """Return what the database would then reach by itself, from the rows of a CASCADE on."""
    exempt = _exempt(own)
    seen: dict[str, set[Key]] = {}
    reached: dict[tuple[str, ForeignKey], set[Key]] = {}
    ahead = [(name, predicate, True) for name, predicate in going.items()]
    while ahead:
        parent, predicate, is_first = ahead.pop()
        for name, key in guard.references_to(database.tables, [parent]):
            table = database.tables[name]
            if not table.identified or (is_first and key.on_delete != "CASCADE"):
                continue
            found = set(_pointing(database, name, key, predicate, exempt))
            if not is_first:
                reached.setdefault((name, key), set()).update(found)
            if key.on_delete == "CASCADE":
                fresh = found - seen.setdefault(name, set())
                seen[name] |= fresh
                ahead += [(name, one, False) for one in _predicates(database, name, fresh)]
    return [
        f"{len(keys)} more {'row' if len(keys) == 1 else 'rows'} of {name} reference rows of"
        f" {key.table} that would go with them\n"
        f"({guard.constraint(key)} on {name}.{', '.join(key.columns)}, ON DELETE {key.on_delete};"
        f" {', '.join(database.tables[name].key)}:"
        f" {guard.show_literals(sorted(keys, key=_number)[:_SHOWN], len(keys))})"
        for (name, key), keys in reached.items()
        if keys
    ]


def pinned(
    database: Database,
    table: Table,
    predicate: str,
    own: Mapping[str, str],
    but: Collection[str] = (),
    by: Collection[str] | None = None,
) -> set[Key]:
    """Return the keys of the rows of a predicate that rows which are not `own` reference.

    The rows of the tables `but` do not count, nor, if they are given, references by other
    columns than `by`. The keys are those of `table`.
    """
    found: set[Key] = set()
    for name, key in guard.references_to(database.tables, [table.name]):
        if name not in but and (by is None or set(key.referred_columns) & set(by)):
            others = not_true(own[name]) if name in own else None
            found |= set(_pointed_at(database, table, key, name, predicate, others))
    return found


def parents(
    database: Database, table: Table, key: ForeignKey, child: Table, keys: set[Key], predicate: str
) -> set[Key]:
    """Return the keys of the rows of a predicate that some rows of `child` reference.

    `keys` name those rows by the key of `child`; what is returned names rows of `table`.
    """
    return {
        found
        for some in key_predicates(database.dialect, child.key_columns, keys)
        for found in _pointed_at(database, table, key, child.name, predicate, some)
    }


def _pointed_at(
    database: Database,
    table: Table,
    key: ForeignKey,
    child: str,
    predicate: str,
    children: str | None,
) -> Iterator[Key]:
    """Yield the keys of the rows of a predicate that rows of `child` reference."""
    where = _pointed(database, key, child, predicate, children)
    for row in database.dialect.read_rows(database.connection, _only_key(table), where):
        yield tuple(split(row))


def referred(
    database: Database,
    table: Table,
    key: ForeignKey,
    child: str,
    predicate: str,
    children: str | None,
) -> set[Key]:
    """Return what rows of `child` reference of the rows of a predicate, in the key's order."""
    where = _pointed(database, key, child, predicate, children)
    columns = tuple(table.column(name) for name in key.referred_columns)
    narrow = replace(table, columns=columns, key=key.referred_columns)
    return {
        tuple(split(row)) for row in database.dialect.read_rows(database.connection, narrow, where)
    }


def _pointed(
    database: Database, key: ForeignKey, child: str, predicate: str, children: str | None
) -> str:
    dialect = database.dialect
    # The column of the referenced table stands on the left: its collation counts.
    left = dialect.quote_columns(key.referred_columns)
    if len(key.columns) > 1:
        left = f"({left})"
    source = dialect.rows_of(database.tables[child])
    right = f"SELECT {dialect.quote_columns(key.columns)} FROM {source}"
    where = f" WHERE {children}" if children else ""
    return f"({predicate}) AND {left} IN ({right}{where})"


def merged(goings: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Join predicates of several origins, by table."""
    found: dict[str, list[str]] = {}
    for going in goings:
        for name, predicate in going.items():
            found.setdefault(name, []).append(f"({predicate})")
    return {name: _any(predicates) for name, predicates in found.items()}


def _exempt(*goings: Mapping[str, str]) -> dict[str, str]:
    return {name: not_true(predicate) for name, predicate in merged(goings).items()}


def _any(predicates: Sequence[str]) -> str:
    # Halved, since databases bound how deep an expression may be nested.
    if len(predicates) <= 2:
        return " OR ".join(predicates)
    half = len(predicates) // 2
    return f"({_any(predicates[:half])}) OR ({_any(predicates[half:])})"


def _predicates(database: Database, name: str, keys: Collection[Key]) -> list[str]:
    return key_predicates(database.dialect, database.tables[name].key_columns, keys)


def key_predicates(dialect: Dialect, columns: Sequence[Column], keys: Collection[Key]) -> list[str]:
    """Return predicates that pick the rows of some keys, each of a bounded number."""
    return [dialect.key_predicate(columns, batch) for batch in guard.batches(sorted(keys), _BATCH)]


def named(dialect: Dialect, columns: Sequence[Column], keys: Collection[Key]) -> str:
    """Return the predicate that picks the rows of some keys."""
    return _any([f"({one})" for one in key_predicates(dialect, columns, keys)])


def _named(database: Database, name: str, keys: frozenset[Key]) -> str:
    return named(database.dialect, database.tables[name].key_columns, keys)


def _pointing(
    database: Database, name: str, key: ForeignKey, predicate: str, exempt: Mapping[str, str]
) -> Iterator[Key]:
    """Yield the keys of the rows of a table that reference rows of a predicate."""
    table = database.tables[name]
    where = in_table(
        database.dialect, table, key.columns, key.table, key.referred_columns, predicate
    )
    if name in exempt:
        where = f"{where} AND {exempt[name]}"
    narrow = _only_key(table)
    for row in database.dialect.read_rows(database.connection, narrow, where):
        yield tuple(split(row))


def _only_key(table: Table) -> Table:
    return replace(table, columns=tuple(table.column(column) for column in table.key))


def _number(key: Key) -> tuple[tuple[int, bytes], ...]:
    return tuple((len(part), part) for part in key)
