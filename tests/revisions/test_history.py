"""Looking: history, heads, current, show and manifest, as values and as the commands print them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demosnap.cli import render
from demosnap.errors import DatabaseError, DemosnapError, ScriptError, UnknownNameError, UsageError
from demosnap.project import Project
from demosnap.results import HistoryEntry
from support import copies, small
from support.databases import Database
from support.small import Chain
from support.workspaces import Workspace

pytestmark = pytest.mark.long

MakeWorkspace = Callable[[Database], Workspace]


@pytest.fixture
def pair(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1 and v2 of general and v1 of writer; the database is at both heads."""
    return small.copied(make_workspace(database), "v1", "v2", writer=True)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `sqlite_pair` is a copy of."""
    return copies.build(tmp_path_factory.mktemp("template"), "v1", "v2", writer=True)


@pytest.fixture
def sqlite_pair(template: Path, tmp_path: Path) -> Iterator[Chain]:
    """The same as `pair` on SQLite alone."""
    yield from copies.copy(template, tmp_path)


@pytest.fixture(scope="module")
def template_of_eleven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `eleven` is a copy of."""
    folder = copies.build(tmp_path_factory.mktemp("template"), "v1")
    for chain in copies.copy(folder, tmp_path_factory.mktemp("eleven")):
        for number in range(2, 12):
            chain.database.execute(f"UPDATE cards SET title = 'at {number}' WHERE id = 1")
            chain.project.revision("general", date=f"2025-02-{number:02}")
        return chain.workspace.folder.parent
    raise AssertionError


@pytest.fixture
def eleven(template_of_eleven: Path, tmp_path: Path) -> Iterator[Chain]:
    """Versions v1 to v11 of general; the database is at v11."""
    yield from copies.copy(template_of_eleven, tmp_path)


def names(entries: list[HistoryEntry]) -> list[str]:
    """Render entries as `general v1`."""
    return [f"{entry.version.scenario} {entry.version.short}" for entry in entries]


def without_database(chain: Chain) -> list[Project]:
    """Return projects whose database is gone, is no database, and is not named."""
    ini = chain.workspace.folder / "alembic.ini"
    return [
        Project(ini, url=f"sqlite:///{chain.workspace.folder}/not/there.db"),
        Project(ini, url="postgresql://nobody:secret@127.0.0.1:1/none"),
        Project(ini, url="nonsense://x"),
        Project(ini),
    ]


# ---------------------------------------------------------------------- history


def test_history_is_newest_first_with_what_is_known_of_each_version(pair: Chain) -> None:
    entries = pair.project.history()
    assert names(entries) == ["writer v1", "general v2", "general v1"]
    v2 = entries[1].version
    assert (v2.version, v2.created_at) == ("v2_2025-01-20", "2025-01-20T00:00:00Z")
    assert v2.rows == {"boards": 1, "cards": 3, "checks": 2}
    assert v2.size == (Path(v2.folder) / v2.file).stat().st_size
    assert v2.down_revision == entries[2].version.revision
    assert [entry.head for entry in entries] == [True, True, False]
    assert [entry.current for entry in entries] == [True, True, False]


def test_history_is_of_one_scenario_when_it_is_named(pair: Chain) -> None:
    assert names(pair.project.history("general")) == ["general v2", "general v1"]
    assert names(pair.project.history("writer")) == ["writer v1"]
    with pytest.raises(UnknownNameError, match="did you mean 'writer'"):
        pair.project.history("write")


def test_history_of_a_project_without_versions_is_empty(
    sqlite: Database, make_workspace: MakeWorkspace
) -> None:
    chain = small.make(make_workspace(sqlite))
    assert chain.project.history() == []
    assert chain.project.heads() == []
    assert chain.project.current() == []
    for command in ("history", "heads", "current"):
        done = chain.workspace.run(command)
        assert done.stdout == ""
        assert json.loads(chain.workspace.run(command, "--json").stdout) == []


