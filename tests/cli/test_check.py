"""`check`: whatever can be wrong with files and database is planted here, and found."""

from __future__ import annotations

import itertools
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demosnap.errors import ConfigError, UnknownNameError
from demosnap.project import Project
from demosnap.results import Finding
from demosnap.snapshot.sqlfile import SnapshotReader
from support import copies, small
from support.databases import Database
from support.repositories import Git, two_branches
from support.small import Chain
from support.workspaces import Workspace

MakeWorkspace = Callable[[Database], Workspace]

V1 = "demo_revisions/general/general_v1_2025-01-15"
V2 = "demo_revisions/general/general_v2_2025-01-20"
WRITER = "demo_revisions/writer/writer_v1_2025-03-01"
LATEST = "demo_revisions/general/latest.sql"
MANIFEST = "demo_revisions/metadata/export_manifest.json"
SCHEMAS = "demo_revisions/metadata/schema_versions.json"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `chain` is a copy of."""
    return copies.build(tmp_path_factory.mktemp("template"), "v1", "v2", writer=True)


@pytest.fixture
def chain(template: Path, tmp_path: Path) -> Iterator[Chain]:
    """Versions v1 and v2 of general and v1 of writer; the database is at both heads."""
    yield from copies.copy(template, tmp_path)


@pytest.fixture
def loaded(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """The same on each database, for `check --database`."""
    return small.copied(make_workspace(database), "v1", "v2", writer=True)


def path(chain: Chain, name: str) -> Path:
    """Return the path of a file of the project."""
    return chain.workspace.folder / name


def edit(file: Path, old: str, new: str, count: int = 1) -> int:
    """Replace text that must be there, byte for byte; return the line of the first place."""
    data = file.read_bytes()
    assert data.count(old.encode()) >= 1, f"{old!r} is not in {file}"
    file.write_bytes(data.replace(old.encode(), new.encode(), count))
    return data[: data.index(old.encode())].count(b"\n") + 1


def only(findings: list[Finding], file: str, words: str, line: int | None = None) -> Finding:
    """Check that there is one finding, about a file and a line, with words; return it."""
    assert [(f.file, f.line) for f in findings] == [(file, line)], findings
    assert re.search(words, findings[0].message), findings[0].message
    return findings[0]


def of(findings: list[Finding], file: str) -> list[Finding]:
    """Return the findings about a file."""
    return [finding for finding in findings if finding.file == file]


# ---------------------------------------------------------------------- nothing wrong


def test_a_clean_project_has_no_findings(workspace: Workspace) -> None:
    workspace.project.revision("general", date="2025-01-15")
    workspace.seed("general", 2)
    workspace.project.revision("general", date="2025-01-20")
    workspace.seed("writer")
    workspace.project.revision("writer", date="2025-01-20")
    assert workspace.project.check() == []
    assert workspace.project.check("general") == []
    assert workspace.project.check(database=True) == []
    assert workspace.project.manifest(check=True) == []


def test_a_project_without_versions_has_no_findings(
    sqlite: Database, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace(sqlite)
    assert workspace.project.check() == []
    assert workspace.run("check").returncode == 0


def test_check_reads_files_only(chain: Chain) -> None:
    """It needs no database, and changes nothing."""
    before = {p: p.stat().st_mtime_ns for p in chain.workspace.revisions.rglob("*.*")}
    project = Project(chain.workspace.folder / "alembic.ini")
    assert project.check() == []
    assert {p: p.stat().st_mtime_ns for p in chain.workspace.revisions.rglob("*.*")} == before


def test_texts_that_look_like_a_conflict_are_no_conflict(
    sqlite: Database, make_workspace: MakeWorkspace
) -> None:
    """Demo data of a developer's tool may well show one."""
    chain = small.make(make_workspace(sqlite), "v1")
    conflict = "see\n<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> branch\n"
    with sqlite.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE cards SET title = ? WHERE id = 1", (conflict,))
    everything = sqlite.dump()
    chain.project.revision("general", message="<<<<<<< HEAD")
    assert chain.project.check(database=True) == []
    chain.project.downgrade("general", "base")
    chain.project.upgrade("general@head")
    assert sqlite.dump() == everything


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
    only(chain.project.check(), V2 + ".py", "is no Python: invalid syntax", line)


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
        ('"checks": "via card_id"', '"checks": "all"', "no rule"),
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
    assert "not one of demosnap's" in finding.message


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


# ---------------------------------------------------------------------- the graph of versions


def test_two_heads_are_found_with_both_names(chain: Chain) -> None:
    chain.project.downgrade("general", "v1")
    chain.database.execute("UPDATE cards SET title = 'beside' WHERE id = 1")
    spliced = chain.project.revision("general", splice=True, date="2025-02-02").version
    finding = only(chain.project.check(), "demo_revisions/general", "2 heads")
    assert chain.ids()["v2"] in finding.message
    assert spliced.revision in finding.message
    assert finding.hint


