"""Record rows that are no longer picked: left by a move, or released for good.

`demosnap_kept` names them beside the retained rows, with a word in place of a digest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import select

from demosnap.database import by_key, compatibility, referring, retained
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot
from demosnap.database.retained import Retained, kept_table
from demosnap.errors import SnapshotError, UnknownNameError, UsageError
from demosnap.model import ForeignKey, Key, Rule, Table, Version
from demosnap.rows.canonical import key_of, split
from demosnap.snapshot import logical_keys
from demosnap.snapshot.predicates import needed_foreign_keys, not_true, via_foreign_keys


def left(database: Database, scenario: str) -> Retained:
    """Return the rows that an earlier move left, since no predicate picked them any more."""
    return _recorded(database, scenario, retained.LEFT)


def released(database: Database, scenario: str, picked: Mapping[str, str]) -> Retained:
    """Return the released rows that exist and are not picked again."""
    found = _recorded(database, scenario, retained.RELEASED)
    return real(database, found, picked) if found else found


def real(database: Database, rows: Retained, picked: Mapping[str, str]) -> Retained:
    """Return the rows, among those given, that exist and that no predicate picks."""
    keys: dict[str, frozenset[Key]] = {}
    for name, wanted in rows.keys.items():
        table = database.tables.get(name)
        columns = rows.columns[name]
        if table is None or not {column.name for column in table.columns} >= {*columns}:
            continue
        stays = f" AND {not_true(picked[name])}" if name in picked else ""
        named = by_key.key_predicates(database.dialect, [*map(table.column, columns)], wanted)
        present = frozenset(
            key for where in named for key in database.keys(table, f"({where}){stays}", columns)
        ).intersection(wanted)
        if present:
            keys[name] = present
    return Retained(keys, {name: rows.columns[name] for name in keys})


def _recorded(database: Database, scenario: str, word: str) -> Retained:
    connection = database.connection
    if not retained.exists(connection):
        return retained.NOTHING
    keys: dict[str, set[Key]] = {}
    columns: dict[str, tuple[str, ...]] = {}
    c = kept_table.c
    query = select(c.table_name, c.row_key).where(c.scenario == scenario, c.digest == word)
    for name, text in connection.execute(query):
        columns[name], key = retained.parsed(text)
        keys.setdefault(name, set()).add(key)
    return Retained({name: frozenset(some) for name, some in keys.items()}, columns)


def record(database: Database, scenario: str, left: Retained, released: Retained) -> None:
    """Replace the recorded left and released rows of a scenario; retained rows stay recorded."""
    lines = [
        {
            "scenario": scenario,
            "table_name": name,
            "row_key": retained.text_of(rows.columns[name], key),
            "digest": word,
        }
        for word, rows in ((retained.LEFT, left), (retained.RELEASED, released))
        for name, keys in rows.keys.items()
        for key in keys
    ]
    if lines:
        retained.create(database.connection)
        database.connection.execute(kept_table.insert(), lines)


def skipped(
    database: Database, version: Version | None, rows: Retained
) -> dict[str, frozenset[Key]]:
    """Return the keys of the rows of a version that a load leaves out, by table.

    These are released rows, and rows that depend on them by `via`, which no predicate would pick.
    """
    if version is None or not rows:
        return {}
    try:
        return _skipped(database, version, rows)
    except SnapshotError:
        # A load reports the damage itself, and a purge needs no rows of the snapshot.
        return {}


def _skipped(database: Database, version: Version, rows: Retained) -> dict[str, frozenset[Key]]:
    snapshot = OpenSnapshot(version, database)
    if compatibility.unfit(database.tables, snapshot.header.tables):
        return {}
    rules = version.selection.rules
    found: dict[str, set[Key]] = {}
    tables = logical_keys.joined(database.tables, version.selection.foreign_keys)
    values: _Places = {}
    for name, rule in rules.items():
        for one in _followed(tables, name, rule, rules):
            values[one.place] = _Values()
    size = -1
    # A table may precede a table that it depends on; repeat until no key is new.
    while size != (size := sum(map(len, found.values()))):
        staying: dict[_Place, set[Key]] = {place: set() for place in values}
        for table, lines in zip(snapshot.tables, snapshot.blocks(checked=False), strict=True):
            name = table.name
            own = rows.keys.get(name, frozenset())
            if not table.identified or (own and rows.columns[name] != table.key):
                own = frozenset()
            places = {column.name: n for n, column in enumerate(table.captured)}
            wanted = [
                (values[other, columns].gone, staying[other, columns], [places[c] for c in columns])
                for (other, columns) in values
                if other == name
            ]
            at = database, tables, name, rules, rules[name], list(places), values
            picks = _picks(*at)
            # A value that is spelled in two ways tells nothing.
            picked = _picks(*at, before=True)
            for row in lines:
                literals = split(row)
                key = tuple(literals[: len(table.key)])
                goes = key in own or (not picks(literals) and picked(literals))
                if goes:
                    found.setdefault(name, set()).add(key)
                for gone, stay, indexes in wanted:
                    (gone if goes else stay).add(tuple(literals[i] for i in indexes))
        for place, some in staying.items():
            values[place].staying = some
    return {name: frozenset(keys) for name, keys in found.items()}


_Place = tuple[str, tuple[str, ...]]


@dataclass
class _Values:
    """The values of skipped rows in some columns, and of other rows, None until all are known."""

    gone: set[Key] = field(default_factory=set)
    staying: set[Key] | None = None


_Places = dict[_Place, _Values]
"""These values by table and columns."""


class _Followed(NamedTuple):
    """A foreign key that a rule follows: its own columns, and the place that these equal."""

    key: ForeignKey
    place: _Place


def _followed(
    tables: Mapping[str, Table], name: str, rule: Rule, rules: Mapping[str, Rule]
) -> Iterator[_Followed]:
    for leaf in rule.leaves:
        if leaf.kind == "via":
            for key in via_foreign_keys(tables[name], leaf, rules):
                yield _Followed(key, (key.table, key.referred_columns))
        elif leaf.kind == "needed by":
            keys = needed_foreign_keys(tables[name], tables[leaf.table], leaf)
            if any(key.logical for key in keys):
                # Such a row may still be needed: it is left to the database to decide.
                continue
            for key in keys:
                own = ForeignKey(key.referred_columns, name, key.referred_columns)
                yield _Followed(own, (leaf.table, key.columns))


def _picks(
    database: Database,
    tables: Mapping[str, Table],
    name: str,
    rules: Mapping[str, Rule],
    rule: Rule,
    names: Sequence[str],
    values: _Places,
    *,
    before: bool = False,
) -> Callable[[Sequence[bytes]], bool]:
    """Return a function that tells whether a rule may still pick a row without skipped rows.

    `names` are the columns of the rows, `rules` those of all tables. `before`: with skipped rows.
    """
    if rule.rules:
        enough = any if rule.kind == "any" else all
        at = database, tables, name, rules
        parts = [_picks(*at, one, names, values, before=before) for one in rule.rules]
        return lambda literals: enough(part(literals) for part in parts)
    ways = [
        (
            referring.extract_key(database, database.tables[name], one.key, names),
            values[one.place],
            rule.kind == "via" and not one.key.path,
        )
        for one in _followed(tables, name, rule, rules)
    ]

    def follows(value: Key, there: _Values, single: bool) -> bool:
        # Of several values, one that is no row's says nothing about the others.
        if single:
            return b"NULL" not in value and (before or value not in there.gone)
        staying = there.staying
        return staying is None or value in staying or (before and value in there.gone)

    def picks(literals: Sequence[bytes]) -> bool:
        return any(
            extract is None or any(follows(value, there, single) for value in extract(literals))
            for extract, there, single in ways
        )

    return picks if ways else lambda literals: True


def plain(key: Key) -> str:
    """Render a key as users type it: values without quotes, separated by slashes."""
    return "/".join(_plain(part.decode("utf-8", "replace")) for part in key)


def _plain(literal: str) -> str:
    if len(literal) > 1 and literal[0] == literal[-1] == "'":
        return literal[1:-1].replace("''", "'")
    return literal


def named(
    database: Database, wanted: Sequence[str], versions: Iterable[Version | None]
) -> tuple[Retained, set[str]]:
    """Return the rows of versions that `TABLE/KEY` names, and the names that matched a row.

    Raises:
        UnknownNameError: the table does not exist.
        UsageError: the text is not a table and a key, or no version has the table.
    """
    asked: dict[str, dict[str, str]] = {}
    for one in wanted:
        name = _table(one, database.tables)
        asked.setdefault(name, {})[one[len(name) + 1 :]] = one
    keys: dict[str, frozenset[Key]] = {}
    columns: dict[str, tuple[str, ...]] = {}
    known: set[str] = set()
    for version in {v.revision: v for v in versions if v is not None}.values():
        snapshot = OpenSnapshot(version, database)
        if unfit := compatibility.unfit(database.tables, snapshot.header.tables):
            raise UsageError(
                f"--release {wanted[0]}: {version.version} has other tables than the database: "
                f"{'; '.join(map(str, unfit))}",
                "Capture the demo rows again: rows that are not picked are real rows from then on.",
            )
        for table, rows in zip(snapshot.tables, snapshot.blocks(checked=False), strict=True):
            texts = asked.get(table.name, {}) if table.identified else {}
            for row in rows:
                if texts and (text := plain(key := key_of(table, row))) in texts:
                    known.add(texts[text])
                    columns[table.name] = table.key
                    keys[table.name] = keys.get(table.name, frozenset()) | {key}
    return Retained(keys, columns), known


def _table(text: str, tables: Collection[str]) -> str:
    found = [name for name in tables if text.startswith(f"{name}/")]
    if found:
        return max(found, key=len)
    name, slash, _ = text.partition("/")
    if not slash:
        raise UsageError(f"{text!r} is not TABLE/KEY", "Write --release issues/2, for example.")
    raise UnknownNameError("table", name, list(tables))
