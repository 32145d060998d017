"""Results as text for people: tables and sentences; nothing here prints.

Without a terminal, the text is that of a terminal of 80 columns ($COLUMNS) without colours, so that
a log reads like the screen.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from demosnap.cli import text_tables
from demosnap.config.names import shown
from demosnap.results import CapturePlan
from demosnap.visible import non_demo_rows, one_line, paragraph, rows

if TYPE_CHECKING:
    from demosnap.database.own_tables import LogEntry
    from demosnap.model import ExternalReference, Version
    from demosnap.results import (
        CurrentEntry,
        Finding,
        Move,
        MovePlan,
        Renumbering,
        RevisionResult,
        Target,
        Undoing,
    )


def target(target: Target) -> str:
    """Render the database and the source of its URL."""
    return f"Database: {one_line(target.url)} (from {one_line(target.source)})"


def plan(plan: MovePlan | CapturePlan, stream: TextIO) -> str:
    """Render a database and the planned changes."""
    if isinstance(plan, CapturePlan):
        # A capture is announced before it has read the database.
        return target(plan.target)
    acting = tuple(move for move in plan.moves if move.action != "none")
    body = plan_body(replace(plan, moves=acting), stream)
    return f"{target(plan.target)}\n{body}".rstrip("\n")


def acts(plan: MovePlan | CapturePlan) -> bool:
    """Whether the plan changes anything."""
    return isinstance(plan, CapturePlan) or any(move.action != "none" for move in plan.moves)


def plan_body(plan: MovePlan | CapturePlan, stream: TextIO) -> str:
    """Render the planned changes, without the database."""
    if isinstance(plan, CapturePlan):
        return _capture_body(plan, stream)
    parts = [part for move in plan.moves for part in _move(move, stream)]
    return "\n".join([*parts, *remarks(plan)])


def remarks(plan: MovePlan | CapturePlan, more: Sequence[str] = ()) -> list[str]:
    """Render the notes of a plan, and `more` notes, as one text each."""
    references = plan.new_references if isinstance(plan, CapturePlan) else ()
    way_back = () if isinstance(plan, CapturePlan) else filter(None, [plan.way_back])
    notes = ("note: " + paragraph(note, "  ") for note in (*plan.notes, *way_back, *more))
    return [*external_references(references), *notes]


def _capture_body(plan: CapturePlan, stream: TextIO) -> str:
    after = f" after {plan.parent.version}" if plan.parent else ", the first of its scenario"
    lines = [f"{plan.scenario}: {plan.version}{after}, {rows(sum(plan.rows.values()))} to capture"]
    if plan.rows:
        lines.append(_captured_rows(plan, stream))
    if plan.parent and plan.drift == ():
        lines.append(f"no row has changed since {plan.parent.version}")
    return "\n".join([*lines, *remarks(plan)])


def _captured_rows(plan: CapturePlan, stream: TextIO) -> str:
    """Render how many rows of each table are captured, and what has changed in them."""
    changes = {one.table: one for one in plan.drift or ()}
    kinds = ("added", "removed", "modified") if changes else ()
    table = text_tables.table("table", ">rows", *(f">{kind}" for kind in kinds))
    for name in dict.fromkeys((*plan.rows, *changes)):
        of = f" of {number(plan.of[name])}" if name in plan.of else ""
        counts = (getattr(changes[name], kind) if name in changes else 0 for kind in kinds)
        cells = (number(count) if count else "" for count in counts)
        table.add(Text(name), f"{number(plan.rows.get(name, 0))}{of}", *cells)
    return text_tables.text(table, stream)


def external_references(references: Iterable[ExternalReference]) -> Iterator[str]:
    """Render the external references of selected rows, by referenced table."""
    by_parent: dict[str, list[str]] = {}
    for one in references:
        columns = one_line(", ".join(one.columns))
        there = one_line(f"{one.references} ({', '.join(one.referred_columns)})")
        # One verb is enough for all references to the same table.
        refer = "" if there in by_parent else "refers " if one.rows == 1 else "refer "
        from_here = f"{rows(one.rows)} of {one_line(one.table)} {refer}by {columns}"
        if gone := len(one.dangling):
            values = "value has" if gone == 1 else "values have"
            from_here += f" ({number(gone)} {values} no referenced row)"
        by_parent.setdefault(there, []).append(from_here)
    for there, found in by_parent.items():
        yield f"note: {', '.join(found)} to {there}, which is not captured: a load needs those rows"


def _move(move: Move, stream: TextIO) -> Iterable[str]:
    current, goal = _long(move.current), _long(move.target)
    if move.action == "none":
        yield f"{move.scenario}: at {goal} already, nothing to do"
        return
    if move.action == "stamp":
        yield f"{move.scenario}: {current} → {goal}, only the stamp is set"
        return
    if move.action == "reset":
        yield f"{move.scenario}: back to {goal}"
        yield _changes(move, stream, ">to remove", ">to restore", ">to change back")
        yield from _others(move)
        return
    way = f"{goal} again" if move.current == move.target else f"{current} → {goal}"
    how = "by difference" if move.by_difference else "purge and load" if move.reason else ""
    yield f"{move.scenario}: {way}{', ' if how else ''}{how}{_because(move.reason)}"
    if move.by_difference:
        yield _changes(move, stream, ">to remove", ">to add", ">to modify")
    elif move.purge or move.load:
        yield _rows(move, stream)
    yield from _others(move)


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""


def _rows(move: Move, stream: TextIO) -> str:
    names = [*dict.fromkeys((*move.load, *reversed(list(move.purge))))]
    return _counts(stream, names, (move.purge, move.load), ">to purge", ">to load")


def _changes(move: Move, stream: TextIO, *titles: str) -> str:
    if not move.changes:
        return "  no row differs"
    names = [one.name for one in move.changes]
    return _counts(stream, names, (move.purge, move.load, move.change), *titles)


def _counts(
    stream: TextIO, names: Sequence[str], kinds: Sequence[Mapping[str, int]], *titles: str
) -> str:
    table = text_tables.table("table", *titles)
    for name in names:
        table.add(Text(name), *(number(counts.get(name, 0)) for counts in kinds))
    if len(names) > 1:
        table.add_section()
        table.add("total", *(number(sum(counts.values())) for counts in kinds))
    return text_tables.text(table, stream)


def _others(move: Move) -> Iterator[str]:
    """Yield the effects on other rows: non-demo rows that go or change, rows that stay."""
    stay = ("stays, since other rows need it", "stay, since other rows need them")
    for counts, told, (one, several), option in (
        (move.also, non_demo_rows, ("goes too", "go too"), "--cascade"),
        (move.nulled, non_demo_rows, ("loses its reference", "lose their reference"), "--cascade"),
        (move.kept, rows, stay, "--keep-referenced"),
        (move.released, rows, ("is left alone", "are left alone"), "--release"),
    ):
        for name, count in counts.items():
            yield f"{told(count)} of {one_line(name)} {one if count == 1 else several} ({option})"


def done(plan: MovePlan) -> list[str]:
    """Render the changes that were made, one line for each scenario."""
    return [f"{move.scenario}: {_done(move)}" for move in plan.moves]


def _done(move: Move) -> str:
    current, goal = _short(move.current), _short(move.target)
    if move.action == "none":
        return f"already at {goal}"
    if move.action == "stamp":
        return f"stamped {goal}"
    if move.action == "reset":
        return f"back to {goal}, {_sums(move, 'removed', 'restored', 'changed back')}"
    if move.action == "purge":
        way = goal if move.current is None else f"{current} → {goal}"
        beside = f", {rows(stay)} kept" if (stay := sum(move.kept.values())) else ""
        return f"{way}, {rows(sum(move.purge.values()))} purged{beside}"
    way = f"{goal} again" if move.current == move.target else f"{current} → {goal}"
    if move.by_difference:
        return f"{way}, {_sums(move, 'removed', 'added', 'modified')}"
    return f"{way}, {rows(sum(move.load.values()))} loaded"


def _sums(move: Move, *kinds: str) -> str:
    counts = (*(sum(of.values()) for of in (move.purge, move.load, move.change)),)
    said = [f"{rows(count)} {kind}" for kind, count in zip(kinds, counts, strict=True) if count]
    if stay := sum(move.kept.values()):
        said.append(f"{rows(stay)} kept")
    return ", ".join(said) or "no row differs"


def revision(result: RevisionResult) -> list[str]:
    """Render the result of a capture."""
    version = result.version
    if version is None:
        return []
    if not result.created:
        stamped = "; the database is now stamped with it" if result.stamped else ""
        return [f"{version.scenario}: no changes since {version.short}{stamped}"]
    lines = [
        f"{version.scenario}: {version.version}, {rows(version.total)} captured "
        f"({size(version.size)})"
    ]
    return [*lines, *_changed_files(result.files, ignored=result.ignored)]


def undoing(result: Undoing, *, dry_run: bool) -> list[str]:
    """Render a capture that is taken back, and the changed files."""
    version, parent = result.version, result.parent
    stay = f"changes since {parent.short}" if parent else "in no version"
    done = "would be undone" if dry_run else "undone"
    head = (
        f"{version.scenario}: {version.version} {done}, the stamp is {_short(parent)}; the rows"
        f" stay, {stay}"
    )
    gone = [f"{'would remove' if dry_run else 'removed'} {one_line(f)}" for f in result.removed]
    return [head, *gone, *_changed_files(result.written)]


def renumbering(result: Renumbering) -> list[str]:
    """Render the renumbered versions, and the changed files."""
    lines = []
    before = result.after
    for old, new in result.versions:
        lines.append(
            f"{result.scenario}: {old.version} ({old.revision}) becomes {new.version}"
            f" ({new.revision}), after {before.version}"
        )
        before = new
    return [*lines, *_changed_files(result.written, result.removed, result.ignored)]


def _changed_files(
    written: Sequence[str], removed: Sequence[str] = (), ignored: Sequence[str] = ()
) -> Iterator[str]:
    yield from (f"wrote {one_line(file)}" for file in written)
    yield from (f"removed {one_line(file)}" for file in removed)
    if ignored:
        # Given a folder, git would silently leave out the files that it ignores there.
        yield f"git add --force {one_line(shlex.join(written))}"
        return
    folders = dict.fromkeys(str(Path(file).parent) for file in written)
    if folders:
        yield f"git add {one_line(shlex.join(folders))}"


def snapshot_path(version: Version, files: Sequence[str] = ()) -> str:
    """Render the path of a version's snapshot, as written in `files` if it is one of them."""
    for file in files:
        if Path(file).name == version.file:
            return file
    return shown(Path(version.folder) / version.file)