def test_duplicate_version_numbers_are_found(chain: Chain) -> None:
    """As after a merge of two branches on which v3 was captured on different days."""
    kept = {}
    for date in ("2025-02-02", "2025-02-03"):
        chain.database.execute(f"UPDATE cards SET title = 'at {date}' WHERE id = 1")
        version = chain.project.revision("general", date=date).version
        assert version.short == "v3"
        for end in (".py", ".sql"):
            file = Path(version.folder) / Path(version.file).with_suffix(end)
            kept[file] = file.read_bytes()
            file.unlink()
        chain.database.execute(
            f"UPDATE demosnap_version SET version_num = '{chain.ids()['v2']}'"
            " WHERE version_num LIKE 'general%'"
        )
    for file, data in kept.items():
        file.write_bytes(data)
    chain.project.manifest()
    messages = [finding.message for finding in chain.project.check()]
    assert len(messages) == 2
    assert messages[0].startswith("general has 2 heads: v3_2025-02-02")
    assert messages[1] == "v3_2025-02-03 and v3_2025-02-02 have the same number"


def test_a_scenario_that_the_configuration_lacks_is_found_with_its_line(chain: Chain) -> None:
    text = small.SETTINGS.replace("  writer: {}\n", "")
    chain.workspace.configure(text)
    line = text.splitlines().index("scenarios:") + 1
    only(chain.project.check(), "demo_revisions/demosnap.yaml", "scenario writer", line)


# ---------------------------------------------------------------------- links and metadata


def test_a_stale_latest_link_is_found_and_mended(chain: Chain) -> None:
    link = path(chain, LATEST)
    link.unlink()
    link.symlink_to("general_v1_2025-01-15.sql")
    only(chain.project.check(), LATEST, "general_v1_2025-01-15.sql.*general_v2_2025-01-20.sql")
    chain.project.manifest()
    assert chain.project.check() == []


@pytest.mark.parametrize("how", ["missing", "dangling", "copy", "stale copy", "folder"])
def test_a_latest_link_that_is_none_is_found(chain: Chain, how: str) -> None:
    link = path(chain, LATEST)
    link.unlink()
    if how == "dangling":
        link.symlink_to("general_v9_2025-01-15.sql")
    elif how == "copy":
        shutil.copyfile(path(chain, V2 + ".sql"), link)
        assert chain.project.check() == []
        return
    elif how == "stale copy":
        shutil.copyfile(path(chain, V1 + ".sql"), link)
    elif how == "folder":
        link.mkdir()
    (finding,) = chain.project.check()
    assert finding.file == LATEST
    assert "demosnap manifest" in (finding.hint or "")


@pytest.mark.parametrize("name", [MANIFEST, SCHEMAS])
@pytest.mark.parametrize("damage", [b"{}\n", b"", b"\xff\xfe", None])
def test_stale_and_missing_metadata_is_found_and_mended(
    chain: Chain, name: str, damage: bytes | None
) -> None:
    file = path(chain, name)
    text = file.read_bytes()
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(damage)
    finding = only(chain.project.check(), name, "missing" if damage is None else "not what")
    assert "demosnap manifest" in (finding.hint or "")
    assert chain.project.manifest(check=True) == [finding]
    chain.project.manifest()
    assert file.read_bytes() == text
    assert chain.project.check() == []


def test_metadata_of_a_version_more_or_less_is_stale(chain: Chain) -> None:
    for end in (".py", ".sql"):
        path(chain, WRITER + end).unlink()
    path(chain, "demo_revisions/writer/latest.sql").unlink()
    assert [finding.file for finding in chain.project.check()] == [MANIFEST, SCHEMAS]


def test_everything_that_is_wrong_is_found_at_once(chain: Chain) -> None:
    edit(path(chain, V1 + ".sql"), "'Demo'", "'demo'")
    edit(path(chain, V2 + ".sql"), "COMMIT;", "commit;")
    edit(path(chain, V1 + ".py"), "depends_on = None", "depends_on = []")
    path(chain, LATEST).unlink()
    path(chain, MANIFEST).unlink()
    found = {finding.file for finding in chain.project.check()}
    assert found == {V1 + ".sql", V2 + ".sql", V1 + ".py", LATEST, MANIFEST}


def test_a_check_of_one_scenario_looks_at_that_alone(chain: Chain) -> None:
    edit(path(chain, WRITER + ".sql"), "COMMIT;", "commit;")
    path(chain, LATEST).unlink()
    assert [f.file for f in chain.project.check("general")] == [LATEST]
    assert [f.file for f in chain.project.check("writer")] == [WRITER + ".sql"]
    with pytest.raises(UnknownNameError, match="did you mean 'writer'"):
        chain.project.check("writr")


