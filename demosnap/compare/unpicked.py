"""Describe rows that are no longer picked: what changed in them, and how to go on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from demosnap.compare import known_rows, released
from demosnap.compare.known_rows import KnownRows
from demosnap.database import by_key, compatibility, picking, references
from demosnap.database import rules as rule_trees
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot, arranged
from demosnap.database.retained import NOTHING, Retained
from demosnap.model import Key, Selection, Version
from demosnap.results import Unpicked
from demosnap.rows.canonical import key_of
from demosnap.snapshot import logical_keys
from demosnap.snapshot.diff import Cell, TablePair
from demosnap.snapshot.predicates import referencing
from demosnap.visible import one_line, shortened
from demosnap.visible import rows as rows_of

SHOWN = 5
_LONGEST = 40
_MOST_COMPARED = 20_000
"""The most rows of a version for which a capture always looks for unpicked rows.

Beyond it, a capture looks only if a table has fewer rows than before.
"""


def described(database: Database, version: Version | None, rows: KnownRows) -> tuple[Unpicked, ...]:
    """Describe, per table, the rows that are no longer picked and their changes since `version`."""
    own = rows.unpicked
    changes = _changes(database, version, own)
    elsewhere = {
        (name, key): scenario
        for scenario, theirs in rows.elsewhere.items()
        for name, keys in theirs.keys.items()
        for key in keys
    }
    found = []
    for name in dict.fromkeys((*own.keys, *rows.following)):
        keys = sorted(own.keys.get(name, ()), key=by_key.number)
        lines = []
        for key in keys[:SHOWN]:
            change = changes.get((name, key))
            other = elsewhere.get((name, key))
            parts = [change or "unchanged itself"] if change is not None else []
            parts += [f"scenario {other} picks it now"] if other else []
            shown = one_line("/".join(part.decode("utf-8", "replace") for part in key))
            columns = "/".join(own.columns[name])
            lines.append(
                f"{columns}={shown}: {', '.join(parts)}" if parts else f"{columns}={shown}"
            )
        following = rows.following.get(name, 0)
        since = _since(database, version, own, name) if following else ""
        found.append(Unpicked(name, len(keys), tuple(lines), following, since))
    return tuple(found)


def edited(database: Database, version: Version, rows: Retained) -> dict[str, set[Key]]:
    """Return the keys of rows that differ from a version, by table."""
    found: dict[str, set[Key]] = {}
    for name, key, pair, old, new in _pairs(database, version, rows):
        if next(pair.changed(old, new), None) is not None:
            found.setdefault(name, set()).add(key)
    return found


def names(rows: Retained) -> Iterator[str]:
    """Yield the first rows of each table in the form that `--release` accepts."""
    for name, keys in rows.keys.items():
        for key in sorted(keys, key=by_key.number)[:SHOWN]:
            yield f"{name}/{one_line(released.plain(key))}"


def hanging(rows: Retained) -> str:
    """Return the refusal that rows would be deleted since they depend on rows brought back."""
    lines = []
    for name, keys in rows.keys.items():
        first = sorted(keys, key=by_key.number)[:SHOWN]
        shown = references.show_literals(first, len(keys))
        lines.append(
            f"{name}: {rows_of(len(keys))} in no revision would go, since the rows that they hang "
            f"on are brought back"
            f" ({'/'.join(rows.columns[name])}: {shown})"
        )
    return "\n".join(lines)


def ways(rows: Retained) -> str:
    """Return the hint how to release rows; empty without rows."""
    some = list(names(rows))
    if not some:
        return ""
    options = " ".join(f"--release {shlex.quote(one)}" for one in some[:SHOWN])
    more = " …" if sum(rows.counts().values()) > min(len(some), SHOWN) else ""
    it = "it is a real row" if len(some) == 1 else "they are real rows"
    return (
        f"{options}{more} (with alembic: -x demosnap.release=TABLE/KEY,…) lets go, and {it} from"
        " now on"
    )


def pointing(
    database: Database, leaving: Mapping[str, str], rows: Retained, resettable: str | None
) -> Iterator[str]:
    """Yield a note per reference from left rows to rows that a move deletes, with a way on.

    `resettable` is the scenario whose reset brings the rows back; None: they are of another
    version.
    """
    for name, key in references.references_to(database.tables, leaving):
        if not rows.keys.get(name):
            continue
        table = database.tables[name]
        points = referencing(database.dialect, table, key, leaving[key.table])
        where = f"({rows.predicate(database, name)}) AND {points}"
        if count := database.count(database.dialect.quote_table(name), where):
            shown = ", ".join(names(Retained({name: rows.keys[name]}, rows.columns)))
            them, are = ("it", "is") if count == 1 else ("them", "are")
            way = f"an upgrade or downgrade, with --discard, to a version that has {them}"
            if resettable is not None:
                way = f"`demosnap reset {resettable} --discard`"
            yield (
                f"{count} of these came with a version and {are} no longer picked ({shown}):"
                f" {way} brings {them} back first"
            )


def left_by_capture(
    database: Database,
    selection: Selection,
    parent: Version,
    rows: Mapping[str, int],
    owners: known_rows.Owners,
) -> Iterator[str]:
    """Yield a note if a capture leaves out existing rows of the loaded version `parent`.

    `selection` is the one captured, and `rows` its number of rows by table.
    """
    fewer = any(rows.get(name, 0) < count for name, count in parent.rows.items())
    if not fewer and parent.total > _MOST_COMPARED:
        return
    picked = picking.predicates(database, selection)
    let_go = released.released(database, parent.scenario, picked)
    skipped = released.skipped(database, parent, let_go)
    found = known_rows.find(database, [selection], NOTHING, parent, None, owners, skipped)
    if found.counts():
        yield (
            f"{line(described(database, parent, found))}\n{parent.version} has them; they are not "
            f"captured, and are real rows from now on"
        )


def _changes(
    database: Database, version: Version | None, rows: Retained
) -> dict[tuple[str, Key], str]:
    """Return the changes of the first rows of each table since a version, by table and key."""
    if version is None or not rows:
        return {}
    first = {
        name: frozenset(sorted(keys, key=by_key.number)[:SHOWN]) for name, keys in rows.keys.items()
    }
    return {
        (name, key): ", ".join(
            part for cell in pair.cells_of(old, new) if cell.old is not None for part in _cell(cell)
        )
        for name, key, pair, old, new in _pairs(database, version, Retained(first, rows.columns))
    }


def _pairs(
    database: Database, version: Version, rows: Retained
) -> Iterator[tuple[str, Key, TablePair, bytes, bytes]]:
    """Yield rows as the version has them and as the database has them."""
    dialect, database = database.dialect, database.compared()
    snapshot = OpenSnapshot(version, database)
    if compatibility.unfit(database.tables, snapshot.header.tables):
        return
    for table, lines in zip(snapshot.tables, snapshot.blocks(checked=False), strict=True):
        wanted = rows.keys.get(table.name, frozenset())
        if not wanted or rows.columns[table.name] != table.key:
            continue
        was = {key: row for row in lines if (key := key_of(table, row)) in wanted}
        live = arranged(database.tables[table.name], table)
        pair = TablePair(table, live, dialect, dialect, by_value=snapshot.foreign)
        for where in by_key.key_predicates(dialect, live.key_columns, was):
            for row in dialect.read_rows(database.connection, live, where):
                if (key := key_of(table, row)) in was:
                    yield table.name, key, pair, was[key], row


def _cell(cell: Cell) -> Iterator[str]:
    for path in cell.paths:
        yield f"{cell.column} {path.path} {_side(path.old)} → {_side(path.new)}"
    if not cell.paths:
        yield f"{cell.column} {_side(_text(cell.old))} → {_side(_text(cell.new))}"


def _text(literal: bytes | None) -> str | None:
    return None if literal is None else literal.decode("utf-8", "replace")


def _side(text: str | None) -> str:
    return "nothing" if text is None else shortened(one_line(text), _LONGEST)


def _since(database: Database, version: Version | None, own: Retained, name: str) -> str:
    """Describe the unpicked rows that the rows of a table depend on."""
    rules = version.selection.rules if version else {}
    more_keys = version.selection.foreign_keys if version else {}
    tables = logical_keys.joined(database.tables, more_keys)
    ahead = [*rule_trees.read_tables(tables, rules, name)]
    seen = {name}
    while ahead:
        name = ahead.pop(0)
        if name in seen or name not in tables:
            continue
        seen.add(name)
        if keys := sorted(own.keys.get(name, ()), key=by_key.number):
            shown = ", ".join(released.plain(key) for key in keys[:3])
            more = ", …" if len(keys) > 3 else ""
            return f"{name} {shown}{more} {'is' if len(keys) == 1 else 'are'} no longer picked"
        ahead += rule_trees.read_tables(tables, rules, name)
    return "rows that they hang on are no longer picked"


def line(found: Sequence[Unpicked]) -> str:
    """Describe the unpicked rows of all tables, one line each."""
    return "\n".join(one.text for one in found)
