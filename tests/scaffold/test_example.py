"""The example application holds what the seed document says, and its rows are hard to keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Table, create_engine, func, insert, select, text
from sqlalchemy.exc import IntegrityError

from demosnap.example import create_tables, edit, metadata, seed, seed_own_rows
from demosnap.example.tables import chat_sessions, contacts, fragments, projects, todos, vaults

SCENARIOS = ("general", "writer", "developer")
TABLES = (vaults, projects, fragments, todos, contacts, chat_sessions)

Row = dict[str, Any]


@pytest.fixture
def connection() -> Iterator[Connection]:
    with _new_connection() as connection:
        yield connection


def _new_connection() -> Connection:
    connection = create_engine("sqlite://").connect()
    connection.execute(text("PRAGMA foreign_keys = ON"))
    create_tables(connection)
    return connection


def _rows(connection: Connection, table: Table) -> list[Row]:
    found = connection.execute(select(table).order_by(table.c.id)).mappings()
    return [dict(row) for row in found]


def _all_rows(connection: Connection) -> dict[str, list[Row]]:
    return {table.name: _rows(connection, table) for table in TABLES}


def _is_marked(row: Row) -> bool:
    return bool(row["metadata"]) and row["metadata"].get("demo_seed") is True


def _demo_rows(connection: Connection, table: Table) -> list[Row]:
    """Pick a table's demo rows as the document does: todos by their fragment, others by marker."""
    if table is todos:
        demo_fragments = {row["id"] for row in _demo_rows(connection, fragments)}
        return [row for row in _rows(connection, todos) if row["fragment_id"] in demo_fragments]
    return [row for row in _rows(connection, table) if _is_marked(row)]


def _own_rows(connection: Connection, table: Table) -> list[Row]:
    demo = {row["id"] for row in _demo_rows(connection, table)}
    return [row for row in _rows(connection, table) if row["id"] not in demo]


def _demo_counts(connection: Connection) -> dict[str, int]:
    return {table.name: len(_demo_rows(connection, table)) for table in TABLES}


def _demo_ids(scenario: str, table: Table, version: int = 1) -> set[int]:
    with _new_connection() as connection:
        seed(connection, scenario, version)
        return {row["id"] for row in _rows(connection, table)}


def test_columns_are_those_of_the_document_in_its_order() -> None:
    assert {table.name: " ".join(table.c.keys()) for table in TABLES} == {
        "vaults": "id name slug description metadata created_at updated_at",
        "projects": "id name description status vault_id metadata created_at updated_at",
        "fragments": "id type title message tags relationships metadata state vault project_id"
        " inbox_status inbox_at created_at updated_at",
        "todos": "id fragment_id title state",
        "contacts": "id name role company email phone metadata created_at updated_at",
        "chat_sessions": "id title messages message_count last_activity_at metadata created_at"
        " updated_at",
    }


def test_foreign_keys_are_named_and_lead_where_the_document_says() -> None:
    keys = {
        key.name: key.elements[0].target_fullname
        for table in TABLES
        for key in table.foreign_key_constraints
    }
    assert keys == {
        "fk_projects_vault_id": "vaults.id",
        "fk_fragments_project_id": "projects.id",
        "fk_todos_fragment_id": "fragments.id",
    }


def test_general_has_the_numbers_of_the_document(connection: Connection) -> None:
    seed_own_rows(connection)
    seed(connection)
    assert _demo_counts(connection) == {
        "vaults": 2,
        "projects": 4,
        "fragments": 175,
        "todos": 100,
        "contacts": 25,
        "chat_sessions": 10,
    }
    assert len(_rows(connection, vaults)) == 6
    assert len(_rows(connection, projects)) == 8
    categories = [row["metadata"]["demo_category"] for row in _demo_rows(connection, fragments)]
    assert {name: categories.count(name) for name in categories} == {
        "todo": 100,
        "contact": 25,
        "chat_message": 50,
    }