# ---------------------------------------------------------------------- a real git merge

V3 = "demo_revisions/general/general_v3_2025-02-02"


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_conflict_markers_of_a_git_merge_are_found_and_explained(chain: Chain, style: str) -> None:
    """Two people captured v3 on the same day: all four files hold markers."""
    git, _ = two_branches(chain, ("2025-02-02T10:00", "2025-02-02T11:00"), style)
    conflicting = git.conflicting()
    assert conflicting == [V3 + ".py", V3 + ".sql", MANIFEST, SCHEMAS]
    findings = chain.project.check()
    assert sorted(finding.file or "" for finding in findings) == conflicting
    for finding in findings:
        lines = path(chain, finding.file or "").read_text().splitlines()
        assert finding.line is not None
        assert lines[finding.line - 1].startswith("<<<<<<< ")
        assert "conflict" in finding.message
    hints = {finding.file: finding.hint or "" for finding in findings}
    assert "demosnap manifest" in hints[MANIFEST]
    assert "git checkout --ours" in hints[V3 + ".py"]
    assert V3.rpartition("/")[2] + ".py" in hints[V3 + ".sql"]


def test_the_advice_about_a_conflict_leads_out_of_it(chain: Chain) -> None:
    git, _ = two_branches(chain, ("2025-02-02T10:00", "2025-02-02T11:00"))
    git("checkout", "--ours", "--", V3 + ".py", V3 + ".sql")
    assert {finding.file for finding in chain.project.check()} == {MANIFEST, SCHEMAS}
    chain.project.manifest()
    assert chain.project.check() == []
    git.commit("merged")
    chain.project.load("general", discard=True)
    assert chain.database.rows("SELECT title FROM cards WHERE id = 1") == [("by ours",)]


def test_a_merge_of_captures_of_two_days_leaves_two_heads_to_be_found(chain: Chain) -> None:
    git, _ = two_branches(chain, ("2025-02-02", "2025-02-03"))
    assert set(git.conflicting()) >= {MANIFEST, SCHEMAS}
    found = chain.project.check()
    assert {MANIFEST, SCHEMAS} <= {finding.file for finding in found}
    assert any("2 heads" in finding.message for finding in found)
    chain.project.manifest()
    messages = [finding.message for finding in chain.project.check()]
    assert any("2 heads" in message for message in messages)
    assert any("same number" in message for message in messages)
    for end in (".py", ".sql"):
        path(chain, f"demo_revisions/general/general_v3_2025-02-03{end}").unlink()
    chain.project.manifest()
    assert chain.project.check() == []


def test_a_conflict_in_one_kind_of_file_alone_is_found(chain: Chain) -> None:
    """One side of the merge was taken for some of the files."""
    git, _ = two_branches(chain, ("2025-02-02T10:00", "2025-02-02T11:00"))
    conflicting = git.conflicting()
    conflicted = {name: path(chain, name).read_bytes() for name in conflicting}
    for name in conflicting:
        git("checkout", "--ours", "--", *(other for other in conflicting if other != name))
        path(chain, name).write_bytes(conflicted[name])
        found = of(chain.project.check(), name)
        assert len(found) == 1, name
        assert "conflict" in found[0].message
        git("checkout", "--ours", "--", name)


def test_conflict_markers_in_the_configuration_are_explained(chain: Chain) -> None:
    git = Git(chain.workspace.folder)
    for branch in ("ours", "theirs"):
        git("checkout", "-q", "-b", branch, "main")
        chain.workspace.configure(small.SETTINGS + f"  {branch}: {{}}\n")
        git.commit(branch)
    assert git("merge", "-q", "ours", check=False).returncode == 1
    line = (chain.workspace.revisions / "demosnap.yaml").read_text().splitlines()
    with pytest.raises(ConfigError, match="has conflict markers of a git merge") as caught:
        chain.project.check()
    assert caught.value.line == line.index("<<<<<<< HEAD") + 1
    assert (caught.value.file or "").endswith("demosnap.yaml")


# ---------------------------------------------------------------------- the database


def test_rows_changed_since_the_load_are_found(loaded: Chain) -> None:
    loaded.database.execute("UPDATE cards SET title = 'Drifted' WHERE id = 1")
    (finding,) = loaded.project.check(database=True)
    assert finding.message.startswith("general v2_2025-01-20: cards: row id=1: title is 'Drifted'")
    assert loaded.project.check() == []
    assert loaded.project.check("writer", database=True) == []


