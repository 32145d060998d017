"""Find uncaptured rows that reference demo rows, which prevent a purge of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from demosnap.config import Settings
from demosnap.config.names import yaml_item
from demosnap.database.live import Database
from demosnap.database.references import references_to
from demosnap.dialects.base import execute
from demosnap.model import ForeignKey
from demosnap.snapshot.predicates import not_true, referencing


@dataclass(frozen=True, slots=True)
class _Left:
    """The number of a table's unpicked rows that reference picked rows by a foreign key."""

    name: str
    key: ForeignKey
    rows: int

    @property
    def text(self) -> str:
        return f"{self.name} {self.rows} by {', '.join(self.key.columns)}"


def notes(
    database: Database, settings: Settings, picked: Mapping[str, str], most_rows: int | None = None
) -> Iterator[str]:
    """Yield a note if unpicked rows reference picked rows, so that a purge would be refused.

    `picked` are the predicates of the selected tables. Among them, tables of more than `most_rows`
    rows (None: no limit) are skipped, since the check would read all of their rows.
    """
    tables = database.tables
    referring = {name for name, _ in references_to(tables, picked)} - picked.keys()
    hidden = database.dialect.unreadable(database.connection, sorted(referring))
    if hidden:
        yield (
            f"this role may not read {', '.join(sorted(hidden))}, which can reference demo rows;"
            " its rows were not checked, and demo rows stay until they can be"
        )
    readable = {name: table for name, table in tables.items() if name not in hidden}
    visible = replace(database, tables=readable)
    found = list(_find(visible, picked, most_rows))
    if not found:
        return
    by_parent: dict[str, list[str]] = {}
    for one in found:
        by_parent.setdefault(one.key.table, []).append(one.text)
    lines = [
        "rows that are not captured reference demo rows, which cannot go as long as these rows do"
    ]
    lines += [f"  {parent}: from {', '.join(texts)}" for parent, texts in by_parent.items()]
    lines += _ways(settings, picked, found)
    yield "\n".join(lines)


def _find(database: Database, picked: Mapping[str, str], most_rows: int | None) -> Iterator[_Left]:
    dialect, tables = database.dialect, database.tables
    small: dict[str, bool] = {}
    for name, key in references_to(tables, picked):
        table = tables[name]
        rows = dialect.rows_of(table)
        where = referencing(dialect, table, key, picked[key.table])
        if name in picked:
            if name not in small:
                small[name] = most_rows is None or has_at_most(database, rows, most_rows)
            if not small[name]:
                continue
            where = f"{where} AND {not_true(picked[name])}"
        if count := database.count(rows, where):
            yield _Left(name, key, count)


def has_at_most(database: Database, rows: str, most: int) -> bool:
    """Return whether a table has at most `most` rows, without counting further."""
    return bool(
        execute(database.connection, database.dialect.count_up_to(rows, most + 1)).scalar() <= most
    )


def _ways(settings: Settings, picked: Mapping[str, str], found: Sequence[_Left]) -> Iterator[str]:
    """Yield what to do if the rows are demo data, with lines to paste into demosnap.yaml."""
    keys: dict[str, list[ForeignKey]] = {}
    for one in found:
        keys.setdefault(one.name, []).append(one.key)
    excluded = [name for name in keys if name in settings.exclude]
    new = [name for name in keys if name not in picked and name not in excluded]
    if new:
        yield "if they are demo data, add under `tables:` in demosnap.yaml:"
        for name in new:
            first, *others = keys[name]
            comment = "".join(f"  # or {_via(key)}" for key in others[:1])
            yield f"  {yaml_item(name)}: {_via(first)}{comment}"
    if excluded:
        yield (
            f"{', '.join(excluded)}: under `exclude:`; if they are demo data, give it a rule under"
            " `tables:` instead"
        )
    if already := [name for name in keys if name in picked]:
        yield (
            f"{', '.join(already)}: already captured, but not these rows; if they are demo data,"
            " mark them, or change the rule"
        )


def _via(key: ForeignKey) -> str:
    return yaml_item({"via": key.columns[0] if len(key.columns) == 1 else list(key.columns)})
