"""Find uncaptured rows that reference demo rows, which prevent a purge of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from demosnap.capture.told import Told
from demosnap.compare import attached
from demosnap.compare.scenario_rows import ScenarioRows
from demosnap.config import Settings
from demosnap.database.row_set import RowSet
from demosnap.results import Attached


def notes(
    settings: Settings,
    scenario: str,
    picked: RowSet,
    new: Told,
    most_rows: int | None = None,
    ignored: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Yield a note if unpicked rows reference picked rows, so that a purge would be refused.

    Selected tables of more than `most_rows` rows (None: no limit) are skipped, since the check
    would read all of their rows. What is not `new` is left out. `ignored` are the predicates of
    rows that no snapshot has.
    """
    hidden = attached.unreadable(picked.database, picked)
    if hidden := [name for name in hidden if new("unreadable", name)]:
        yield (
            f"this role may not read {', '.join(hidden)}, which can reference demo rows;"
            " its rows were not checked, and demo rows stay until they can be"
        )
    own = ScenarioRows(scenario, picked, ignored=ignored or {})
    found = [
        one
        for one in attached.find(settings, own, most_rows)
        if new("attached", one.table, ", ".join(one.columns), one.references)
    ]
    if not found:
        return
    by_parent: dict[str, list[str]] = {}
    for one in found:
        text = f"{one.table} {one.rows} by {', '.join(one.columns)}"
        by_parent.setdefault(one.references, []).append(text)
    lines = [
        "rows that are not captured reference demo rows, which cannot go as long as these rows do"
    ]
    lines += [f"  {parent}: from {', '.join(texts)}" for parent, texts in by_parent.items()]
    lines += _ways(found)
    yield "\n".join(lines)


def _ways(found: Sequence[Attached]) -> Iterator[str]:
    """Yield what to do if the rows are demo data, with lines to paste into demosnap.yaml."""
    by_table: dict[str, list[Attached]] = {}
    for one in found:
        by_table.setdefault(one.table, []).append(one)
    firsts = [(first, others) for first, *others in by_table.values()]
    if any(first.rule and not first.captured for first, _ in firsts):
        yield "if they are demo data, add under `tables:` in demosnap.yaml:"
        for first, others in firsts:
            if first.rule and not first.captured:
                comment = "".join(f"  # or {attached.via(one.columns)}" for one in others[:1])
                yield f"  {first.rule}{comment}"
    if excluded := [first.table for first, _ in firsts if first.excluded]:
        yield (
            f"{', '.join(excluded)}: under `exclude:`; if they are demo data, give it a rule under"
            " `tables:` instead"
        )
    # The last line of a table has the keys of all.
    already = {
        name: next((one for one in reversed(some) if one.rule), some[0])
        for name, some in by_table.items()
        if some[0].captured
    }
    if already:
        yield (
            f"{', '.join(already)}: already captured, but not these rows; if they are demo data,"
            " mark them, or change the rule"
        )
        yield from (f"  {one.rule}" for one in already.values() if one.rule)
