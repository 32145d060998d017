"""Fills the application's tables from the YAML files in `data/`: the same rows on every run,
with fixed ids and fixed timestamps.

All functions work in the caller's transaction and leave the commit to the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from sqlalchemy import Connection, Table, bindparam, func, select

from demosnap.example.tables import (
    chat_sessions,
    contacts,
    fragments,
    metadata,
    projects,
    todos,
    vaults,
)

# A row of a table by column name, or an entry of a YAML file.
Row = dict[str, Any]

VERSIONS = {"general": (1, 2), "writer": (1,), "developer": (1,)}

_SECTIONS = ("vaults", "projects", "todos", "contacts", "chat_sessions")
_TIME_PER_MESSAGE = timedelta(minutes=4)


def seed(connection: Connection, scenario: str = "general", version: int = 1) -> None:
    """Insert a scenario's demo rows; where they are there already, bring them to `version`.

    `scenario` is "general", "writer" or "developer"; only general has a version 2. No row is
    ever deleted.

    Raises:
        ValueError: there is no such scenario or version.
        sqlalchemy.exc.IntegrityError: a row that is not the scenario's holds one of its ids.
    """
    if version not in VERSIONS.get(scenario, ()):
        raise ValueError(f"no version {version} of a scenario {scenario!r}: there is {VERSIONS}")
    for table, rows in _demo_rows(scenario, version).items():
        _put(connection, table, rows)
    _advance_sequences(connection)


def seed_own_rows(connection: Connection) -> None:
    """Insert rows that are the user's own: not marked, with ids between those of the demo rows.

    Raises:
        sqlalchemy.exc.IntegrityError: they are there already.
    """
    content = _content("own")
    for table in metadata.sorted_tables:
        rows = [
            {column.name: row.get(column.name) for column in table.c} for row in content[table.name]
        ]
        connection.execute(table.insert(), rows)
    _advance_sequences(connection)


def edit(connection: Connection) -> None:
    """Change general's demo rows like a user of the application.

    A todo is done, a todo is added under the next ids that the database gives, and a chat
    session is deleted. Seed the user's own rows first: one of them keeps the next id clear of
    every scenario's.

    Raises:
        LookupError: general is not seeded.
    """
    changes = _content("general")["edit"]
    at = changes["at"]
    todo = connection.execute(
        select(todos).where(todos.c.id == changes["finish_todo"])
    ).one_or_none()
    if todo is None:
        raise LookupError("there are no demo rows to edit: seed scenario general first")

    done = {**todo.state, "status": "done", "done_at": at.date().isoformat()}
    connection.execute(todos.update().where(todos.c.id == todo.id).values(state=done))
    connection.execute(
        fragments.update()
        .where(fragments.c.id == todo.fragment_id)
        .values(state=done, updated_at=at)
    )

    fragment_row, todo_row = _todo_rows({"at": at, **changes["add_todo"]}, "general")
    del fragment_row["id"], todo_row["id"]
    new_key = connection.execute(fragments.insert().values(fragment_row)).inserted_primary_key
    assert new_key is not None  # one row was inserted
    todo_row["fragment_id"] = new_key[0]
    connection.execute(todos.insert().values(todo_row))

    connection.execute(
        chat_sessions.delete().where(chat_sessions.c.id == changes["delete_chat_session"])
    )


@cache
def _content(name: str) -> dict[str, Any]:
    """Read a YAML file. It is read once: callers may not change the result."""
    file = files("demosnap.example") / "data" / f"{name}.yaml"
    # PyYAML has the C loader only where it was built with libyaml; it is ten times as fast.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), Loader=loader)
    return content


def _entries(scenario: str, version: int) -> dict[str, list[Row]]:
    """List a scenario's entries per section, later versions laid over the first."""
    content = _content(scenario)
    layers = [content] + [content[f"version_{later}"] for later in range(2, version + 1)]
    merged: dict[str, list[Row]] = {}
    for section in _SECTIONS:
        by_id: dict[int, Row] = {}
        for layer in layers:
            for entry in layer.get(section, ()):
                by_id[entry["id"]] = {**by_id.get(entry["id"], {}), **entry}
        merged[section] = list(by_id.values())
    return merged


def _demo_rows(scenario: str, version: int) -> dict[Table, list[Row]]:
    """Assemble a scenario's rows per table, in an order that foreign keys allow."""
    entries = _entries(scenario, version)
    todo_pairs = [_todo_rows(entry, scenario) for entry in entries["todos"]]
    contact_pairs = [_contact_rows(entry, scenario) for entry in entries["contacts"]]
    chats = [_chat_rows(entry, scenario) for entry in entries["chat_sessions"]]
    return {
        vaults: [_vault_row(entry, scenario) for entry in entries["vaults"]],
        projects: [_project_row(entry, scenario) for entry in entries["projects"]],
        fragments: [
            *(fragment for fragment, _ in todo_pairs),
            *(fragment for fragment, _ in contact_pairs),
            *(message for messages, _ in chats for message in messages),
        ],
        todos: [todo for _, todo in todo_pairs],
        contacts: [contact for _, contact in contact_pairs],
        chat_sessions: [session for _, session in chats],
    }


def _marker(scenario: str, category: str | None = None) -> Row:
    """Build the metadata that makes a row a demo row; only fragments have a category."""
    if category is None:
        return {"demo_seed": True, "scenario": scenario}
    return {"demo_seed": True, "demo_category": category, "scenario": scenario}


