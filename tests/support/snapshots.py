"""A small snapshot with its header, rows and selection, and how it is written and read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from demosnap import dialects
from demosnap.dialects.base import Dialect
from demosnap.model import Column, ForeignKey, Header, Marker, Rule, Selection, Table, Trigger
from demosnap.snapshot.sqlfile import SnapshotWriter

VAULTS = Table(
    "vaults",
    (
        Column("id", "INTEGER", nullable=False),
        Column("name", "VARCHAR(80)", nullable=False, default="'x''y'"),
        Column("metadata", "JSON"),
    ),
    key=("id",),
    unique=(("name",),),
    triggers=(Trigger("vaults_touch", "vaults"),),
)
FRAGMENTS = Table(
    "fragments",
    (
        Column("title", "TEXT"),
        Column("id", "INTEGER", nullable=False, identity="by default"),
        Column("vault_id", "INTEGER"),
        Column("metadata", "JSON"),
        Column("length", "INTEGER", generated=True),
    ),
    key=("id",),
    foreign_keys=(
        ForeignKey(("vault_id",), "vaults", ("id",), "fk_vault", "CASCADE", deferrable=True),
    ),
)
TODOS = Table(
    "todos",
    (Column("id", "INTEGER", nullable=False), Column("fragment_id", "INTEGER")),
    key=("id",),
    foreign_keys=(ForeignKey(("fragment_id",), "fragments", ("id",)),),
)
ROWS: Mapping[str, list[bytes]] = {
    "vaults": [b"1,'Personal','{\"demo_seed\": true}'", b"2,'It''s',NULL"],
    "fragments": [
        b"-3,'a;\n-- b\n(1,2),',1,'{}'",
        b"2,'first','2',NULL",
        b"10,'\xe2\x98\x95 \\ 100%',2,NULL",
        b"'2b','',X'00FF',-1.5",
    ],
    "todos": [],
}
SELECTION = Selection(
    "general",
    Marker("metadata", "demo_seed", "scenario"),
    {"vaults": Rule("marker"), "fragments": Rule("marker"), "todos": Rule("via", ("fragment_id",))},
)
TABLES = (VAULTS, FRAGMENTS, TODOS)
HEADER = Header(
    "general",
    "v1_2025-01-15",
    "2025-01-15T10:30:00Z",
    "sqlite",
    TABLES,
    {name: len(rows) for name, rows in ROWS.items()},
)
GOLDEN = """\
-- Demo Data Export
-- Scenario: general
-- Generated: 2025-01-15 10:30:00
-- Version: v1_2025-01-15
-- Total Fragments: 4
-- Format: 1 (sqlite)
--
-- Table definitions
-- [
-- {"table":"vaults","rows":2,"columns":[
--   {"name":"id","type":"INTEGER","nullable":false},
--   {"name":"name","type":"VARCHAR(80)","nullable":false,"default":"'x''y'"},
--   {"name":"metadata","type":"JSON"}],"key":["id"],"unique":[["name"]]},
-- {"table":"fragments","rows":4,"columns":[
--   {"name":"title","type":"TEXT"},
--   {"name":"id","type":"INTEGER","nullable":false,"identity":"by default"},
--   {"name":"vault_id","type":"INTEGER"},
--   {"name":"metadata","type":"JSON"},
--   {"name":"length","type":"INTEGER","generated":true}],"key":["id"],"foreign_keys":[\
{"columns":["vault_id"],"table":"vaults","referred_columns":["id"],"name":"fk_vault",\
"on_delete":"CASCADE","deferrable":true}]},
-- {"table":"todos","rows":0,"columns":[
--   {"name":"id","type":"INTEGER","nullable":false},
--   {"name":"fragment_id","type":"INTEGER"}],"key":["id"],"foreign_keys":[\
{"columns":["fragment_id"],"table":"fragments","referred_columns":["id"]}]}
-- ]

.bail on
"""


def sqlite() -> Dialect:
    return dialects.get("sqlite")


def write(
    path: Path,
    rows: Mapping[str, Iterable[bytes]] = ROWS,
    header: Header = HEADER,
    selection: Selection = SELECTION,
) -> SnapshotWriter:
    with SnapshotWriter(path, header, selection, sqlite()) as writer:
        for table in header.tables:
            writer.write_block(table, rows[table.name])
    return writer