def current(entries: Sequence[CurrentEntry], stream: TextIO) -> str:
    """Render the versions in the database, one line for each stamp."""
    table = text_tables.table("scenario", "version", ">rows", "")
    for entry in entries:
        count = "?" if entry.rows is None else number(sum(entry.rows.values()))
        if entry.version is None:
            said = Text("no script for this revision here", style="yellow")
            table.add(Text(entry.scenario), Text(entry.revision), count, said)
            continue
        said = Text("head" if entry.head else "", style="cyan")
        left_out = entry.left_out
        wanted = {name: n - left_out.get(name, 0) for name, n in entry.version.rows.items()}
        expected = {name: n for name, n in wanted.items() if n}
        if entry.rows is not None and {t: n for t, n in entry.rows.items() if n} != expected:
            but = f", {number(sum(left_out.values()))} of them left out" if left_out else ""
            said = Text(f"the snapshot has {rows(entry.version.total)}{but}", style="yellow")
            if sum(entry.rows.values()) == sum(expected.values()):
                said = Text("the snapshot has other counts per table", style="yellow")
        table.add(Text(entry.scenario), Text(entry.version.version), count, said)
    return text_tables.text(table, stream)


def log(entries: Sequence[LogEntry], stream: TextIO) -> str:
    """Render the log entries, one line each."""
    table = text_tables.table("when (UTC)", "what", "scenario", "version", ">rows", "who")
    for entry in entries:
        when = entry.logged_at.replace("T", " ").replace("Z", "")
        version = Text(_logged(entry))
        who = Text(f"{entry.os_user}@{entry.host}", style="dim")
        count = number(sum(entry.rows.values()))
        table.add(when, entry.operation, Text(entry.scenario), version, count, who)
    return text_tables.text(table, stream)


