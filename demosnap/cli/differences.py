"""Differences as text, as JSON and as totals: line by line, so that any number of rows streams."""

from __future__ import annotations

import itertools
import json
import math
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from demosnap.cli import screen
from demosnap.rows.canonical import split
from demosnap.snapshot.diff import KINDS, Cell, Kind, RowDifference, TablePair
from demosnap.snapshot.json_diff import PathChange
from demosnap.visible import one_line

SIGNS: dict[Kind, str] = {"added": "+", "removed": "-", "modified": "~", "unpicked": "!"}
COLOURS: dict[Kind, str] = {
    "added": "green",
    "removed": "red",
    "modified": "yellow",
    "unpicked": "magenta",
}
WORDS: dict[Kind, str] = {"unpicked": "no longer picked"}

Tables = Iterable[tuple[TablePair, Iterable[RowDifference]]]

_AROUND = 12


def width() -> int:
    """Return the width of the terminal, or 80 without a terminal."""
    return shutil.get_terminal_size((80, 24)).columns


class Totals:
    """The numbers of differing rows of each table, counted while rows stream."""

    def __init__(self) -> None:
        self.tables: dict[str, Counter[Kind]] = {}

    def counting(self, name: str, rows: Iterable[RowDifference]) -> Iterator[RowDifference]:
        """Yield rows and count them."""
        for row in rows:
            self.tables.setdefault(name, Counter())[row.kind] += 1
            yield row

    def __bool__(self) -> bool:
        return bool(self.tables)


# ---------------------------------------------------------------------- text


def text(tables: Tables, totals: Totals, *, whole: bool = False) -> Iterator[str]:
    """Yield the lines that show the differences; with `whole`, values are never shortened."""
    room = 1_000_000 if whole else width()
    for pair, rows in tables:
        heading = [screen.style(one_line(pair.name), bold=True), *_notes(pair)]
        said = len(heading) > 1
        if said:
            yield from heading
        for difference, same in itertools.groupby(totals.counting(pair.name, rows)):
            if not said:
                yield from heading
                said = True
            yield from _row(pair, difference, sum(1 for _ in same), room)
    if totals:
        yield summary(totals)


def _notes(pair: TablePair) -> Iterator[str]:
    if pair.old is None:
        yield "  the table is new"
    if pair.new is None:
        yield "  the table is gone"
    for names, what in ((pair.columns_added, "new"), (pair.columns_removed, "gone")):
        if names:
            noun = "column" if len(names) == 1 else "columns"
            yield f"  {what}: {noun} {one_line(', '.join(names))}"


def _row(pair: TablePair, difference: RowDifference, count: int, room: int) -> Iterator[str]:
    sign, colour = SIGNS[difference.kind], COLOURS[difference.kind]
    key = _key(pair, difference)
    if difference.kind in ("modified", "unpicked"):
        said = f" ({WORDS[difference.kind]})" if difference.kind in WORDS else ""
        yield screen.style(f"  {sign} {key}{said}", fg=colour)
        for cell in pair.cells(difference):
            yield from _cell(cell, room)
        return
    line = "  ".join(
        part for part in (f"  {sign} {key}".rstrip(), _values(pair, difference)) if part
    )
    times = f" ×{count}" if count > 1 else ""
    yield screen.style(_short(line, room - len(times)) + times, fg=colour)


def _key(pair: TablePair, difference: RowDifference) -> str:
    if not pair.keyed:
        return ""
    row = difference.new if difference.new is not None else difference.old
    literals = split(row or b"")
    return ", ".join(
        f"{one_line(name)}={_printable(literal)}"
        for name, literal in zip(pair.table.key, literals, strict=False)
    )


def _values(pair: TablePair, difference: RowDifference) -> str:
    row, columns = difference.new, pair.new_columns
    if row is None:
        row, columns = difference.old, pair.old_columns
    named = zip(columns, split(row or b""), strict=True)
    return ", ".join(
        f"{one_line(column.name)}={_printable(literal)}"
        for column, literal in named
        if literal != b"NULL" and not (pair.keyed and column.name in pair.table.key)
    )


def _cell(cell: Cell, room: int) -> Iterator[str]:
    start = f"      {one_line(cell.column)}"
    if not cell.paths:
        old = None if cell.old is None else _printable(cell.old)
        new = None if cell.new is None else _printable(cell.new)
        yield f"{start}: {_change(old, new, room - len(start) - 2)}"
    for path in cell.paths:
        place = f"{start} {_printable(path.path.encode())}: "
        yield place + _change(_escaped(path.old), _escaped(path.new), room - len(place))


