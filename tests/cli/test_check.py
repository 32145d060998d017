"""`check` finds what is wrong with the graph, links and metadata; what is right it lets be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from demosnap.errors import UnknownNameError
from demosnap.project import Project
from support import small
from support.databases import Database
from support.findings import LATEST, MANIFEST, SCHEMAS, V1, V2, WRITER, edit, only, path
from support.small import Chain
from support.workspaces import MakeWorkspace, Workspace

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
    finding = only(chain.project.check(), name, "missing" if damage is None else "does not match")
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
