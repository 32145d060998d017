"""Whatever can be wrong with scripts and snapshots is planted here, and `check` finds it."""

from __future__ import annotations

import itertools
import re
import shutil
from pathlib import Path

import pytest

from demosnap.snapshot.sqlfile import SnapshotReader
from support import small
from support.databases import Database
from support.findings import V1, V2, WRITER, edit, of, only, path
from support.small import Chain
from support.workspaces import MakeWorkspace

# ---------------------------------------------------------------------- scripts


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""v2\n', '"""v2\n\nSome more words.\n'),
        ("Revision ID: general_v2", "Revision ID: general_v3"),
        ("Create Date: 2025-01-20", "Create Date: 2025-01-21"),
        ("from alembic import op\n", "from alembic import op\nimport os\n"),
        ("depends_on = None", "depends_on = ()"),
        ("    op.load_snapshot(snapshot)", '    op.execute("DROP TABLE users")'),
        ("    op.load_snapshot(snapshot)", "    pass"),
        ("    op.purge_snapshot(snapshot)\n", "    op.purge_snapshot(snapshot)\n# the end\n"),
        ("    op.purge_snapshot(snapshot)\n", "    op.purge_snapshot(snapshot)\n\n\nX = 1\n"),
        ('    "scenario": "general",', '    "scenario":  "general",'),
        ('    "format": 1,', '    "format": 1, "more": True,'),
    ],
)
def test_an_edited_script_is_found_with_its_line(chain: Chain, old: str, new: str) -> None:
    script = path(chain, V2 + ".py")
    before = script.read_text().splitlines()
    edit(script, old, new)
    pairs = itertools.zip_longest(before, script.read_text().splitlines())
    line = next(number for number, (one, other) in enumerate(pairs, 1) if one != other)
    (finding,) = of(chain.project.check(), V2 + ".py")
    assert "is not what demosnap generates" in finding.message
    assert finding.line == line


def test_a_line_that_is_missing_from_a_script_is_found(chain: Chain) -> None:
    line = edit(path(chain, V2 + ".py"), "    op.purge_snapshot(snapshot)\n", "    ...\n")
    finding = only(chain.project.check(), V2 + ".py", "not what demosnap generates", line)
    assert finding.hint is not None
    assert "op.purge_snapshot(snapshot)" in finding.hint
    line = edit(path(chain, V2 + ".py"), "def downgrade() -> None:\n    ...\n", "")
    (found,) = of(chain.project.check(), V2 + ".py")
    assert found.line is not None
    assert found.line <= line


def test_a_script_that_does_not_parse_is_found_with_its_line(chain: Chain) -> None:
    line = edit(path(chain, V2 + ".py"), "depends_on = None", "depends_on = = None")
    only(chain.project.check(), V2 + ".py", "is not valid Python: invalid syntax", line)


def test_a_script_that_raises_is_found_with_its_line(chain: Chain) -> None:
    line = edit(path(chain, V2 + ".py"), "depends_on = None", "depends_on = nothing")
    only(chain.project.check(), V2 + ".py", "NameError: name 'nothing' is not defined", line)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("snapshot = {", "snapshots = {", "no `snapshot`"),
        ('    "digest": "', '    "digest": "XYZ', "digest"),
        ('    "rows": {', '    "rows": {"more": 1, ', "rows and selection"),
        ('    "rows": {"boards": 1', '    "rows": {"boards": -1', "-1"),
        ('    "version": "v2_', '    "version": "2_', "version"),
        ('    "size": ', '    "sizes": ', "size"),
        ('"checks": "via card_id"', '"checks": "all"', "not a rule"),
    ],
)
def test_a_script_with_values_that_cannot_be_is_found(
    chain: Chain, old: str, new: str, words: str
) -> None:
    edit(path(chain, V2 + ".py"), old, new)
    (finding,) = chain.project.check()
    assert finding.file == V2 + ".py"
    assert words in finding.message


def test_a_script_that_is_not_utf_8_is_found(chain: Chain) -> None:
    file = path(chain, V2 + ".py")
    file.write_bytes(file.read_bytes().replace(b'"""v2\n', b'"""v2: caf\xe9\n'))
    (finding,) = chain.project.check()
    assert finding.file == V2 + ".py"


def test_a_script_that_follows_nothing_that_is_there_is_found(chain: Chain) -> None:
    path(chain, V1 + ".py").unlink()
    findings = chain.project.check()
    assert any(chain_id in findings[0].message for chain_id in ("general_v1_",))


def test_a_script_of_somebody_elses_is_found(chain: Chain) -> None:
    file = chain.workspace.revisions / "general" / "0a1b_add_column.py"
    file.write_text('revision = "0a1b"\ndown_revision = None\ndef upgrade():\n    pass\n')
    (finding,) = chain.project.check()
    assert finding.file == "demo_revisions/general/0a1b_add_column.py"
    assert "not demosnap's" in finding.message


def test_a_script_under_another_name_is_found(chain: Chain) -> None:
    path(chain, V2 + ".py").rename(path(chain, "demo_revisions/general/second.py"))
    findings = chain.project.check()
    assert any("general_v2_2025-01-20.py" in finding.message for finding in findings)


def test_a_revision_in_another_scenarios_folder_is_found(chain: Chain) -> None:
    for end in (".py", ".sql"):
        name = Path(WRITER + end).name
        path(chain, WRITER + end).rename(chain.workspace.revisions / "general" / name)
    path(chain, "demo_revisions/writer/latest.sql").unlink()
    findings = of(chain.project.check(), "demo_revisions/general/writer_v1_2025-03-01.py")
    assert any("in the folder general" in finding.message for finding in findings)


# ---------------------------------------------------------------------- snapshots


def test_a_value_edited_by_hand_is_found_by_the_digest(chain: Chain) -> None:
    edit(path(chain, V2 + ".sql"), "'Renamed'", "'renamed'")
    finding = only(chain.project.check(), V2 + ".sql", "digest")
    assert finding.hint is not None
    assert "version control" in finding.hint


def test_a_missing_snapshot_is_found(chain: Chain) -> None:
    path(chain, V1 + ".sql").unlink()
    findings = chain.project.check()
    (finding,) = of(findings, V1 + ".sql")
    assert "missing" in finding.message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("-- Demo Data Export", "-- Demo Data export"),
        ("-- Scenario: general", "-- Scenario: writer"),
        ("-- Generated: 2025-01-20", "-- Generated: 2025-01-21"),
        ("-- Version: v2_", "-- Version: v3_"),
        ("-- Total ", "-- Totals "),
        ("-- Format: 1", "-- Format: 2"),
        ('{"table":"cards","rows":3', '{"table":"cards","rows":4'),
        ('"name":"title"', '"name":"titel"'),
        ("PRAGMA foreign_keys = OFF;", "PRAGMA foreign_keys = ON;"),
        ("DELETE FROM boards WHERE", "DELETE FROM users WHERE"),
        ("DELETE FROM checks WHERE", "DROP TABLE users;\nDELETE FROM checks WHERE"),
        ("\n-- Cards\n", "\n-- Karten\n"),
        ("INSERT INTO cards (id,", "INSERT INTO cards  (id,"),
        ("(3,1,NULL,NULL,1,NULL)", "(3,1,NULL,NULL,1)"),
        ("(3,1,NULL,NULL,1,NULL)", "(3,1,NULL,NULL,1,lower('X'))"),
        ("(3,1,NULL,NULL,1,NULL)", "(3, 1,NULL,NULL,1,NULL)"),
        ("(3,1,NULL,NULL,1,NULL)", "(1,1,NULL,NULL,1,NULL)"),
        ("(3,1,NULL,NULL,1,NULL),\n", ""),
        ("(3,1,NULL,NULL,1,NULL),\n", "(3,1,NULL,NULL,1,NULL),\n(4,1,NULL,NULL,1,NULL),\n"),
        ("COMMIT;\n", "COMMIT;\nDROP TABLE users;\n"),
        ("COMMIT;\n", ""),
        ("\n-- Verification queries\n", "\n-- Verification query\n"),
    ],
)
def test_a_snapshot_edited_by_hand_is_found_with_its_line(chain: Chain, old: str, new: str) -> None:
    line = edit(path(chain, V2 + ".sql"), old, new)
    findings = of(chain.project.check(), V2 + ".sql")
    assert len(findings) == 1
    found = findings[0].line
    if found is None:
        assert "differ" in findings[0].message
    elif not old.startswith(('{"table"', '"name"')):
        # What is missing shows in the line that came up; a definition, where it is used.
        assert line <= found <= line + max(old.count("\n"), new.count("\n")) + 1
    assert findings[0].hint


@pytest.mark.parametrize("part", [0.0, 0.1, 0.3, 0.5, 0.8, 0.95, 0.999])
def test_a_truncated_snapshot_is_found(chain: Chain, part: float) -> None:
    file = path(chain, V2 + ".sql")
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * part)])
    (finding,) = of(chain.project.check(), V2 + ".sql")
    assert re.search("truncated|empty", finding.message)
    if part:
        assert finding.line == data[: int(len(data) * part)].count(b"\n") + 1


def test_a_snapshot_with_crlf_is_found_and_explained(chain: Chain) -> None:
    file = path(chain, V2 + ".sql")
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    (finding,) = of(chain.project.check(), V2 + ".sql")
    assert finding.line == 1
    assert "CRLF" in finding.message
    assert ".gitattributes" in (finding.hint or "")


def test_a_snapshot_that_is_not_utf_8_is_found_with_its_line(chain: Chain) -> None:
    file = path(chain, V2 + ".sql")
    line = file.read_bytes().split(b"'Renamed'")[0].count(b"\n") + 1
    file.write_bytes(file.read_bytes().replace(b"'Renamed'", b"'Renam\xe9'"))
    (finding,) = of(chain.project.check(), V2 + ".sql")
    assert finding.line == line
    assert "UTF-8" in finding.message


def test_bytes_behind_the_end_of_a_snapshot_are_found(chain: Chain) -> None:
    file = path(chain, V2 + ".sql")
    data = file.read_bytes()
    file.write_bytes(data + b"SELECT 1;\n")
    (finding,) = of(chain.project.check(), V2 + ".sql")
    assert finding.line == data.count(b"\n") + 1


def test_a_folder_in_the_place_of_a_snapshot_is_found(chain: Chain) -> None:
    path(chain, V2 + ".sql").unlink()
    path(chain, V2 + ".sql").mkdir()
    assert of(chain.project.check(), V2 + ".sql")


def test_a_snapshot_of_another_version_is_found(chain: Chain) -> None:
    shutil.copyfile(path(chain, V1 + ".sql"), path(chain, V2 + ".sql"))
    (finding,) = of(chain.project.check(), V2 + ".sql")
    assert "v1_2025-01-15" in finding.message


def test_a_wrong_digest_in_a_script_is_found(chain: Chain) -> None:
    script = path(chain, V2 + ".py")
    digest = chain.project.show("general@v2").version.digest
    edit(script, digest, digest[::-1])
    findings = chain.project.check()
    assert len(of(findings, V2 + ".sql")) == 1
    assert "digest" in of(findings, V2 + ".sql")[0].message


def test_wrong_counts_and_a_wrong_size_in_a_script_are_found(chain: Chain) -> None:
    size = chain.project.show("general@v2").version.size
    edit(path(chain, V2 + ".py"), f'"size": {size}', f'"size": {size + 1}')
    chain.project.manifest()
    only(chain.project.check(), V2 + ".sql", f"{size} bytes.*{size + 1}")
    edit(path(chain, V1 + ".py"), '"cards": 2', '"cards": 3')
    chain.project.manifest()
    (finding,) = of(chain.project.check(), V1 + ".sql")
    assert "rows" in finding.message


def adapt(chain: Chain, name: str) -> None:
    """Make a script and the metadata agree with a snapshot that was edited by hand."""
    version = next(
        e.version for e in chain.project.history() if Path(e.version.file).stem == Path(name).name
    )
    reader = SnapshotReader(path(chain, name + ".sql"))
    for block in reader.blocks(version.selection):
        list(block.rows)
    script = path(chain, name + ".py")
    edit(script, version.digest, reader.digest)
    size = path(chain, name + ".sql").stat().st_size
    edit(script, f'"size": {version.size}', f'"size": {size}')
    chain.project.manifest()


def test_a_foreign_key_broken_inside_a_snapshot_is_found_though_the_digest_is_right(
    chain: Chain,
) -> None:
    edit(path(chain, V2 + ".sql"), "(3,1,NULL,NULL,1,NULL)", "(3,77,NULL,NULL,1,NULL)")
    edit(path(chain, V2 + ".sql"), "(5,5,NULL)", "(5,88,NULL)")
    adapt(chain, V2)
    findings = chain.project.check()
    assert [finding.file for finding in findings] == [V2 + ".sql"] * 2
    assert [finding.message for finding in findings] == [
        "cards.board_id references 1 row of boards that the snapshot does not have (77)",
        "checks.card_id references 1 row of cards that the snapshot does not have (88)",
    ]


def test_a_reference_to_rows_outside_that_was_recorded_is_right(
    sqlite: Database, make_workspace: MakeWorkspace
) -> None:
    chain = small.make(make_workspace(sqlite), "v1")
    sqlite.execute(
        "UPDATE cards SET board_id = 2 WHERE id = 3", "UPDATE cards SET owner_id = 1 WHERE id = 1"
    )
    chain.project.revision("general", date="2025-01-20")
    assert chain.project.check() == []