def test_version_2_has_the_numbers_of_the_document(connection: Connection) -> None:
    seed(connection, "general", version=2)
    assert _demo_counts(connection) == {
        "vaults": 2,
        "projects": 4,
        "fragments": 180,
        "todos": 105,
        "contacts": 25,
        "chat_sessions": 12,
    }


@pytest.mark.parametrize("scenario", ["writer", "developer"])
def test_the_smaller_scenarios_have_rows_in_every_table(
    connection: Connection, scenario: str
) -> None:
    seed(connection, scenario)
    counts = _demo_counts(connection)
    assert all(counts.values())
    assert counts["fragments"] < 175


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_metadata_is_the_marker_of_the_document(connection: Connection, scenario: str) -> None:
    seed(connection, scenario)
    for table in TABLES:
        for row in _demo_rows(connection, table):
            if table is fragments:
                expected = {"demo_seed": True, "demo_category": row["type"], "scenario": scenario}
                assert row["metadata"] == expected
            elif table is not todos:
                assert row["metadata"] == {"demo_seed": True, "scenario": scenario}


def test_the_first_rows_are_the_samples_of_the_document(connection: Connection) -> None:
    seed(connection)
    first = _rows(connection, fragments)[0]
    assert first == {
        "id": 1,
        "type": "todo",
        "title": "Pick up dry cleaning from Main Street cleaners",
        "message": "TODO: Pick up dry cleaning from Main Street cleaners by 6pm",
        "tags": ["demo", "personal", "errands"],
        "relationships": [],
        "metadata": {"demo_seed": True, "demo_category": "todo", "scenario": "general"},
        "state": {"status": "open", "priority": "medium"},
        "vault": "personal",
        "project_id": 1,
        "inbox_status": "accepted",
        "inbox_at": datetime(2025, 1, 15, 8, 30),
        "created_at": datetime(2025, 1, 15, 8, 30),
        "updated_at": datetime(2025, 1, 15, 8, 30),
    }
    assert _rows(connection, todos)[0]["fragment_id"] == 1
    assert _rows(connection, contacts)[0]["name"] == "Sarah Chen"
    assert _rows(connection, chat_sessions)[0]["title"] == "Planning weekend home lab work"
    assert [row["slug"] for row in _rows(connection, vaults)] == ["personal", "work"]


def test_timestamps_are_stored_as_the_document_writes_them(connection: Connection) -> None:
    seed(connection)
    stored = connection.execute(text("SELECT created_at FROM fragments WHERE id = 1")).scalar_one()
    assert stored == "2025-01-15 08:30:00"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_ids_never_overlap_and_own_rows_lie_between(connection: Connection, table: Table) -> None:
    seed_own_rows(connection)
    own = {row["id"] for row in _own_rows(connection, table)}
    demo = {scenario: _demo_ids(scenario, table) for scenario in SCENARIOS}
    demo["general"] |= _demo_ids("general", table, version=2)
    for scenario, ids in demo.items():
        assert not ids & own
        assert all(not ids & others for name, others in demo.items() if name != scenario)
        assert any(min(ids) < id_ < max(ids) for id_ in own)
    # Or the database would number a new row as one of a scenario that is not loaded.
    assert max(own) > max(set.union(*demo.values()))


def test_own_rows_are_never_marked(connection: Connection) -> None:
    seed_own_rows(connection)
    assert set(_demo_counts(connection).values()) == {0}
    seen = []
    for table in TABLES:
        assert _rows(connection, table)
        if table is not todos:
            seen += [row["metadata"] for row in _rows(connection, table)]
    for kind in (None, {}, {"demo_seed": False}):
        assert kind in seen
    assert any(metadata and "demo_seed" not in metadata for metadata in seen)
    json_nulls = text("SELECT count(*) FROM vaults WHERE metadata = 'null'")
    assert connection.execute(json_nulls).scalar_one() == 0


