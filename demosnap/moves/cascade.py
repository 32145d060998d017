"""Find the non-demo rows that a purge reaches by foreign keys, at any depth."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from demosnap.compare import attached
from demosnap.database import references
from demosnap.database.by_key import key_predicates, merged, named, number
from demosnap.database.live import Database
from demosnap.errors import DatabaseError, UnknownNameError, UsageError
from demosnap.model import ForeignKey, Key
from demosnap.reasons import of_rows
from demosnap.refusal import Refusal
from demosnap.snapshot.predicates import not_true, referencing
from demosnap.visible import as_many
from demosnap.visible import rows as rows_of

_SHOWN = 5
_LISTED = re.compile(r'"(?:[^"]|"")*"|[^",\s]+')


@dataclass(frozen=True)
class CascadedRows:
    """Rows that go with the demo rows of a purge: by `--cascade`, and those that are ignored.

    `gone` has the keys of rows that are deleted, by table, and `ignored` those of them that belong
    to the demo; `nulled` has the keys of rows that lose a reference, by table and foreign key.
    """

    gone: Mapping[str, frozenset[Key]] = field(default_factory=dict)
    nulled: tuple[tuple[str, ForeignKey, frozenset[Key]], ...] = ()
    ignored: Mapping[str, frozenset[Key]] = field(default_factory=dict)

    def to_delete(self, database: Database) -> dict[str, str]:
        """Return the predicates of the rows that are deleted, by table."""
        return {name: _named(database, name, keys) for name, keys in self.gone.items()}

    def touched(self, database: Database) -> Iterator[dict[str, str]]:
        """Yield the predicates of the rows that are deleted or changed, by table."""
        yield self.to_delete(database)
        for name, _, keys in self.nulled:
            yield {name: _named(database, name, keys)}

    def counts(self) -> dict[str, int]:
        """Return the number of rows that are deleted, by table."""
        return {name: len(keys) for name, keys in self.gone.items()}

    def ignored_counts(self) -> dict[str, int]:
        """Return the number of ignored rows that are deleted, by table."""
        return {name: len(keys) for name, keys in self.ignored.items()}

    def non_demo_counts(self) -> dict[str, int]:
        """Return the number of non-demo rows that are deleted, by table."""
        none: frozenset[Key] = frozenset()
        found = {name: keys - self.ignored.get(name, none) for name, keys in self.gone.items()}
        return {name: len(keys) for name, keys in found.items() if keys}

    @property
    def beyond(self) -> bool:
        """Whether non-demo rows are deleted or changed."""
        return bool(self.nulled or self.non_demo_counts())

    def nulled_counts(self) -> dict[str, int]:
        """Return the number of references that are set to NULL, by table."""
        found: dict[str, int] = {}
        for name, _, keys in self.nulled:
            found[name] = found.get(name, 0) + len(keys)
        return found

    def empty(self, database: Database) -> None:
        """Set the references to NULL, before the referenced rows are deleted.

        Raises:
            DatabaseError: the number of rows differs from the plan.
        """
        for name, key, keys in self.nulled:
            values = dict.fromkeys(nulled_columns(key), b"NULL")
            changed = database.dialect.update_rows(
                database.connection, database.tables[name], [(one, values) for one in sorted(keys)]
            )
            if changed != len(keys):
                raise DatabaseError(
                    f"{name}: {rows_of(changed, 'was', 'were')} changed where"
                    f" {as_many(len(keys), 'planned')}",
                    "Another session writes to these rows. Try again.",
                    changed=False,
                )


def nulled_columns(key: ForeignKey) -> tuple[str, ...]:
    """Return the columns that a constraint sets to NULL when the referenced row is deleted."""
    action, _, listed = key.on_delete.partition(" (")
    if action != "SET NULL":
        return ()
    # PostgreSQL can name some of the columns, quoted if necessary.
    names = {
        name[1:-1].replace('""', '"') if name.startswith('"') else name
        for name in _LISTED.findall(listed.removesuffix(")"))
    }
    return tuple(c for c in key.columns if not listed or c in names)


def cascaded(
    database: Database,
    listed: Sequence[str],
    to_delete: Mapping[str, str],
    own: Mapping[str, str],
    others: Mapping[str, Mapping[str, str]],
    ignored: Mapping[str, str] | None = None,
    going: Mapping[str, str] | None = None,
) -> CascadedRows:
    """Find rows of the listed tables, and ignored rows, that reference demo rows to be deleted.

    They are deleted, or lose the reference. `own` are the predicates of all demo rows of the run,
    `others` those of other scenarios' rows; neither are among the result. `ignored` are the
    predicates of all ignored rows, `going` those of the ignored rows that go in any case.

    Raises:
        UnknownNameError: the database lacks a listed table.
        UsageError: the rows of a listed table have no unique key.
    """
    for name in listed:
        if name not in database.tables:
            raise UnknownNameError("table", name, list(database.tables))
        if not database.tables[name].identified:
            raise UsageError(
                f"--cascade {name}: its rows have no unique key",
                "Delete or change these rows yourself first.",
            )
    exempt = _exempt(own, *others.values())
    gone: dict[str, set[Key]] = {}
    nulled: dict[tuple[str, ForeignKey], set[Key]] = {}
    taken: dict[str, set[Key]] = {}
    ahead = list(to_delete.items())
    ignored = ignored or {}

    def take(name: str, keys: Iterable[Key]) -> None:
        fresh = set(keys) - taken.setdefault(name, set())
        taken[name] |= fresh
        gone.setdefault(name, set()).update(fresh)
        ahead.extend((name, one) for one in _predicates(database, name, fresh))

    for name, predicate in (going or {}).items():
        stays = f" AND {exempt[name]}" if name in exempt else ""
        take(name, database.keys(database.tables[name], f"({predicate}){stays}"))
    while ahead:
        parent, predicate = ahead.pop()
        for name, key in references.references_to(database.tables, [parent]):
            if name in ignored:
                found = _pointing(database, name, key, predicate, exempt, ignored[name])
                take(name, found)
            if name not in listed:
                continue
            if nulled_columns(key):
                if all(database.tables[name].column(c).nullable for c in nulled_columns(key)):
                    losing = set(_pointing(database, name, key, predicate, exempt))
                    nulled.setdefault((name, key), set()).update(losing)
                continue
            known = gone.setdefault(name, set())
            fresh = set(_pointing(database, name, key, predicate, exempt)) - known
            known |= fresh
            ahead += [(name, one) for one in _predicates(database, name, fresh)]
    return CascadedRows(
        {name: frozenset(keys) for name, keys in gone.items() if keys},
        tuple(
            (name, key, frozenset(left))
            for (name, key), keys in nulled.items()
            if (left := keys - gone.get(name, set()))
        ),
        {name: frozenset(keys) for name, keys in taken.items() if keys},
    )


def refusals(
    database: Database,
    to_delete: Mapping[str, str],
    own: Mapping[str, str],
    permitted: CascadedRows,
    others: Callable[[], Mapping[str, Mapping[str, str]]],
    wider: Callable[[str, Sequence[ForeignKey]], str | None] = lambda *_: None,
) -> list[Refusal]:
    """Return the refusals for non-demo rows that the purge would reach without permission.

    `to_delete` are the predicates of the demo rows to be deleted, `own` those of all rows of the
    run. `others` returns those of other scenarios' rows, which no cascade reaches. `wider` returns
    the line of demosnap.yaml that picks rows of a captured table by foreign keys, too.
    """
    all_going = merged([to_delete, permitted.to_delete(database)])
    own = merged([own, permitted.to_delete(database)])
    spared = {
        (name, key): named(database.dialect, database.tables[name].key_columns, keys)
        for name, key, keys in permitted.nulled
    }

    def beside(*more: Mapping[str, str]) -> list[Refusal]:
        exempt = merged([own, *more])
        return references.referenced(database, all_going, own=exempt, spared=spared)

    found = beside()
    if not found:
        return []
    scenarios = {name: rows for name, rows in others().items() if beside(rows) != found}
    can_cascade = not scenarios or bool(beside(*scenarios.values()))
    rules = _rules(database, all_going, own, {one.table for one in found}, wider)
    *found, last = [*found, *_further(database, all_going, own)]
    ways = of_rows.ways_of_referenced(scenarios, rules, can_cascade=can_cascade)
    return [*found, last.also(*ways)]


def _rules(
    database: Database,
    to_delete: Collection[str],
    own: Collection[str],
    names: Collection[str],
    wider: Callable[[str, Sequence[ForeignKey]], str | None],
) -> list[str]:
    """Return the line of demosnap.yaml that would pick the rows, for each table that has one."""
    keys: dict[str, list[ForeignKey]] = {}
    for name, key in references.references_to(database.tables, to_delete):
        if name in names:
            keys.setdefault(name, []).append(key)
    lines = (
        wider(name, some) if name in own else attached.rule_for(name, some[0].columns)
        for name, some in keys.items()
    )
    return [line for line in lines if line]


def _further(
    database: Database, to_delete: Mapping[str, str], own: Mapping[str, str]
) -> list[Refusal]:
    """Return the rows that the database would reach in turn from rows of an ON DELETE CASCADE."""
    exempt = _exempt(own)
    seen: dict[str, set[Key]] = {}
    reached: dict[tuple[str, ForeignKey], set[Key]] = {}
    ahead = [(name, predicate, True) for name, predicate in to_delete.items()]
    while ahead:
        parent, predicate, is_first = ahead.pop()
        for name, key in references.references_to(database.tables, [parent]):
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
        of_rows.cascading(
            name,
            key,
            len(keys),
            database.tables[name].key,
            references.shown_keys(sorted(keys, key=number)[:_SHOWN]),
        )
        for (name, key), keys in reached.items()
        if keys
    ]


def _exempt(*demo_rows: Mapping[str, str]) -> dict[str, str]:
    return {name: not_true(predicate) for name, predicate in merged(demo_rows).items()}


def _predicates(database: Database, name: str, keys: Collection[Key]) -> list[str]:
    return key_predicates(database.dialect, database.tables[name].key_columns, keys)


def _named(database: Database, name: str, keys: frozenset[Key]) -> str:
    return named(database.dialect, database.tables[name].key_columns, keys)


def _pointing(
    database: Database,
    name: str,
    key: ForeignKey,
    predicate: str,
    exempt: Mapping[str, str],
    among: str = "1 = 1",
) -> Iterator[Key]:
    """Return the keys of the rows of a table, `among` some, that reference rows of a predicate."""
    table = database.tables[name]
    where = referencing(database.dialect, table, key, predicate)
    if among != "1 = 1":
        where = f"({among}) AND {where}"
    if name in exempt:
        where = f"{where} AND {exempt[name]}"
    return database.keys(table, where)