def _timestamps(entry: Row) -> Row:
    return {"created_at": entry["at"], "updated_at": entry.get("changed_at", entry["at"])}


def _vault_row(entry: Row, scenario: str) -> Row:
    copied = {name: entry[name] for name in ("id", "name", "slug", "description")}
    return {**copied, "metadata": _marker(scenario), **_timestamps(entry)}


def _project_row(entry: Row, scenario: str) -> Row:
    copied = {name: entry[name] for name in ("id", "name", "description", "status", "vault_id")}
    return {**copied, "metadata": _marker(scenario), **_timestamps(entry)}


def _todo_rows(entry: Row, scenario: str) -> tuple[Row, Row]:
    """Assemble a todo's fragment and the todo; without ids they are the database's to give."""
    fragment = _fragment_row(
        entry,
        scenario,
        "todo",
        title=entry["title"],
        message=entry.get("message", f"TODO: {entry['title']}"),
        state=entry["state"],
        relationships=[
            {"type": "mentions", "contact_id": contact} for contact in entry.get("mentions", ())
        ],
    )
    todo = {
        "id": entry.get("id"),
        "fragment_id": entry.get("fragment"),
        "title": entry["title"],
        "state": entry["state"],
    }
    return fragment, todo


def _contact_rows(entry: Row, scenario: str) -> tuple[Row, Row]:
    """Assemble the fragment that describes a contact, and the contact."""
    fragment = _fragment_row(
        entry,
        scenario,
        "contact",
        title=entry["name"],
        message=entry["note"],
        relationships=[{"type": "describes", "contact_id": entry["id"]}],
    )
    copied = {name: entry[name] for name in ("id", "name", "role", "company", "email", "phone")}
    return fragment, {**copied, "metadata": _marker(scenario), **_timestamps(entry)}


def _chat_rows(entry: Row, scenario: str) -> tuple[list[Row], Row]:
    """Assemble the messages that are fragments, and the session that holds or names them all."""
    message_fragments = []
    messages = []
    at: datetime = entry["at"]
    for position, message in enumerate(entry["messages"]):
        at = entry["at"] + position * _TIME_PER_MESSAGE
        said = {"role": message["role"], "timestamp": at.isoformat(sep=" ")}
        if "fragment" in message:
            messages.append({"fragment_id": message["fragment"], **said})
            message_fragments.append(
                _fragment_row(
                    {
                        "fragment": message["fragment"],
                        "at": at,
                        "vault": entry["vault"],
                        "project": entry.get("project"),
                        "tags": ["chat"],
                    },
                    scenario,
                    "chat_message",
                    message=message["content"],
                    state={"role": message["role"]},
                )
            )
        else:
            messages.append({"content": message["content"], **said})
    session = {
        "id": entry["id"],
        "title": entry["title"],
        "messages": messages,
        "message_count": len(messages),
        "last_activity_at": at,
        "metadata": _marker(scenario),
        **_timestamps({"changed_at": at, **entry}),
    }
    return message_fragments, session


def _fragment_row(
    entry: Row,
    scenario: str,
    category: str,
    *,
    message: str,
    title: str | None = None,
    state: Row | None = None,
    relationships: Sequence[Row] = (),
) -> Row:
    inbox_status = entry.get("inbox", "accepted")
    return {
        "id": entry.get("fragment"),
        "type": category,
        "title": title,
        "message": message,
        "tags": ["demo", entry["vault"], *entry["tags"]],
        "relationships": list(relationships),
        "metadata": _marker(scenario, category),
        "state": state,
        "vault": entry["vault"],
        "project_id": entry.get("project"),
        "inbox_status": inbox_status,
        "inbox_at": None if inbox_status == "pending" else entry["at"],
        **_timestamps(entry),
    }


def _put(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    """Insert the rows that are not there and update those that differ."""
    wanted = {row["id"]: row for row in rows}
    found = connection.execute(select(table).where(table.c.id.in_(wanted))).mappings()
    # A foreign row under one of these ids is not overwritten: the insert fails on it.
    present = {row["id"]: dict(row) for row in found if _is_same(dict(row), wanted[row["id"]])}
    missing = [row for key, row in wanted.items() if key not in present]
    changed = [row for key, row in wanted.items() if key in present and present[key] != row]
    if missing:
        connection.execute(table.insert(), missing)
    if changed:
        connection.execute(
            table.update().where(table.c.id == bindparam("present_id")),
            [{"present_id": row.pop("id"), **row} for row in changed],
        )


def _is_same(found: Row, wanted: Row) -> bool:
    # A todo has no metadata; it is known by its fragment.
    name = "metadata" if "metadata" in wanted else "fragment_id"
    return bool(found[name] == wanted[name])


def _advance_sequences(connection: Connection) -> None:
    """Let the next row without an id get one above all that are there.

    Only PostgreSQL needs it: there an id that is given leaves the sequence where it was.
    """
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        sequence = func.pg_get_serial_sequence(table.name, "id")
        # Never lower it: rows above may have been deleted, and their ids stay used.
        highest = func.greatest(func.max(table.c.id), func.pg_sequence_last_value(sequence))
        connection.execute(select(func.setval(sequence, highest)))