def test_the_databases_own_place_moves_with_it(pair: Chain) -> None:
    def current() -> list[str]:
        return names([entry for entry in pair.project.history() if entry.current])

    pair.project.downgrade("general", "v1")
    assert current() == ["writer v1", "general v1"]
    pair.project.downgrade("writer", "base")
    assert current() == ["general v1"]
    pair.project.downgrade("general", "base")
    assert current() == []
    assert {entry.current for entry in pair.project.history()} == {False}


def test_a_database_that_cannot_be_reached_is_no_error_and_no_place(sqlite_pair: Chain) -> None:
    for project in without_database(sqlite_pair):
        assert [entry.current for entry in project.history()] == [None] * 3
        assert [entry.current for entry in project.heads()] == [None] * 2
        assert project.show("general@v1").current is None


def test_a_database_without_demosnaps_tables_has_no_place(sqlite_pair: Chain) -> None:
    sqlite_pair.database.execute("DROP TABLE demosnap_version", "DROP TABLE demosnap_log")
    assert {entry.current for entry in sqlite_pair.project.history()} == {False}
    assert sqlite_pair.project.current() == []


def test_looking_leaves_no_trace_in_the_database(pair: Chain) -> None:
    before = pair.everything()
    project = pair.project
    project.history()
    project.heads()
    project.current()
    project.show("general@v1")
    project.check(database=True)
    assert pair.everything() == before


@pytest.mark.parametrize(
    ("rev_range", "expected"),
    [
        ("general@v3:general@v5", ["v5", "v4", "v3"]),
        ("general@v9:", ["v11", "v10", "v9"]),
        (":general@v2", ["v2", "v1"]),
        ("general@v10:general@head", ["v11", "v10"]),
        ("general@base:general@v1", ["v1"]),
        ("base:general@v2", ["v2", "v1"]),
        ("general@v10:heads", ["v11", "v10"]),
        ("general@v10 : head", ["v11", "v10"]),
        (":current", ["v7", "v6", "v5", "v4", "v3", "v2", "v1"]),
        ("current:", ["v7", "v8", "v9", "v10", "v11"][::-1]),
        ("general@v6:current", ["v7", "v6"]),
        ("general@v5:general@v3", []),
        ("general@v4:general@v4", ["v4"]),
    ],
)
def test_a_range_is_alembics_a_b(eleven: Chain, rev_range: str, expected: list[str]) -> None:
    eleven.project.downgrade("general", "v7")
    entries = eleven.project.history(rev_range=rev_range)
    assert [entry.version.short for entry in entries] == expected
    assert [e.version.short for e in entries if e.current] == [n for n in expected if n == "v7"]


@pytest.mark.parametrize("rev_range", ["general@v3", "a:b:c", ""])
def test_what_is_no_range_is_an_error(sqlite_pair: Chain, rev_range: str) -> None:
    with pytest.raises(UsageError, match="is not a range"):
        sqlite_pair.project.history(rev_range=rev_range)


def test_current_in_a_range_needs_the_database(sqlite_pair: Chain) -> None:
    for rev_range in ("current:", ":current"):
        with pytest.raises(DemosnapError, match="database"):
            without_database(sqlite_pair)[0].history(rev_range=rev_range)


def test_current_in_a_range_is_base_where_nothing_is_loaded(sqlite_pair: Chain) -> None:
    sqlite_pair.project.downgrade("general", "base")
    sqlite_pair.project.downgrade("writer", "base")
    everything = sqlite_pair.project.history()
    assert sqlite_pair.project.history(rev_range="current:") == everything
    assert sqlite_pair.project.history(rev_range=":current") == []
    assert names(sqlite_pair.project.history(rev_range="writer@base:")) == ["writer v1"]


def test_an_unknown_version_in_a_range_is_an_error(sqlite_pair: Chain) -> None:
    with pytest.raises(UnknownNameError, match="v7"):
        sqlite_pair.project.history(rev_range="general@v1:general@v7")


