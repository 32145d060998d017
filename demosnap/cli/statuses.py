"""The output of `status`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from demosnap.cli import screen
from demosnap.cli.render import number
from demosnap.results import StatusEntry, Unpicked
from demosnap.visible import one_line, paragraph, rows


def status(entries: Sequence[StatusEntry]) -> Iterator[str]:
    """Yield the loaded version of each scenario and the rows that differ, line by line."""
    for entry in entries:
        yield f"{screen.style(one_line(entry.scenario), bold=True)}: {_loaded(entry)}"
        for problem in entry.problems:
            yield screen.style("  " + paragraph(problem, "  "), fg="red")
        for one in entry.drift or ():
            yield screen.style(f"  {one_line(one.text)}", fg="yellow")
        for unpicked in entry.unpicked:
            yield from (f"    {one_line(row)}" for row in _unpicked(unpicked))
        for beside in entry.attached:
            yield screen.style(f"  {one_line(beside.text)}", fg="yellow")
            yield f"    ({one_line(beside.remedy)})"
        for rows_of, what in (
            (entry.released, "released, left alone by loads"),
            (entry.kept, "kept beside it, since other rows reference them"),
        ):
            if rows_of:
                counted = (f"{one_line(name)} {number(n)}" for name, n in rows_of.items())
                yield f"  {what}: {', '.join(counted)}"
    yield from _ways_on(entries)


def _ways_on(entries: Sequence[StatusEntry]) -> Iterator[str]:
    """Yield the commands that deal with rows that differ; each works in the state that is shown."""
    differing = [entry for entry in entries if entry.version and _resettable(entry)]
    if differing:
        name = differing[0].scenario if len(differing) == 1 else "SCENARIO"
        back = f"demosnap reset {name}"
        if any(_unpicked_here(entry) for entry in differing):
            back += " --discard"
        keep = f"demosnap revision {name}"
        kept = "keeps them as the next version"
        if all(entry.newer for entry in differing):
            keep, kept = f"{keep} --splice", "keeps them as a second head"
        yield f"(demosnap diff {name} shows the rows, {back} puts them back,"
        yield f" {keep} {kept})"
    if any(entry.left for entry in entries):
        yield "(an upgrade or downgrade to a version with the rows that are no longer picked"
        yield " brings them back with --discard, and lets them go with --release TABLE/KEY)"


def _unpicked_here(entry: StatusEntry) -> bool:
    """Return whether the loaded version has rows that are no longer picked."""
    return sum(one.count for one in entry.unpicked) > sum(entry.left.values())


def _resettable(entry: StatusEntry) -> bool:
    """Return whether a reset would change any row."""
    changed = any(one.added or one.removed or one.modified for one in entry.drift or ())
    return changed or _unpicked_here(entry)


def _unpicked(unpicked: Unpicked) -> Iterator[str]:
    """Yield the changes of rows that are no longer picked."""
    yield from (f"{unpicked.table} {row}" for row in unpicked.rows)
    if unpicked.count > len(unpicked.rows):
        yield "…"
    if unpicked.following:
        yield f"{unpicked.table}: {rows(unpicked.following)}, since {unpicked.since}"


def _loaded(entry: StatusEntry) -> str:
    if entry.version is None:
        if entry.revision is not None:
            return one_line(entry.revision)
        rows_there = sum(one.added for one in entry.drift or ())
        are = "is" if rows_there == 1 else "are"
        found = f", and {rows(rows_there)} {are} in no version" if rows_there else ""
        newest = f"; the latest is {entry.newer[-1].version}" if entry.newer else ""
        return f"nothing is loaded{found}{newest}"
    newer = f"; newer: {', '.join(v.version for v in entry.newer)}" if entry.newer else ""
    unchanged = ", unchanged" if entry.clean and not entry.undecided else ""
    return f"{entry.version.version}{unchanged}{newer}"