def test_no_reference_leads_from_one_kind_of_row_to_the_other(connection: Connection) -> None:
    seed_own_rows(connection)
    for scenario in SCENARIOS:
        seed(connection, scenario, version=2 if scenario == "general" else 1)
    kinds: dict[str, dict[int, str]] = {
        table.name: {row["id"]: _kind(row) for row in _rows(connection, table)}
        for table in TABLES
        if table is not todos
    }
    slugs = {row["slug"]: _kind(row) for row in _rows(connection, vaults)}

    for row in _rows(connection, projects):
        assert kinds["vaults"][row["vault_id"]] == _kind(row)
    for row in _rows(connection, fragments):
        assert slugs[row["vault"]] == _kind(row)
        assert row["project_id"] is None or kinds["projects"][row["project_id"]] == _kind(row)
        for relationship in row["relationships"] or ():
            assert kinds["contacts"][relationship["contact_id"]] == _kind(row)
    for row in _rows(connection, chat_sessions):
        assert row["message_count"] == len(row["messages"])
        for message in row["messages"]:
            assert ("content" in message) != ("fragment_id" in message)
            if "fragment_id" in message:
                assert kinds["fragments"][message["fragment_id"]] == _kind(row)


def _kind(row: Row) -> str:
    return str(row["metadata"]["scenario"]) if _is_marked(row) else "own"


def test_every_chat_message_is_used_once_and_sessions_mix_both_kinds(
    connection: Connection,
) -> None:
    seed(connection)
    used = []
    for session in _rows(connection, chat_sessions):
        named = [m["fragment_id"] for m in session["messages"] if "fragment_id" in m]
        assert 0 < len(named) < session["message_count"]
        used += named
    messages = [r["id"] for r in _rows(connection, fragments) if r["type"] == "chat_message"]
    assert sorted(used) == messages


def test_contact_fragments_describe_the_contacts(connection: Connection) -> None:
    seed(connection)
    names = {row["id"]: row["name"] for row in _rows(connection, contacts)}
    described = {
        row["relationships"][0]["contact_id"]: row["title"]
        for row in _rows(connection, fragments)
        if row["type"] == "contact"
    }
    assert described == names


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_content_is_varied(connection: Connection, scenario: str) -> None:
    seed(connection, scenario)
    titles = [row["title"] for row in _rows(connection, todos)]
    messages = [row["message"] for row in _rows(connection, fragments)]
    assert len(set(titles)) == len(titles)
    assert len(set(messages)) == len(messages)


HOSTILE = {
    "apostrophe": "'",
    "double quote": '"',
    "newline": r"\n",
    "semicolon": ";",
    "backslash": r"\\",
    "Windows path": r"[A-Z]:\\\w+",
    "per cent sign": r"\d%",
    "emoji": "[\U0001f300-\U0001faff]",
    "Greek, Cyrillic, Hebrew, Arabic or Asian script": "[\u0370-\u06ff\u3040-\u9fff]",
}
HOSTILE_SOMEWHERE = {
    "semicolon that ends a line": r";\n",
    "SQL comment": r"\n-- ",
    "bind parameter": r"\s:[a-z]+",
    "format character": r"%s|%\(\w+\)s",
    "backslash before a quote": r"\\'",
    "backslash at the end": r"\\\Z",
    "end of COPY data": r"\n\\\.\n",
    "line separator": "\u2028",
    "tab": r"\t",
}


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("pattern", HOSTILE.values(), ids=HOSTILE)
def test_every_scenario_has_hostile_text(
    connection: Connection, scenario: str, pattern: str
) -> None:
    seed(connection, scenario)
    assert _has_message(connection, pattern)


@pytest.mark.parametrize("pattern", HOSTILE_SOMEWHERE.values(), ids=HOSTILE_SOMEWHERE)
def test_some_scenario_has_very_hostile_text(connection: Connection, pattern: str) -> None:
    for scenario in SCENARIOS:
        seed(connection, scenario)
    assert _has_message(connection, pattern)