# ---------------------------------------------------------------------- names


def test_v1_is_not_v10(eleven: Chain) -> None:
    """Neither by short name nor by full name, and no prefix of a short name is one."""
    project = eleven.project
    for number in range(1, 12):
        entry = project.show(f"general@v{number}")
        assert entry.version.number == number
        assert project.show(f"general@{entry.version.version}") == entry
    for name in ("general@v", "general@v12", "general@v01", "general@v1_", "general@v1_2025"):
        with pytest.raises((UnknownNameError, UsageError)):
            project.show(name)


def test_an_id_goes_by_its_unique_beginning(eleven: Chain) -> None:
    project = eleven.project
    for entry in project.history():
        id_ = entry.version.revision
        assert project.show(id_) == entry
        assert project.show(id_[:-3]) == entry
        assert project.show(f"general@{id_[:-3]}") == entry
    assert project.show("general_v1_").version.short == "v1"
    with pytest.raises(UsageError, match="beginning of several ids"):
        project.show("general_v1")
    with pytest.raises(UsageError):
        project.show("general_v")


def test_load_and_show_take_the_only_scenario(eleven: Chain) -> None:
    """Its head where no version is named."""
    for name in (None, "general", "head", "general@head"):
        assert eleven.project.show(name).version.short == "v11"
    assert eleven.project.show("v2").version.short == "v2"
    eleven.project.load("v2")
    assert [entry.version.short for entry in eleven.project.current() if entry.version] == ["v2"]
    eleven.project.load()
    assert [entry.version.short for entry in eleven.project.current() if entry.version] == ["v11"]