def test_rows_gone_and_rows_come_since_the_load_are_found(loaded: Chain) -> None:
    loaded.database.execute(
        "DELETE FROM checks WHERE id = 5",
        "INSERT INTO cards VALUES (7, 1, NULL, 'New', TRUE, 'general')",
    )
    messages = [finding.message for finding in loaded.project.check(database=True)]
    assert any("cards: the row id=7 is not in the snapshot" in message for message in messages)
    assert any("checks: the row id=5 is missing" in message for message in messages)


def test_a_truncated_database_is_found(loaded: Chain) -> None:
    loaded.database.execute(*small.REMOVE["general"])
    messages = [finding.message for finding in loaded.project.check(database=True)]
    assert any("boards: the row id=1 is missing" in message for message in messages)


def test_demo_rows_in_a_table_that_the_version_does_not_have_are_found(loaded: Chain) -> None:
    loaded.database.execute(
        "CREATE TABLE labels (id INTEGER NOT NULL PRIMARY KEY, is_demo BOOLEAN,"
        " scenario VARCHAR(20))",
        "INSERT INTO labels VALUES (1, TRUE, 'general'), (2, FALSE, NULL)",
    )
    (finding,) = loaded.project.check(database=True)
    assert "labels holds 1 demo row," in finding.message
    assert "demosnap revision general" in (finding.hint or "")


def test_a_stamp_that_no_script_knows_is_found(loaded: Chain) -> None:
    loaded.database.execute("INSERT INTO demosnap_version VALUES ('other_v3_0123abcd')")
    (finding,) = loaded.project.check(database=True)
    assert "other_v3_0123abcd" in finding.message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("ALTER TABLE cards DROP COLUMN title", "column cards.title"),
        ("DROP TABLE checks", "table checks"),
        ("ALTER TABLE boards RENAME COLUMN name TO label", "column boards.name"),
    ],
)
def test_tables_that_fit_no_longer_are_found(loaded: Chain, change: str, words: str) -> None:
    loaded.database.execute(change)
    messages = [finding.message for finding in loaded.project.check(database=True)]
    assert any(words in message for message in messages)


def test_a_new_column_that_must_be_given_is_found(
    database: Database, make_workspace: MakeWorkspace
) -> None:
    """Also where nothing is loaded: the head could not be."""
    chain = small.make(make_workspace(database), "v1")
    chain.project.downgrade("general", "base")
    small_columns = "id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, weight INTEGER"
    database.execute(
        "DROP TABLE checks",
        f"CREATE TABLE checks ({small_columns} NOT NULL, done VARCHAR(40), card_id INTEGER"
        " NOT NULL REFERENCES cards (id))",
    )
    messages = [finding.message for finding in chain.project.check(database=True)]
    assert any("column checks.weight is NOT NULL" in message for message in messages)
    assert any("column checks.name is NOT NULL" in message for message in messages)


def test_the_files_are_checked_first(loaded: Chain) -> None:
    """A database cannot be compared with files that are wrong."""
    loaded.database.execute("UPDATE cards SET title = 'Drifted' WHERE id = 1")
    path(loaded, MANIFEST).unlink()
    assert [finding.file for finding in loaded.project.check(database=True)] == [MANIFEST]


def test_a_database_where_nothing_is_loaded_is_right(loaded: Chain) -> None:
    loaded.project.downgrade("general", "base")
    loaded.project.downgrade("writer", "base")
    assert loaded.project.check(database=True) == []


# ---------------------------------------------------------------------- the command


def test_the_command_ends_with_3_and_prints_file_line_message_and_hint(chain: Chain) -> None:
    line = edit(path(chain, V2 + ".py"), "depends_on = None", "depends_on = 0")
    done = chain.workspace.run("check", check=False)
    assert done.returncode == 3
    assert done.stdout.startswith(f"{V2}.py:{line}: is not what demosnap generates\n  ")
    assert "1 problem" in done.stderr


def test_the_command_ends_with_0_and_says_how_much_it_read(chain: Chain) -> None:
    done = chain.workspace.run("check")
    assert done.stdout == "3 revisions, no problems\n"


def test_json_of_check_has_a_stable_shape(chain: Chain) -> None:
    assert json.loads(chain.workspace.run("check", "--json").stdout) == []
    line = edit(path(chain, V2 + ".py"), "depends_on = None", "depends_on = 0")
    path(chain, MANIFEST).unlink()
    done = chain.workspace.run("check", "--json", check=False)
    assert done.returncode == 3
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert found == [
        {
            "message": "is not what demosnap generates",
            "file": f"{V2}.py",
            "line": line,
            "hint": "expected: depends_on = None",
        },
        {
            "message": "is missing",
            "file": MANIFEST,
            "line": None,
            "hint": "`demosnap manifest` rebuilds it.",
        },
    ]
