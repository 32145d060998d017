"""Versions as text for people; nothing here prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from rich.text import Text

from demosnap import columns
from demosnap.cli import text_tables
from demosnap.cli.render import external_references, number, size, snapshot_path
from demosnap.visible import one_line

if TYPE_CHECKING:
    from demosnap.results import HistoryEntry

_WIDE = 110


def history(entries: Sequence[HistoryEntry], stream: TextIO) -> str:
    """Render versions as a table, in their order."""
    console = text_tables.console(stream)
    wide = console.width >= _WIDE
    if wide:
        table = text_tables.table("version", "", "message", "date", ">rows", ">size", "file")
    else:
        table = text_tables.table("version", "date", ">rows", ">size", "message and file")
    for entry in entries:
        version = entry.version
        name = Text(f"{version.scenario}@{version.short}", style="bold")
        place = Text(_place(entry.head, entry.current), style="green" if entry.current else "cyan")
        message = Text(" ".join(version.message.split()))
        file = Text(version.file, style="dim")
        middle = (Text(version.created_at[:10]), number(version.total), size(version.size))
        if wide:
            table.add(name, place, message, *middle, file)
        else:
            # Two lines for each version: seven columns do not fit into 80 characters.
            table.add(
                (name, place) if place else name, *middle, (message, file) if message else file
            )
    return text_tables.text(table, stream)


def _place(head: bool, current: bool | None) -> str:
    return ", ".join(word for word, holds in (("head", head), ("current", current)) if holds)


def details(entry: HistoryEntry) -> str:
    """Render all details of a version."""
    from demosnap.revisions.script import rule_text

    version = entry.version
    place = _place(entry.head, entry.current)
    fields = {
        "version": f"{version.scenario}@{version.version}" + (f" ({place})" if place else ""),
        "message": version.message,
        "revision": version.revision,
        "revises": version.down_revision or "base",
        "created at": version.created_at,
        "file": snapshot_path(version),
        "size": f"{size(version.size)} ({number(version.size)} bytes)",
        "format": f"{version.format} ({version.dialect})",
        "digest": version.digest,
        "application": ", ".join(
            f"{table} {stamp}" for table, stamp in version.application_revision.items()
        ),
    }
    lines = [f"{name + ':':<13}{one_line(value)}" for name, value in fields.items() if value]
    lines.append(f"{'rows:':<13}{number(version.total)}")
    width = max((len(one_line(name)) for name in version.rows), default=0)
    for name, count in version.rows.items():
        rule = version.selection.rules.get(name)
        picked = f"  {one_line(rule_text(rule))}" if rule else ""
        lines.append(f"  {one_line(name):<{width}} {number(count):>9}{picked}")
    lines.extend(
        f"{'column:':<13}{one_line(name)} ({treatment})"
        for name, treatment in columns.treatments(version.selection).items()
    )
    lines.extend(
        f"{'ignored:':<13}{one_line(name)}{f' where {one_line(where)}' if where != '1 = 1' else ''}"
        for name, where in version.selection.ignored.items()
    )
    lines.extend(external_references(version.external_references))
    return "\n".join(lines)