def _logged(entry: LogEntry) -> str:
    """Render an entry's version and the one before; an id without a script."""

    def name(revision: str | None, version: str | None) -> str:
        return version.partition("_")[0] if version else revision or "base"

    goal = name(entry.revision, entry.version)
    stays = entry.was == entry.revision or entry.operation == "rehearse" or entry.was is None
    return goal if stays else f"{name(entry.was, entry.was_version)} → {goal}"


def finding(finding: Finding) -> str:
    """Render a finding as `file:line: message`, its hint indented below."""
    place = ""
    if finding.file is not None:
        file = one_line(finding.file)
        place = f"{file}: " if finding.line is None else f"{file}:{finding.line}: "
    hint = f"\n  {paragraph(finding.hint, '  ')}" if finding.hint else ""
    return f"{place}{paragraph(finding.message)}{hint}"


def number(value: int) -> str:
    """Render a number with commas between the thousands."""
    return f"{value:,}"


def size(bytes_: int) -> str:
    """Render a size in bytes as `812 B`, `152 kB`, `1.4 MB`."""
    value = float(bytes_)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5 or unit == "GB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit in ("B", "kB") or value >= 99.5 else f"{value:.1f} {unit}"


def _short(version: Version | None) -> str:
    return version.short if version else "base"


def _long(version: Version | None) -> str:
    return version.version if version else "base"
