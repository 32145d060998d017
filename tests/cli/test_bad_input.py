"""Bad input: one clear line on standard error, exit code 1 or 2, nothing changed, no traceback.

These run commands as a user would. Nothing here may take a password into its output.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from support.projects import DEMOSNAP, copied, state
from support.workspaces import EXAMPLE_SETTINGS, Workspace

V1 = "general_v1_2025-01-15"
SECRET = "geheim42"


def refused(
    workspace: Workspace, command: str, code: int, *says: str
) -> subprocess.CompletedProcess[str]:
    """Run a command that must be refused with `code`, saying all of `says`, changing nothing."""
    before = state(workspace)
    done = workspace.run(*shlex.split(command), check=False)
    assert_refused(done, code, *says)
    assert state(workspace) == before
    return done


def assert_refused(done: subprocess.CompletedProcess[str], code: int, *says: str) -> None:
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    assert not errors[0].startswith("error: unexpected")
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr
    for text in says:
        assert text in done.stderr


def sql(workspace: Workspace, *statements: str) -> None:
    with closing(sqlite3.connect(workspace.folder / "demo.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


# ---------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        ("revisoin general", 2, "unknown command 'revisoin'; did you mean 'revision'?"),
        ("--nonsense", 2, "no such option '--nonsense'"),
        ("upgrade general@head --dryrun", 2, "did you mean '--dry-run'?"),
        ("upgrade general@head -z", 2, "no such option '-z'"),
        ("--config= history", 2, "--config is empty"),
        ("show", 2, "no scenario is named, and there are several"),
        ("load", 2, "no scenario is named, and there are several"),
        ("load v1", 2, "Write SCENARIO@v1; scenarios: general, writer"),
        ("upgrade", 2, "upgrade needs a target"),
        ("upgrade generl@head", 2, "unknown scenario 'generl'; did you mean 'general'?"),
        ("upgrade general@v9", 2, "unknown version of general 'v9'"),
        ("upgrade general@v2_2025-01-21", 2, "did you mean 'v2_2025-01-20'?"),
        ("upgrade general_v7", 2, "unknown revision 'general_v7'"),
        ("upgrade general", 2, "'general' is a scenario, which alone is not a version"),
        ("upgrade head", 2, "Write SCENARIO@head"),
        ("upgrade general@+5", 2, "no versions above v2_2025-01-20"),
        ("upgrade general@v1", 2, "`demosnap downgrade general v1` goes down"),
        ("upgrade general@base", 2, "`demosnap downgrade general@base`"),
        ("upgrade general@head --sql --only", 2, "--only does not go with --sql"),
        ("upgrade 'a;b@head'", 2, "unknown scenario 'a;b'"),
        ("downgrade -1", 2, "downgrade needs a scenario before the step"),
        ("downgrade base", 2, "`demosnap downgrade general base`"),
        ("downgrade v1", 2, "`demosnap downgrade general v1`"),
        ("downgrade general", 2, "'general' alone does not say how far down"),
        ("downgrade general v3", 2, "unknown version of general 'v3'"),
        ("downgrade general -9", 2, "general has no version 9 below v2_2025-01-20"),
        ("downgrade general@-1 -1", 2, "one too many"),
        ("downgrade general -1 --sql", 2, "Write a range: demosnap downgrade general v2:v1"),
        ("load generl", 2, "unknown scenario 'generl'; did you mean 'general'?"),
        ("load general@v7", 2, "unknown version of general 'v7'"),
        ("stamp general", 2, "Name a version: general@head"),
        ("show general@base", 2, "nothing to show"),
        ("history generl", 2, "did you mean 'general'?"),
        ("history -r x", 2, "'x' is not a range"),
        ("check generl", 2, "did you mean 'general'?"),
        ("revision generl", 2, "did you mean 'general'?"),
        ("revision ../../x", 2, "cannot be a scenario's name"),
        ("revision 'a;b'", 2, "cannot be a scenario's name"),
        ("revision -- -rf", 2, "cannot be a scenario's name"),
        ("revision gеneral", 2, "cannot be a scenario's name"),  # a Cyrillic letter
        ("revision metadata", 2, "cannot be a scenario's name"),
        ("revision general -m v1", 2, "v1 is not above v2_2025-01-20"),
        ("revision general --head general@v1", 2, "v1_2025-01-15 is not a head of general"),
        ("revision general --head writer@v1", 2, "writer@v1 is not a version of general"),
        ("revision general --date yesterday", 2, "--date yesterday is not a date"),
        ("manifest --check --stdout", 2, "--check does not go with --stdout"),
        ("quickstart .", 2, "is not empty, and quickstart did not make it"),
        ("-n nosuch history", 1, "no section [nosuch]"),
        ("-c nosuch.ini history", 1, "no nosuch.ini in "),
        ("-c pyproject.toml history", 1, "demosnap reads an ini file, not TOML"),
    ],
)
def test_words_that_mean_nothing(project: Workspace, command: str, code: int, says: str) -> None:
    refused(project, command, code, says)


def test_the_stock_command_knows_no_other_option_of_ours(project: Workspace) -> None:
    before = state(project)
    done = project.alembic("-x", "demosnap.discrad=1", "upgrade", "general@head", check=False)
    assert done.returncode
    assert "did you mean 'demosnap.discard'?" in done.stdout + done.stderr
    assert state(project) == before


# ---------------------------------------------------------------------- configuration


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "[alembic]",
            "x = 1\n[alembic]",
            "alembic.ini:2: a line stands before the first [section]",
        ),
        ("[alembic]", "[other]", "neither a [demosnap] nor an [alembic] section"),
        (
            "path_separator",
            "nonsense\npath_separator",
            "this line is neither a [section] nor an option = value",
        ),
        ("script_location =", "location =", "[alembic] names no script_location"),
        ("= os", "= dot", "path_separator is 'dot'"),
        (
            "sqlite:",
            f"postgresql://u:{SECRET}%x@h/",
            "sqlalchemy.url in [alembic] holds an unescaped %",
        ),
    ],
)
def test_a_broken_ini(project: Workspace, old: str, new: str, says: str) -> None:
    path = project.folder / "alembic.ini"
    path.write_text(path.read_text().replace(old, new, 1))
    project.database.url = ""
    done = refused(project, "upgrade general@head", 1, says)
    assert SECRET not in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("marker:", "markr:", "demosnap.yaml:1: unknown key 'markr'; did you mean 'marker'?"),
        ("tables:", "tables: [", "not YAML"),
        ("todos:", "todoss:", "demosnap.yaml:3: tables: there is no table 'todoss'"),
        ("fragment_id", "fragmentid", "todos has no column 'fragmentid'; did you mean"),
        ("fragment_id", "title", "demosnap.yaml:3: todos.title is not a foreign key"),
        ("via: fragment_id", 'where: "nosuch = 1"', "demosnap.yaml:3: the database rejects"),
        (
            "via: fragment_id",
            'where: "id; 1"',
            "demosnap.yaml:3: the where of todos: the predicate 'id; 1' has ; outside of quotes",
        ),
        ("metadata,", "metadatta,", "demosnap.yaml:1: no table of the database has the marker"),
        ("tables:", "exclude: [todo]\ntables:", "no table 'todo' in the database; did you mean"),
        ("default: true", "default: maybe", "scenarios.general.default must be true or false"),
    ],
)
def test_a_broken_yaml(project: Workspace, old: str, new: str, says: str) -> None:
    project.configure(EXAMPLE_SETTINGS.replace(old, new, 1))
    refused(project, "revision general", 1, says)


def test_via_in_a_circle(project: Workspace) -> None:
    sql(
        project,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, b_id REFERENCES b (id))",
        "CREATE TABLE b (id INTEGER PRIMARY KEY, a_id REFERENCES a (id))",
    )
    circle = "tables:\n  a: {via: b_id}\n  b: {via: a_id}\n"
    project.configure(EXAMPLE_SETTINGS.replace("tables:\n", circle))
    refused(project, "revision general", 1, "are `via` each other in a circle")


def test_settings_that_are_not_there(project: Workspace) -> None:
    (project.folder / "env.py").write_text("")
    refused(project, "load general", 1, "env.py does not call demosnap")
    (project.folder / "env.py").write_text("x = = 1\n")
    refused(project, "load general", 1, "env.py:1: invalid syntax")
    (project.folder / "env.py").unlink()
    refused(project, "load general", 1, "env.py: is missing", "`demosnap init` writes it")
    (project.revisions / "demosnap.yaml").write_bytes(b"marker: \xff")
    refused(project, "history", 1, "demosnap.yaml:1: not UTF-8")
    (project.revisions / "demosnap.yaml").unlink()
    refused(project, "history", 1, "no demosnap.yaml in ", "Run `demosnap init`")
    (project.folder / "alembic.ini").unlink()
    refused(project, "history", 1, "no alembic.ini in ", "Run `demosnap init` in your project")


# ---------------------------------------------------------------------- databases


@pytest.mark.parametrize(
    ("url", "command"),
    [
        (f"postgresql://user:{SECRET}@127.0.0.1:1/demo", "current"),
        (f"postgresql://127.0.0.1:1/demo?user=user&password={SECRET}", "revision general"),
        (f"mysql://user:{SECRET}@127.0.0.1:1/demo", "load general"),
    ],
)
def test_an_unreachable_database(project: Workspace, url: str, command: str) -> None:
    project.database.url = url
    done = refused(project, command, 1, "cannot be reached", "***", "Is it running")
    assert "(from DEMOSNAP_DATABASE_URL) cannot be reached" in done.stderr
    assert SECRET not in done.stderr


@pytest.mark.parametrize("command", ["current", "revision general", "load general"])
def test_a_missing_database_file(project: Workspace, command: str) -> None:
    project.database.url = f"sqlite:///{project.folder / 'nosuch.db'}"
    refused(project, command, 1, "there is no database file", "nosuch.db")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:///alembic.ini", "alembic.ini is not an SQLite database"),
        (f"mysql://user:{SECRET}@127.0.0.1:1/demo?x=1", "unexpected keyword argument 'x'"),
        (f"nonsense {SECRET}", "the database URL is none"),
        (f"postgresql://user:{SECRET}@127.0.0.1:port/demo", "the database URL cannot be read"),
        (f"oracle://user:{SECRET}@127.0.0.1/demo", "does not know the dialect 'oracle'"),
    ],
)
def test_what_is_no_database(project: Workspace, url: str, says: str) -> None:
    project.database.url = url
    done = refused(project, "upgrade general@head", 1, says)
    assert SECRET not in done.stderr


def test_no_database_is_named(project: Workspace) -> None:
    path = project.folder / "alembic.ini"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "sqlalchemy" not in line))
    project.database.url = ""
    refused(project, "upgrade general@head", 1, "alembic.ini: no database is named", "Give --url")
    assert project.run("history", "-q").returncode == 0


@pytest.mark.parametrize(
    ("url", "command"),
    [
        (f"postgresql://user:{SECRET}@db.example.com/shop", "revision general"),
        (f"postgresql://user:{SECRET}@db.example.com/shop", "downgrade general -1"),
        (f"mysql://user@10.0.0.1/shop?password={SECRET}", "upgrade general@head"),
        (f"mysql://user@10.0.0.1/shop?password={SECRET}", "stamp general@head"),
    ],
)
def test_a_target_that_is_not_allowed(project: Workspace, url: str, command: str) -> None:
    project.database.url = url
    name = re.sub(r".*@|\?.*", "", url)
    done = refused(project, command, 1, f"{name} is not an allowed target", f'allow: ["{name}"]')
    assert SECRET not in done.stderr


def test_a_target_that_is_denied(project: Workspace) -> None:
    project.configure(EXAMPLE_SETTINGS + 'deny: ["localhost/*demo.db"]\n')
    refused(project, "upgrade general@head", 1, "is denied by `deny:`")


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://user:{SECRET}@127.0.0.1:1/demo",
        f"postgresql://127.0.0.1:1/demo?user=user&password={SECRET}",
        f"mysql+pymysql://user:{SECRET}@127.0.0.1:1/demo",
        f"postgresql://user:{SECRET}@db.example.com/shop",
        f"postgresql://user:{SECRET}@127.0.0.1:port/demo",
    ],
)
def test_passwords_are_never_printed(project: Workspace, url: str) -> None:
    project.database.url = url
    for command in ("current", "--debug upgrade general@head", "--debug init new"):
        done = project.run("--url", url, *shlex.split(command), check=False)
        assert SECRET not in done.stdout + done.stderr
        assert "Traceback" in done.stderr or "upgrade" not in command
    for path in project.folder.rglob("*"):
        assert not path.is_file() or SECRET not in path.read_text(errors="replace")


# ---------------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ((b"'Professional", b"'Amateur"), "the script has another digest"),
        ((b"\n-- Verif", b"\nDROP TABLE todos;\n-- Verif"), "not what demosnap writes"),
        ((b"'Professional", b"lower('Professional"), "is not a literal that demosnap writes"),
        ((b"'Professional", b"'Prof\xff"), "byte 0xFF is not UTF-8"),
        ((b"-- Scenario: general", b"-- Scenario: writer"), "scenario"),
    ],
)
def test_a_snapshot_edited_by_hand(
    project: Workspace, change: tuple[bytes, bytes], says: str
) -> None:
    path = project.revisions / "general" / f"{V1}.sql"
    data = path.read_bytes()
    assert change[0] in data
    path.write_bytes(data.replace(*change, 1))
    refused(project, "downgrade general v1", 1, f"{V1}.sql", says)
    done = project.run("check", check=False)
    assert done.returncode == 3
    assert f"{V1}.sql" in done.stdout


def test_a_spoiled_snapshot(project: Workspace) -> None:
    path = project.revisions / "general" / f"{V1}.sql"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    refused(project, "downgrade general v1", 1, f"{V1}.sql:", "it is truncated")
    path.write_bytes(data.replace(b"\n", b"\r\n"))
    refused(project, "downgrade general v1", 1, f"{V1}.sql:1: the line ends in CRLF")
    path.write_bytes(b"")
    refused(project, "downgrade general v1", 1, "the file is empty")
    path.unlink()
    refused(project, "downgrade general v1", 1, "the snapshot is missing")


def test_a_spoiled_script(project: Workspace) -> None:
    path = project.revisions / "general" / f"{V1}.py"
    text = path.read_text()
    path.write_text(text.replace('"digest"', '"digset"'))
    refused(project, "load general", 1, f"{V1}.py", "'digest' is missing")
    path.write_text(f"<<<<<<< HEAD\n{text}=======\n>>>>>>> theirs\n")
    refused(project, "history", 1, f"{V1}.py:1: has conflict markers of a git merge: two people")
    path.write_text('revision = "abc"\ndown_revision = None\n')
    refused(project, "history", 1, "is not present", "Restore its script")
    path.unlink()
    refused(project, "history", 1, "is not present", "Restore its script")
    assert project.run("check", check=False).returncode == 3


def test_two_heads(project: Workspace) -> None:
    project.run("downgrade", "general", "v1")
    project.run("revision", "general", "--splice", "--allow-empty", "--date", "2025-01-21")
    project.run("downgrade", "general", "base")
    for command in ("upgrade general@head", "upgrade heads", "load general", "revision general"):
        refused(project, command, 1, "general has 2 heads: v2_2025-01-20", "v3_2025-01-21")
    done = project.run("check", check=False)
    assert (done.returncode, "general has 2 heads" in done.stdout) == (3, True)
    assert project.run("upgrade", "general@v2").returncode == 0


@pytest.mark.parametrize("name", ["developer", "metadata"])
def test_a_folder_that_cannot_be_made(project: Workspace, name: str) -> None:
    shutil.rmtree(project.revisions / name, ignore_errors=True)
    (project.revisions / name).write_text("")
    sql(project, "UPDATE contacts SET metadata = replace(metadata, 'writer', 'developer')")
    refused(project, "revision developer", 1, f"{name} cannot be written", "nothing was changed")
    if name == "metadata":
        refused(project, "manifest", 1, "metadata cannot be written")


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs another user to be"
)
def test_a_read_only_folder(template: Path) -> None:
    # What pytest makes is its user's alone.
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        project = copied(template, Path(name) / "project")
        project.folder.chmod(0o755)
        _assert_read_only(project)


def _assert_read_only(project: Workspace) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", DEMOSNAP, *arguments],
            cwd=project.folder,
            env={**os.environ, "DEMOSNAP_DATABASE_URL": project.database.url},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    if run("--version").returncode:
        pytest.skip("another user cannot run this demosnap")
    before = state(project)
    assert run("history").returncode == run("manifest", "--check").returncode == 0
    assert_refused(run("manifest"), 1, "cannot be written: permission denied")
    assert_refused(run("revision", "general", "--allow-empty"), 1, "permission denied")
    assert_refused(run("load", "general"), 1, "attempt to write a readonly database")
    assert_refused(run("init", "new"), 1, "cannot be written")
    assert_refused(run("quickstart"), 1, "cannot be written: Permission denied")
    assert state(project) == before


# ---------------------------------------------------------------------- what does not fit


@pytest.mark.parametrize(
    ("statements", "says"),
    [
        (["DROP TABLE contacts"], "table contacts of the snapshot is not in the database"),
        (["ALTER TABLE contacts DROP COLUMN phone"], "column contacts.phone of the snapshot"),
        (
            [
                "CREATE TABLE c (id INTEGER PRIMARY KEY, name, role, company, email, phone,"
                " metadata, created_at, updated_at, zip TEXT NOT NULL)",
                "INSERT INTO c SELECT *, '' FROM contacts",
                "DROP TABLE contacts",
                "ALTER TABLE c RENAME TO contacts",
            ],
            "contacts.zip is NOT NULL without a default",
        ),
    ],
)
def test_tables_that_have_changed(project: Workspace, statements: list[str], says: str) -> None:
    sql(project, *statements)
    refused(project, "load general@v1", 1, "load" if "load" in says else "refused", says)


def test_keys_that_are_taken(project: Workspace) -> None:
    project.run("downgrade", "general", "base")
    sql(
        project,
        "INSERT INTO contacts (id, name, created_at, updated_at)"
        " SELECT 3, 'me', created_at, updated_at FROM contacts LIMIT 1",
    )
    refused(project, "upgrade general@head", 1, "contacts: 1 row", "(id: 3)")
    sql(
        project,
        "DELETE FROM contacts WHERE id = 3",
        "UPDATE contacts SET id = 3 WHERE id ="
        " (SELECT MAX(id) FROM contacts WHERE metadata LIKE '%writer%')",
    )
    refused(project, "upgrade general@head", 1, "(id: 3)", "scenario writer; --only takes it out")


def test_rows_that_would_be_lost(project: Workspace) -> None:
    sql(project, "DELETE FROM todos WHERE id = 14")
    refused(
        project,
        "downgrade general v1",
        1,
        "are in no revision and would be lost",
        "todos: 1 removed",
        "--discard",
    )


def test_rows_that_reference_what_would_go(project: Workspace) -> None:
    sql(
        project,
        "UPDATE projects SET vault_id = 3"
        " WHERE id = (SELECT MAX(id) FROM projects WHERE metadata IS NULL"
        " OR metadata NOT LIKE '%demo_seed%')",
    )
    refused(project, "downgrade general base", 1, "references demo rows of vaults that would go")


def test_nothing_to_capture(project: Workspace) -> None:
    refused(project, "revision developer", 1, "there are no demo rows of developer")