def test_load_and_show_need_a_scenario_where_there_are_two(sqlite_pair: Chain) -> None:
    assert sqlite_pair.project.show("general").version.short == "v2"
    for name in (None, "v1", "head"):
        for verb in (sqlite_pair.project.show, sqlite_pair.project.load):
            with pytest.raises(UsageError, match=r"no scenario") as caught:
                verb(name)
            assert "general, writer" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("v1", "SCENARIO@v1"),
        ("head", "SCENARIO@head"),
        ("generl@head", "did you mean 'general'"),
        ("general@v3", "v2_2025-01-20"),
        ("general@v2_2025-01-21", "did you mean 'v2_2025-01-20'"),
        ("general@base", "before the first version"),
        ("general@", "version of general"),
        ("@v1", "scenario"),
        ("0123abcd", "unknown revision"),
    ],
)
def test_a_name_that_means_no_version_says_what_does(
    sqlite_pair: Chain, name: str, words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        sqlite_pair.project.show(name)
    assert words in str(caught.value)


def test_relative_names_are_counted_from_the_database(eleven: Chain) -> None:
    eleven.project.downgrade("general", "v7")
    assert eleven.project.show("general@-2").version.short == "v5"
    assert eleven.project.show("general@+3").version.short == "v10"


# ---------------------------------------------------------------------- heads, show, current


def test_heads_are_the_newest_of_each_scenario_with_their_place(pair: Chain) -> None:
    entries = pair.project.heads()
    assert names(entries) == ["general v2", "writer v1"]
    assert [(entry.head, entry.current) for entry in entries] == [(True, True)] * 2
    pair.project.downgrade("general", "v1")
    assert [entry.current for entry in pair.project.heads()] == [False, True]


def test_two_heads_are_both_shown_and_head_means_neither(sqlite_pair: Chain) -> None:
    sqlite_pair.project.downgrade("general", "v1")
    sqlite_pair.database.execute("UPDATE cards SET title = 'x' WHERE id = 1")
    sqlite_pair.project.revision("general", splice=True)
    assert names(sqlite_pair.project.heads()) == ["general v2", "general v3", "writer v1"]
    with pytest.raises(ScriptError, match="2 heads"):
        sqlite_pair.project.show("general@head")
    assert sqlite_pair.project.show("general@v3").head


def test_show_is_one_entry_of_history(pair: Chain) -> None:
    for entry in pair.project.history():
        assert pair.project.show(entry.version.revision) == entry


def test_current_counts_the_rows_that_are_there(pair: Chain) -> None:
    entries = pair.project.current()
    assert [(e.scenario, e.version.short, e.head) for e in entries] == [
        ("general", "v2", True),
        ("writer", "v1", True),
    ]
    assert entries[0].rows == {"boards": 1, "cards": 3, "checks": 2}
    assert entries[1].rows == {"boards": 1, "cards": 1, "checks": 1}
    pair.database.execute("DELETE FROM checks WHERE id = 5")
    pair.project.downgrade("writer", "base")
    (entry,) = pair.project.current()
    assert entry.rows == {"boards": 1, "cards": 3, "checks": 1}
    assert entry.version.rows == {"boards": 1, "cards": 3, "checks": 2}


def test_current_names_a_stamp_that_no_script_knows(pair: Chain) -> None:
    pair.database.execute("INSERT INTO demosnap_version VALUES ('other_v3_0123abcd')")
    entry = next(e for e in pair.project.current() if e.version is None)
    assert (entry.scenario, entry.revision, entry.head) == ("other", "other_v3_0123abcd", False)
    assert entry.rows is None
    assert names(pair.project.history()) == ["writer v1", "general v2", "general v1"]


def test_current_needs_the_database(sqlite_pair: Chain) -> None:
    gone = Project(sqlite_pair.workspace.folder / "alembic.ini", url="sqlite:////not/there/demo.db")
    with pytest.raises(DatabaseError, match="no database file"):
        gone.current()


# ---------------------------------------------------------------------- the shape of --json

VERSION_KEYS = [
    "revision",
    "down_revision",
    "scenario",
    "version",
    "message",
    "created_at",
    "rows",
    "total",
    "size",
    "file",
    "digest",
    "dialect",
    "format",
    "head",
    "current",
]


def as_json(chain: Chain, *arguments: str) -> Any:
    """Run a command with --json."""
    return json.loads(chain.workspace.run(*arguments, "--json").stdout)


def test_json_of_history_heads_and_show_has_a_stable_shape(sqlite_pair: Chain) -> None:
    found = as_json(sqlite_pair, "history")
    assert [list(version) for version in found] == [VERSION_KEYS] * 3
    v2 = sqlite_pair.project.show("general@v2").version
    assert found[1] == {
        "revision": v2.revision,
        "down_revision": sqlite_pair.ids()["v1"],
        "scenario": "general",
        "version": "v2_2025-01-20",
        "message": "",
        "created_at": "2025-01-20T00:00:00Z",
        "rows": {"boards": 1, "cards": 3, "checks": 2},
        "total": 6,
        "size": v2.size,
        "file": "general/general_v2_2025-01-20.sql",
        "digest": v2.digest,
        "dialect": "sqlite",
        "format": 1,
        "head": True,
        "current": True,
    }
    assert found[2]["down_revision"] is None
    assert as_json(sqlite_pair, "heads") == [found[1], found[0]]
    assert as_json(sqlite_pair, "history", "general", "-r", ":general@v1") == [found[2]]
    shown = as_json(sqlite_pair, "show", "general@v2")
    assert shown == {
        **found[1],
        "selection": {"boards": "marker", "cards": "marker", "checks": "via card_id"},
        "columns": {},
        "ignored": {},
        "external_references": [],
        "application_revision": {},
    }


def test_json_of_current_has_a_stable_shape(sqlite_pair: Chain) -> None:
    sqlite_pair.project.downgrade("writer", "base")
    sqlite_pair.database.execute(
        "INSERT INTO demosnap_version VALUES ('writer_v3_0123abcd')",
        "DELETE FROM checks WHERE id = 5",
    )
    assert as_json(sqlite_pair, "current") == [
        {
            "scenario": "general",
            "revision": sqlite_pair.ids()["v2"],
            "version": "v2_2025-01-20",
            "head": True,
            "rows": {"boards": 1, "cards": 3, "checks": 1},
            "total": 5,
            "expected": {"boards": 1, "cards": 3, "checks": 2},
            "left_out": {},
        },
        {
            "scenario": "writer",
            "revision": "writer_v3_0123abcd",
            "version": None,
            "head": False,
            "rows": None,
            "total": None,
            "expected": None,
            "left_out": {},
        },
    ]


def test_json_says_null_where_the_database_could_not_be_asked(sqlite_pair: Chain) -> None:
    done = sqlite_pair.workspace.run("history", "--json", "--url", "sqlite:////not/there.db")
    assert [version["current"] for version in json.loads(done.stdout)] == [None] * 3
    assert done.stderr == ""


def test_the_commands_show_version_message_date_rows_size_file_and_place(
    sqlite_pair: Chain,
) -> None:
    sqlite_pair.database.execute("UPDATE cards SET title = 'x' WHERE id = 1")
    sqlite_pair.project.revision("general", message="v3: with a message", date="2025-03-02")
    done = sqlite_pair.workspace.run("history", "general")
    size = sqlite_pair.project.show("general@v3").version.size
    for words in (
        "general@v3",
        "head, current",
        "with a message",
        "2025-03-02",
        "6",
        render.size(size),
        "general_v3_2025-03-02.sql",
        "general@v1",
    ):
        assert words in done.stdout
    verbose = sqlite_pair.workspace.run("-v", "history", "general").stdout
    for entry in sqlite_pair.project.history("general"):
        assert entry.version.digest in verbose
        assert entry.version.revision in verbose
    assert sqlite_pair.workspace.run("history", "-i").stdout
    assert "general@v3" not in sqlite_pair.workspace.run("history", "-r:general@v2").stdout


# ---------------------------------------------------------------------- the manifest


def manifest_of(chain: Chain) -> Any:
    """Read the manifest's file."""
    file = chain.workspace.revisions / "metadata" / "export_manifest.json"
    return json.loads(file.read_text(encoding="utf-8"))


def test_the_manifest_has_the_documents_fields_by_their_names(workspace: Workspace) -> None:
    workspace.project.revision("general", message="v1: first", date="2025-01-15T10:30:00Z")
    workspace.seed("general", 2)
    workspace.project.revision("general", date="2025-01-20T14:15:00Z")
    workspace.seed("writer")
    workspace.project.revision("writer", date="2025-01-16")
    metadata = workspace.revisions / "metadata"
    found = json.loads((metadata / "export_manifest.json").read_text(encoding="utf-8"))
    assert list(found["scenarios"]) == ["general", "writer"]
    assert found["last_updated"] == "2025-01-20T14:15:00Z"
    general = found["scenarios"]["general"]
    assert general["latest"] == "v2_2025-01-20"
    first, second = general["versions"]
    v1, v2 = (workspace.project.show(f"general@v{n}").version for n in (1, 2))
    assert first == {
        "version": "v1_2025-01-15",
        "file": "general/general_v1_2025-01-15.sql",
        "created_at": "2025-01-15T10:30:00Z",
        "size": v1.size,
        "vaults": 2,
        "projects": 4,
        "fragments": 175,
        "todos": 100,
        "contacts": 25,
        "chat_sessions": 10,
        "rows": v1.rows,
        "revision": v1.revision,
        "down_revision": None,
        "message": "first",
        "digest": v1.digest,
        "format": 1,
        "dialect": workspace.database.server,
    }
    assert (second["fragments"], second["todos"], second["chat_sessions"]) == (180, 105, 12)
    assert second["down_revision"] == v1.revision
    assert second["size"] == (workspace.revisions / second["file"]).stat().st_size
    assert second["digest"] == v2.digest

    schemas = json.loads((metadata / "schema_versions.json").read_text(encoding="utf-8"))
    assert list(schemas["revisions"]) == [
        v1.revision,
        v2.revision,
        workspace.project.show("writer@v1").version.revision,
    ]
    (schema,) = schemas["schemas"].values()
    assert sorted(schema["tables"]) == sorted(v1.rows)


def test_the_manifest_is_rebuilt_from_the_scripts_never_from_old_files(sqlite_pair: Chain) -> None:
    metadata = sqlite_pair.workspace.revisions / "metadata"
    link = sqlite_pair.workspace.revisions / "general" / "latest.sql"
    files = {path: path.read_bytes() for path in metadata.iterdir()}
    assert len(files) == 2
    for damage in ("{}", "no json", None):
        for path in files:
            if damage is None:
                path.unlink()
            else:
                path.write_text(damage)
        link.unlink(missing_ok=True)
        assert len(sqlite_pair.project.manifest(check=True)) == 3
        assert sqlite_pair.project.manifest() == []
        assert {path: path.read_bytes() for path in metadata.iterdir()} == files
        assert str(link.readlink()) == "general_v2_2025-01-20.sql"
        assert sqlite_pair.project.manifest(check=True) == []


def test_the_manifest_needs_no_database_and_no_clock(sqlite_pair: Chain) -> None:
    before = manifest_of(sqlite_pair)
    for project in without_database(sqlite_pair):
        assert project.manifest() == []
        assert json.loads(project.manifest_text()) == before
    assert manifest_of(sqlite_pair) == before


def test_manifest_check_ends_with_3_and_names_the_stale_files(sqlite_pair: Chain) -> None:
    workspace = sqlite_pair.workspace
    assert workspace.run("manifest", "--check").returncode == 0
    file = workspace.revisions / "metadata" / "export_manifest.json"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"cards": 3', '"cards": 4'), encoding="utf-8")
    done = workspace.run("manifest", "--check", check=False)
    assert done.returncode == 3
    assert "demo_revisions/metadata/export_manifest.json" in done.stdout
    assert file.read_text(encoding="utf-8") != text
    assert workspace.run("manifest").returncode == 0
    assert file.read_text(encoding="utf-8") == text


def test_manifest_stdout_prints_what_the_file_would_hold(sqlite_pair: Chain) -> None:
    file = sqlite_pair.workspace.revisions / "metadata" / "export_manifest.json"
    text = file.read_text(encoding="utf-8")
    file.unlink()
    assert sqlite_pair.workspace.run("manifest", "--stdout").stdout == text
    assert not file.exists()


def test_a_table_named_as_a_field_keeps_its_count_under_rows(
    sqlite: Database, make_workspace: MakeWorkspace
) -> None:
    chain = small.make(make_workspace(sqlite))
    sqlite.execute(
        "CREATE TABLE size (id INTEGER PRIMARY KEY, is_demo BOOLEAN, scenario TEXT)",
        "INSERT INTO size VALUES (1, TRUE, 'general')",
    )
    version = chain.project.revision("general").version
    (entry,) = manifest_of(chain)["scenarios"]["general"]["versions"]
    assert entry["size"] == version.size != 1
    assert entry["rows"] == {"boards": 0, "cards": 0, "size": 1, "checks": 0}
    assert (entry["boards"], entry["cards"]) == (0, 0)


def test_before_the_first_version_a_name_says_how_to_capture_one(
    sqlite: Database, make_workspace: Callable[[Database], Workspace]
) -> None:
    chain = small.make(make_workspace(sqlite))
    for command in ("upgrade general@head", "diff general", "reset general"):
        done = chain.workspace.run(*command.split(), check=False)
        assert done.returncode == 2
        assert "There are no versions yet: `demosnap revision SCENARIO" in done.stderr
