"""The manifest and the schema versions: what is derived from the revision graph."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from demosnap.model import (
    Column,
    ForeignKey,
    Header,
    Marker,
    Rule,
    Selection,
    Table,
    Trigger,
    Version,
)
from demosnap.snapshot.manifest import export_manifest, fingerprint, latest_of, schema_versions

ROOT = Path("/project/demo_revisions")
ROWS = {"vaults": 2, "fragments": 175, "todos": 100, "contacts": 25, "chat_sessions": 10}


def version(number: int, parent: Version | None = None, scenario: str = "general") -> Version:
    day = f"2025-01-{14 + number:02}"
    name = f"v{number}_{day}"
    return Version(
        revision=f"{scenario}_v{number}_0000000{number}",
        down_revision=parent.revision if parent else None,
        scenario=scenario,
        version=name,
        message=f"Übung {number} ☕",
        created_at=f"{day}T10:30:00Z",
        folder=str(ROOT / scenario),
        file=f"{scenario}_{name}.sql",
        format=1,
        dialect="sqlite",
        digest="ab" * 32,
        size=145823,
        rows=ROWS,
        selection=Selection(scenario, Marker("metadata", "demo_seed"), {"vaults": Rule("marker")}),
        application_revision={"version": "2", "alembic_version": "ae1027a6acf"},
    )


V1 = version(1)
V2 = version(2, V1)
V10 = version(10, V2)
WRITER = version(1, scenario="writer")


def test_the_manifest_has_the_fields_of_the_document() -> None:
    found = json.loads(export_manifest([V2, WRITER, V1], ROOT))
    assert list(found) == ["scenarios", "last_updated"]
    assert found["last_updated"] == "2025-01-16T10:30:00Z"
    assert list(found["scenarios"]) == ["general", "writer"]
    general = found["scenarios"]["general"]
    assert general["latest"] == "v2_2025-01-16"
    assert [entry["version"] for entry in general["versions"]] == ["v1_2025-01-15", "v2_2025-01-16"]
    assert general["versions"][0] == {
        "version": "v1_2025-01-15",
        "file": "general/general_v1_2025-01-15.sql",
        "created_at": "2025-01-15T10:30:00Z",
        "size": 145823,
        **ROWS,
        "rows": ROWS,
        "revision": "general_v1_00000001",
        "down_revision": None,
        "message": "Übung 1 ☕",
        "digest": "ab" * 32,
        "format": 1,
        "dialect": "sqlite",
    }
    assert list(general["versions"][0]["rows"]) == list(ROWS)


def test_the_text_is_indented_unescaped_and_depends_on_no_order() -> None:
    text = export_manifest([V1, V2, V10, WRITER], ROOT)
    assert text == export_manifest(iter([WRITER, V10, V2, V1]), str(ROOT))
    assert text.startswith('{\n  "scenarios": {\n    "general": {\n      "latest": "v10_')
    assert '"message": "Übung 1 ☕"' in text
    assert text.endswith("}\n") and not text.endswith("\n\n")


def test_versions_are_in_the_order_of_their_numbers() -> None:
    found = json.loads(export_manifest([V10, V2, V1], ROOT))
    names = [entry["version"] for entry in found["scenarios"]["general"]["versions"]]
    assert [name.partition("_")[0] for name in names] == ["v1", "v2", "v10"]


def test_nothing_is_a_manifest_too() -> None:
    assert json.loads(export_manifest([], ROOT)) == {"scenarios": {}, "last_updated": None}
    assert json.loads(schema_versions([], ROOT, {})) == {"schemas": {}, "revisions": {}}


def test_a_table_named_like_a_field_is_counted_under_rows_only() -> None:
    rows = {"size": 1, "rows": 2, "message": 3, "digest": 4, "vaults": 5}
    found = json.loads(export_manifest([replace(V1, rows=rows)], ROOT))
    (entry,) = found["scenarios"]["general"]["versions"]
    assert entry["rows"] == rows
    assert (entry["size"], entry["message"], entry["digest"]) == (145823, V1.message, V1.digest)
    assert entry["vaults"] == 5


@pytest.mark.parametrize(
    ("versions", "latest"),
    [
        ([V1], V1),
        ([V10, V1, V2], V10),
        # The head is what nothing follows, not what has the highest number.
        ([V1, replace(V10, down_revision=None), replace(V2, down_revision=V10.revision)], V2),
        # Of two heads, the higher number; of two v2, the newer.
        ([V1, V2, replace(V10, down_revision=V1.revision)], V10),
        (
            [V1, V2, replace(V2, revision="general_v2_a", created_at="2025-01-17T00:00:00Z")],
            replace(V2, revision="general_v2_a", created_at="2025-01-17T00:00:00Z"),
        ),
    ],
)
def test_the_latest_is_the_head(versions: list[Version], latest: Version) -> None:
    assert latest_of(versions).revision == latest.revision
    assert latest_of(versions[::-1]).revision == latest.revision


def header(table: Table, of: Version) -> Header:
    return Header(of.scenario, of.version, of.created_at, of.dialect, (table,), {table.name: 1})


VAULTS = Table(
    "vaults",
    (
        Column("id", "INTEGER", nullable=False),
        Column("parent", "INTEGER", default="NULL"),
        Column("twice", "INTEGER", generated=True),
    ),
    key=("id",),
    unique=(("parent",),),
    foreign_keys=(ForeignKey(("parent",), "vaults", ("id",), on_delete="CASCADE"),),
    triggers=(Trigger("touch", "shelves"),),
)


def test_equal_definitions_stand_there_once() -> None:
    wider = replace(VAULTS, columns=(*VAULTS.columns, Column("name", "TEXT")))
    headers = {
        V1.revision: header(VAULTS, V1),
        V2.revision: header(replace(VAULTS, triggers=()), V2),
        V10.revision: header(wider, V10),
    }
    text = schema_versions([V10, WRITER, V2, V1], ROOT, headers)
    assert text == schema_versions([V1, V2, V10, WRITER], ROOT, headers)
    found = json.loads(text)
    assert list(found["revisions"]) == [v.revision for v in (V1, V2, V10, WRITER)]
    names = [entry["schema"] for entry in found["revisions"].values()]
    assert names[0] == names[1] != names[2]
    assert names[3] is None
    assert sorted(set(names[:3])) == list(found["schemas"])
    assert found["revisions"][V1.revision] == {
        "scenario": "general",
        "version": "v1_2025-01-15",
        "file": "general/general_v1_2025-01-15.sql",
        "schema": names[0],
        "application_revision": {"alembic_version": "ae1027a6acf", "version": "2"},
    }
    schema = found["schemas"][names[0]]
    assert fingerprint(schema) == names[0]
    assert schema == {
        "dialect": "sqlite",
        "tables": {
            "vaults": {
                "columns": [
                    {"name": "id", "type": "INTEGER", "nullable": False},
                    {"name": "parent", "type": "INTEGER", "default": "NULL"},
                    {"name": "twice", "type": "INTEGER", "generated": True},
                ],
                "key": ["id"],
                "unique": [["parent"]],
                "foreign_keys": [
                    {
                        "columns": ["parent"],
                        "table": "vaults",
                        "referred_columns": ["id"],
                        "on_delete": "CASCADE",
                    }
                ],
            }
        },
    }


def test_the_same_columns_in_another_dialect_are_another_schema() -> None:
    headers = {
        V1.revision: header(VAULTS, V1),
        V2.revision: replace(header(VAULTS, V2), dialect="postgresql"),
    }
    assert len(json.loads(schema_versions([V1, V2], ROOT, headers))["schemas"]) == 2