def _change(old: str | None, new: str | None, room: int) -> str:
    if old is None or new is None:
        shown = _short((old if new is None else new) or "", max(room - 2, 20))
        kind: Kind = "removed" if new is None else "added"
        return screen.style(f"{SIGNS[kind]} {shown}", fg=COLOURS[kind])
    each = max((room - 3) // 2, 20)
    if len(old) + len(new) + 3 > room:
        old, new = _around(old, new, each), _around(new, old, each)
    return screen.style(old, fg="red") + " → " + screen.style(new, fg="green")


def _around(value: str, other: str, room: int) -> str:
    """Shorten a value to the text around the first place where the other value differs."""
    if len(value) <= room:
        return value
    pairs = enumerate(zip(value, other, strict=False))
    at = next((i for i, (one, two) in pairs if one != two), min(len(value), len(other)))
    start = max(0, min(at - _AROUND, len(value) - room + 1))
    return ("…" if start else "") + _short(value[start:], room - 1)


def _short(value: str, room: int) -> str:
    return value if len(value) <= room else value[: max(room - 1, 0)] + "…"


def _printable(literal: bytes) -> str:
    return _escaped(literal.decode("utf-8", "replace")) or ""


def _escaped(value: str | None) -> str | None:
    return None if value is None else one_line(value)


def summary(totals: Totals) -> str:
    """Render the sum of all tables in one line."""
    sums: Counter[Kind] = sum(totals.tables.values(), Counter())
    what = "1 table" if len(totals.tables) == 1 else f"{len(totals.tables)} tables"
    counted = ", ".join(f"{sums[kind]:,} {WORDS.get(kind, kind)}" for kind in KINDS if sums[kind])
    return f"{what}: {counted}"


def stat(totals: Totals) -> Iterator[str]:
    """Yield one line for each table, with its rows as a bar like git's."""
    longest = max((len(one_line(name)) for name in totals.tables), default=0)
    most = max((counts.total() for counts in totals.tables.values()), default=0)
    digits = len(f"{most:,}")
    room = max(width() - longest - digits - 5, 10)
    for name, counts in totals.tables.items():
        scale = min(1.0, room / most)
        bar = "".join(
            screen.style(SIGNS[kind] * math.ceil(counts[kind] * scale), fg=COLOURS[kind])
            for kind in KINDS
        )
        yield f" {one_line(name):<{longest}} | {counts.total():>{digits},} {bar}"
    if totals:
        yield f" {summary(totals)}"


# ---------------------------------------------------------------------- JSON


def as_json(
    head: Mapping[str, Any], tables: Tables, totals: Totals, *, rows_too: bool
) -> Iterator[str]:
    """Yield the pieces of one JSON object; `shapes` describes it."""
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "tables": ['
    comma = "\n"
    for pair, rows in tables:
        counted = totals.counting(pair.name, rows)
        first = next(counted, None)
        if first is None and pair.old and pair.new and not _changed_columns(pair):
            continue
        fields = {
            "table": pair.name,
            "in_from": pair.old is not None,
            "in_to": pair.new is not None,
            "columns_added": pair.columns_added,
            "columns_removed": pair.columns_removed,
        }
        yield comma + json.dumps(fields, ensure_ascii=False)[:-1]
        comma = ",\n"
        found = itertools.chain([first] if first else [], counted)
        if rows_too:
            yield ', "rows": ['
            before = "\n "
            for difference in found:
                yield before + json.dumps(_row_shape(pair, difference), ensure_ascii=False)
                before = ",\n "
            yield "]"
        else:
            for _ in found:
                pass
        counts = totals.tables.get(pair.name, Counter[Kind]())
        yield ", " + json.dumps({kind: counts[kind] for kind in KINDS})[1:]
    yield "]}\n"


def _changed_columns(pair: TablePair) -> bool:
    return bool(pair.columns_added or pair.columns_removed)


def _row_shape(pair: TablePair, difference: RowDifference) -> dict[str, Any]:
    old = _shape_of(pair.old_columns, difference.old, pair.decode_old)
    new = _shape_of(pair.new_columns, difference.new, pair.decode_new)
    values = new if new is not None else old or {}
    found: dict[str, Any] = {
        "kind": difference.kind,
        "key": {name: values[name] for name in pair.table.key} if pair.keyed else None,
        "old": old,
        "new": new,
    }
    if difference.kind in ("modified", "unpicked"):
        found["cells"] = [_cell_shape(pair, cell) for cell in pair.cells(difference)]
    return found


def _shape_of(columns: Sequence[Any], row: bytes | None, decode: Any) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        column.name: _value(decode(column.name, literal))
        for column, literal in zip(columns, split(row), strict=True)
    }


def _cell_shape(pair: TablePair, cell: Cell) -> dict[str, Any]:
    old, new = pair.values_of(cell)
    found: dict[str, Any] = {"column": cell.column}
    if cell.old is not None:
        found["old"] = _value(old)
    if cell.new is not None:
        found["new"] = _value(new)
    found["paths"] = [_path_shape(path) for path in cell.paths]
    return found


def _path_shape(path: PathChange) -> dict[str, Any]:
    sides = (("old", path.old), ("new", path.new))
    return {"path": path.path, **{name: json.loads(t) for name, t in sides if t is not None}}


def _value(value: object) -> Any:
    """Return a value for JSON: bytes as hex, and numbers that JSON lacks as text."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, Decimal) or (isinstance(value, float) and not math.isfinite(value)):
        return str(value)
    return value
