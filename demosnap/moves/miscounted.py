"""Name the missing and excess rows if a selection picks other rows than were loaded."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from demosnap.database import by_key, picking, references
from demosnap.database.live import Database
from demosnap.database.opened import OpenSnapshot
from demosnap.database.verify import MiscountedError
from demosnap.errors import VerificationError
from demosnap.model import Key, Table
from demosnap.rows.canonical import key_of
from demosnap.visible import rows as rows_of

_SHOWN = 5
_LONGEST = 300


def explained(
    database: Database,
    error: MiscountedError,
    snapshot: OpenSnapshot | None,
    kept: Mapping[str, Collection[Key]],
) -> VerificationError:
    """Return an error that names the rows; `snapshot` is the loaded one, None without a load.

    `kept` are the keys of retained rows, by table.
    """
    lines = []
    for name, line in error.wrong.items():
        table = database.tables[name]
        stays = frozenset(kept.get(name, ()))
        if snapshot is not None and name in snapshot.version.rows:
            table = next(one for one in snapshot.tables if one.name == name)
        wanted = set(_loaded(snapshot, name)) - stays
        lines += [line, *_named(database, table, error.predicates[name], wanted, stays)]
    return VerificationError("\n".join(lines), _HINT)


_HINT = (
    "A trigger acted, or the rule that picks these rows reads rows that no load inserts:\n"
    "change the rule in demosnap.yaml and capture again, or set `triggers: disable`."
)


def _loaded(snapshot: OpenSnapshot | None, name: str) -> Iterator[Key]:
    if snapshot is None or name not in snapshot.version.rows:
        return
    for table, rows in zip(snapshot.tables, snapshot.blocks(checked=False), strict=True):
        for row in rows:
            if table.name == name:
                yield key_of(table, row)


def _named(
    database: Database, table: Table, predicate: str, wanted: set[Key], stays: frozenset[Key]
) -> Iterator[str]:
    connection = database.connection
    if not table.key:
        return
    live = replace(database.tables[table.name], key=table.key)
    picked = set(database.keys(live, predicate)) - stays
    missing = sorted(wanted - picked)
    there: set[Key] = set()
    for some in by_key.batches(missing):
        there.update(references.matching(database, live, table.key, some))
    kinds = {
        "{be} present but not picked": sorted(there),
        "of the snapshot {be} missing": [key for key in missing if key not in there],
        "{be} picked but not in the snapshot": sorted(picked - wanted),
    }
    for what, keys in kinds.items():
        if keys:
            shown = references.show_literals(keys[:_SHOWN], len(keys))
            be = "is" if len(keys) == 1 else "are"
            yield f"  {rows_of(len(keys))} {what.format(be=be)} ({', '.join(table.key)}: {shown})"
    text = picking.shown(connection, predicate)
    text = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    yield f"  picked is what {text}"