def test_an_empty_string_and_null_are_two_things(connection: Connection) -> None:
    seed(connection)
    assert {None, ""} <= {row["phone"] for row in _rows(connection, contacts)}


def _has_message(connection: Connection, pattern: str) -> bool:
    return any(re.search(pattern, row["message"]) for row in _rows(connection, fragments))


def test_two_seeds_give_equal_rows() -> None:
    with _new_connection() as first, _new_connection() as second:
        for connection in (first, second):
            seed_own_rows(connection)
            for scenario in SCENARIOS:
                seed(connection, scenario)
        assert _all_rows(first) == _all_rows(second)


def test_seeding_again_changes_nothing(connection: Connection) -> None:
    seed(connection)
    before = _all_rows(connection)
    seed(connection)
    assert _all_rows(connection) == before


def test_version_2_over_version_1_equals_version_2_from_scratch(connection: Connection) -> None:
    seed_own_rows(connection)
    seed(connection, "general", version=1)
    version_1 = _all_rows(connection)
    seed(connection, "general", version=2)
    with _new_connection() as fresh:
        seed_own_rows(fresh)
        seed(fresh, "general", version=2)
        assert _all_rows(connection) == _all_rows(fresh)
    for table in TABLES:
        kept = {row["id"]: row for row in _rows(connection, table)}
        modified = [row for row in version_1[table.name] if kept[row["id"]] != row]
        assert modified, f"no row of {table.name} differs"
        assert len(modified) < 5


def test_a_row_of_somebody_else_is_not_overwritten(connection: Connection) -> None:
    connection.execute(insert(vaults), {"id": 1, "name": "Mine", "slug": "mine"})
    with pytest.raises(IntegrityError):
        seed(connection)


@pytest.mark.parametrize(
    ("scenario", "version"), [("general", 3), ("writer", 2), ("developer", 0), ("nobody", 1)]
)
def test_unknown_scenarios_and_versions_are_refused(
    connection: Connection, scenario: str, version: int
) -> None:
    with pytest.raises(ValueError, match=scenario):
        seed(connection, scenario, version)


def test_edit_changes_adds_and_deletes_demo_rows_only(connection: Connection) -> None:
    seed_own_rows(connection)
    seed(connection)
    before = _all_rows(connection)
    own = {table.name: _own_rows(connection, table) for table in TABLES}

    edit(connection)

    assert {table.name: _own_rows(connection, table) for table in TABLES} == own
    counts = _demo_counts(connection)
    assert (counts["fragments"], counts["todos"], counts["chat_sessions"]) == (176, 101, 9)
    after = _all_rows(connection)
    old = {row["id"]: row for row in before["todos"]}
    changed = [row for row in after["todos"] if row["id"] in old and row != old[row["id"]]]
    assert [row["state"]["status"] for row in changed] == ["done"]
    new = [row for row in after["todos"] if row["id"] not in old]
    assert len(new) == 1
    # The database numbers the new rows, above whatever any scenario uses.
    assert new[0]["id"] > max(old)
    assert new[0]["fragment_id"] == after["fragments"][-1]["id"]
    assert connection.execute(text("PRAGMA foreign_key_check")).all() == []


def test_edit_is_deterministic() -> None:
    with _new_connection() as first, _new_connection() as second:
        for connection in (first, second):
            seed_own_rows(connection)
            seed(connection)
            edit(connection)
        assert _all_rows(first) == _all_rows(second)


def test_edit_needs_general(connection: Connection) -> None:
    seed_own_rows(connection)
    with pytest.raises(LookupError, match="general"):
        edit(connection)


def test_nothing_is_committed(connection: Connection) -> None:
    connection.commit()
    seed_own_rows(connection)
    seed(connection)
    edit(connection)
    connection.rollback()
    for table in metadata.sorted_tables:
        assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0
