"""`init`: what it writes, what it keeps, and what it never does."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from importlib import resources
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from demosnap.config import load
from demosnap.errors import ConfigError, UsageError
from demosnap.model import Marker, Rule
from demosnap.scaffold import InitResult, init
from support import in_process

FRESH = (
    "env.py",
    "demo_revisions/.gitattributes",
    "demo_revisions/.gitignore",
    "demo_revisions/demosnap.schema.json",
    "demo_revisions/demosnap.yaml",
    "alembic.ini",
)
BESIDE = ("demosnap_env/env.py", *FRESH[1:])
"""Beside an Alembic set-up of the application's own."""
THEIRS = "[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = sqlite:///app.db\n"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, as the current one, and no variable that would count."""
    for name in ("ALEMBIC_CONFIG", "DATABASE_URL", "DEMOSNAP_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


class Confirm:
    """Answers, and remembers what was asked."""

    def __init__(self, answer: bool = True) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str]] = []

    def __call__(self, question: str, text: str) -> bool:
        self.asked.append((question, text))
        return self.answer


def never(question: str, text: str) -> bool:
    raise AssertionError(f"asked: {question}\n{text}")


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def database(script: str, file: str = "app.db") -> str:
    connection = sqlite3.connect(file)
    connection.executescript(script)
    connection.close()
    return f"sqlite:///{file}"


def alembic(*arguments: str) -> subprocess.CompletedProcess[str]:
    return in_process.call("alembic", arguments, Path.cwd(), os.environ)


# ---------------------------------------------------------------------------- a fresh folder


def test_a_fresh_folder(project: Path) -> None:
    result = init(confirm=never)
    assert result.written == FRESH
    assert (result.kept, result.declined) == ((), False)
    assert sorted(files(project)) == sorted(FRESH)
    assert Path("alembic.ini").read_text() == (
        "# Demo data as Alembic revisions. demosnap's own settings: demo_revisions/demosnap.yaml\n"
        "[alembic]\n"
        "script_location = %(here)s\n"
        "version_locations = %(here)s/demo_revisions\n"
        "recursive_version_locations = true\n"
        "path_separator = os\n"
        "sqlalchemy.url = sqlite:///%(here)s/demo.db\n"
    )
    assert "environment.run()" in Path("env.py").read_text()
    attributes = Path("demo_revisions/.gitattributes").read_text().splitlines()
    assert {"*.sql -text", "*.py text eol=lf", "*.json text eol=lf"} < set(attributes)
    assert ".demosnap.lock" in Path("demo_revisions/.gitignore").read_text().splitlines()
    settings = load()
    assert settings.database_url == f"sqlite:///{project}/demo.db"
    assert settings.marker == Marker("metadata", "demo_seed", "scenario")
    assert settings.default_scenario == "general"
    assert not Path("demo.db").exists()


def test_stock_alembic_reads_a_fresh_project() -> None:
    init(confirm=never)
    directory = ScriptDirectory.from_config(Config("alembic.ini"))
    assert list(directory.walk_revisions()) == []
    done = alembic("heads")
    assert (done.returncode, done.stderr) == (0, "")


def test_another_folder_is_made(project: Path) -> None:
    result = init("some/where", confirm=never)
    assert result.written == FRESH
    assert sorted(files(project / "some/where")) == sorted(FRESH)
    assert load("some/where/alembic.ini").root == project / "some/where"


def test_twice_is_fine(project: Path) -> None:
    init(confirm=never)
    before = files(project)
    result = init(url="sqlite:///other.db", confirm=never)
    assert result.written == ()
    assert sorted(result.kept) == sorted(FRESH)
    assert result.notes == ("All files exist already.",)
    assert files(project) == before


def test_what_is_missing_is_added_and_what_is_there_is_kept(project: Path) -> None:
    init(confirm=never)
    Path("env.py").write_text("# mine\n")
    Path("demo_revisions/demosnap.yaml").write_text("exclusive: true\n")
    Path("demo_revisions/.gitignore").unlink()
    before = files(project)
    result = init(confirm=never)
    assert result.written == ("demo_revisions/.gitignore",)
    assert {name: data for name, data in files(project).items() if name in before} == before


def test_the_templates_can_be_read_from_the_package() -> None:
    names = {path.name for path in resources.files("demosnap.templates").iterdir()}
    assert {"alembic.ini", "env.py", "demosnap.yaml", "gitattributes", "gitignore"} <= names


# ---------------------------------------------------------------------------- the URL


def test_a_given_url_is_written() -> None:
    init(url="postgresql://app@localhost:1/d%20b", confirm=never)
    assert "sqlalchemy.url = postgresql://app@localhost:1/d%%20b\n" in (
        Path("alembic.ini").read_text()
    )
    assert load().database_url == "postgresql://app@localhost:1/d%20b"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:s3cret@localhost:1/db",
        "postgresql://app@localhost:1/db?password=s3cret",
        "postgresql://app@localhost:1/db?sslpassword=s3cret",
        "mysql+pymysql://app@localhost:1/db?passwd=s3cret",
        "mysql+pymysql://app@localhost:1/db?charset=utf8mb4&auth_TOKEN=s3cret",
        "sqlite:///app.db?PASSWORD=s3cret",
    ],
)
@pytest.mark.parametrize("existing", [False, True])
def test_a_password_is_in_no_file_and_no_note(project: Path, url: str, existing: bool) -> None:
    if existing:
        Path("alembic.ini").write_text(THEIRS)
    result = init(url=url, confirm=lambda question, text: "s3cret" not in text)
    assert "alembic.ini" in result.written
    for name, data in files(project).items():
        assert b"s3cret" not in data, name
    assert "s3cret" not in repr(result)
    assert "set DEMOSNAP_DATABASE_URL" in Path("alembic.ini").read_text()
    assert any("DEMOSNAP_DATABASE_URL" in note for note in result.notes)


@pytest.mark.parametrize("variable", ["DATABASE_URL", "DEMOSNAP_DATABASE_URL"])
def test_a_url_of_the_environment_stays_there(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    url = database("CREATE TABLE t (id INTEGER PRIMARY KEY, metadata JSON)")
    monkeypatch.setenv(variable, url)
    result = init(confirm=never)
    assert url not in Path("alembic.ini").read_text()
    assert load().url_source == variable
    assert result.notes == ("No row is marked yet (demo_seed in the column metadata).",)


@pytest.mark.parametrize("url", ["s3cret", "sqlite:///a\tb", "sqlite:///a\n[x]", "pg://a:b:s3cret"])
def test_a_text_that_is_no_url_is_refused_and_not_repeated(project: Path, url: str) -> None:
    with pytest.raises(UsageError) as caught:
        init(url=url, confirm=never)
    assert "s3cret" not in str(caught.value)
    assert files(project) == {}


# ---------------------------------------------------------------------------- somebody's set-up


@pytest.mark.parametrize(
    "theirs",
    [
        THEIRS,
        THEIRS.removesuffix("\n"),
        THEIRS.replace("\n", "\r\n"),
        THEIRS.replace("\n", "\r\n").removesuffix("\r\n"),
        THEIRS + "\n[loggers]\nkeys =\n   a,\n   b\n",
        "",
    ],
)
def test_an_existing_ini_is_kept_byte_for_byte(theirs: str) -> None:
    path = Path("alembic.ini")
    path.write_bytes(theirs.encode())
    path.chmod(0o640)
    confirm = Confirm()
    result = init(confirm=confirm)
    data = path.read_bytes()
    assert data.startswith(theirs.encode())
    added = data[len(theirs) :].decode()
    [(question, text)] = confirm.asked
    assert "alembic.ini" in question
    assert text == added.replace("\r\n", "\n").strip("\n")
    assert "[demosnap]\nscript_location = %(here)s/demosnap_env\n" in text
    if "\r\n" in theirs:
        assert b"\n" not in data.replace(b"\r\n", b"")
    else:
        assert b"\r" not in data
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(result.written) == sorted(BESIDE)
    assert result.added == ("alembic.ini",)
    assert load().section == "demosnap"
    again = init(confirm=never)
    assert again.written == ()
    assert path.read_bytes() == data


def test_the_application_keeps_its_database_unless_another_is_given() -> None:
    Path("alembic.ini").write_text(THEIRS)
    init(confirm=Confirm())
    assert load().url_source == "alembic.ini [alembic]"
    Path("alembic.ini").write_text(THEIRS)
    init(url="sqlite:///demo.db", confirm=Confirm())
    assert load().database_url == "sqlite:///demo.db"
    assert load(section="demosnap").url_source == "alembic.ini [demosnap]"


def test_alembics_placeholder_is_no_database() -> None:
    Path("alembic.ini").write_text(
        "[alembic]\nsqlalchemy.url = driver://user:pass@localhost/dbname\n"
    )
    result = init(confirm=Confirm())
    assert load().database_url is None
    assert "could not" not in str(result.notes)


def test_a_no_writes_nothing_at_all(project: Path) -> None:
    Path("alembic.ini").write_text(THEIRS)
    before = files(project)
    result = init("./", confirm=Confirm(False))
    assert (result.declined, result.written, result.notes) == (True, (), ("Nothing was written.",))
    assert files(project) == before
    assert not Path("demo_revisions").exists()


def test_an_existing_env_py_is_left_alone() -> None:
    Path("env.py").write_text("# theirs\n")
    Path("alembic.ini").write_text(THEIRS)
    result = init(confirm=Confirm())
    assert "demosnap_env/env.py" in result.written
    assert Path("env.py").read_text() == "# theirs\n"
    assert load().script_location == Path("demosnap_env").absolute()


def test_an_env_folder_that_is_taken_is_refused(project: Path) -> None:
    Path("env.py").write_text("# theirs\n")
    Path("demosnap_env").mkdir()
    Path("demosnap_env/env.py").write_text("# theirs too\n")
    before = files(project)
    with pytest.raises(ConfigError, match=r"demosnap_env/env\.py: exists already"):
        init(confirm=never)
    assert files(project) == before


def test_tool_alembic_of_pyproject_is_left_alone(project: Path) -> None:
    toml = '[tool.alembic]\nscript_location = "%(here)s/migrations"\n'
    Path("pyproject.toml").write_text(toml)
    result = init(confirm=never)
    assert (result.written, result.added) == (BESIDE, ())
    assert Path("pyproject.toml").read_text() == toml
    assert "[alembic]" not in Path("alembic.ini").read_text()
    assert load().section == "demosnap"
    assert load().database_url is None
    config = Config("alembic.ini", toml_file="pyproject.toml")
    assert config.get_alembic_option("script_location") == f"{project}/migrations"


def test_a_pyproject_without_alembic_does_not_count() -> None:
    Path("pyproject.toml").write_text("[project]\nname = 'x'\n")
    init(confirm=never)
    assert load().section == "alembic"


def test_a_broken_pyproject_is_an_error() -> None:
    Path("pyproject.toml").write_text("[tool.alembic\n")
    with pytest.raises(ConfigError, match=r"pyproject\.toml: cannot be read: "):
        init(confirm=never)


@pytest.mark.parametrize("template", ["generic", "pyproject"])
def test_somebodys_alembic_goes_on_working(project: Path, template: str) -> None:
    assert alembic("init", "-t", template, "migrations").returncode == 0
    ini = Path("alembic.ini")
    ini.write_text(ini.read_text().replace("driver://user:pass@localhost/dbname", "sqlite:///a.db"))
    init(confirm=Confirm())
    assert alembic("revision", "-m", "first", "--rev-id", "one").returncode == 0
    assert alembic("upgrade", "head").returncode == 0
    assert "one (head)" in alembic("current").stdout
    done = alembic("-n", "demosnap", "heads")
    assert (done.returncode, done.stdout) == (0, "")
    directory = ScriptDirectory.from_config(Config("alembic.ini", ini_section="demosnap"))
    assert list(directory.walk_revisions()) == []
    assert load().database_url == "sqlite:///a.db"


@pytest.mark.parametrize(
    ("ini", "message"),
    [
        ("rubbish\n", "alembic.ini:1: a line stands before the first [section]"),
        ("[demosnap]\n", "alembic.ini:1: [demosnap] names no script_location"),
        ("[alembic]\nsqlalchemy.url = a://b:%40@c/d\n", "alembic.ini:2: sqlalchemy.url in [alem"),
    ],
)
def test_a_broken_ini_is_not_added_to(project: Path, ini: str, message: str) -> None:
    Path("alembic.ini").write_text(ini)
    with pytest.raises(ConfigError) as caught:
        init(confirm=never)
    assert str(caught.value).startswith(message)
    assert files(project) == {"alembic.ini": ini.encode()}


def test_an_ini_that_changes_while_the_question_stands_is_left_alone(project: Path) -> None:
    Path("alembic.ini").write_text(THEIRS)

    def change(question: str, text: str) -> bool:
        Path("alembic.ini").write_text(THEIRS + "# mine\n")
        return True

    with pytest.raises(ConfigError, match="was changed in the meantime, nothing was written"):
        init(confirm=change)
    assert files(project) == {"alembic.ini": (THEIRS + "# mine\n").encode()}
    assert not Path("demo_revisions").exists()


# ---------------------------------------------------------------------------- folders


def test_a_folder_that_is_a_file() -> None:
    Path("file").write_text("")
    with pytest.raises(ConfigError, match=r"^file: is not a folder"):
        init("file/below", confirm=never)
    with pytest.raises(ConfigError, match=r"^file: is not a folder"):
        init("file", confirm=never)


def test_a_file_where_a_folder_must_be(project: Path) -> None:
    Path("demo_revisions").write_text("")
    with pytest.raises(ConfigError, match=r"^demo_revisions: is not a folder"):
        init(confirm=never)
    assert list(files(project)) == ["demo_revisions"]


@pytest.mark.parametrize("name", ["100%", "a:b"])
def test_a_path_that_alembic_cannot_read(name: str) -> None:
    with pytest.raises(ConfigError, match="which Alembic cannot read"):
        init(name, confirm=never)
    assert not Path(name).exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(project: Path) -> None:
    project.chmod(0o555)
    try:
        with pytest.raises(ConfigError, match="cannot be written; no file was"):
            init(confirm=never)
        assert files(project) == {}
    finally:
        project.chmod(0o755)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_ini_is_not_asked_about(project: Path) -> None:
    Path("alembic.ini").write_text(THEIRS)
    Path("alembic.ini").chmod(0o444)
    with pytest.raises(ConfigError, match=r"^alembic\.ini: cannot be written; no file was"):
        init(confirm=never)
    assert list(files(project)) == ["alembic.ini"]


def test_a_failure_in_the_middle_leaves_nothing_behind(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_open = Path.open

    def full_disk(self: Path, mode: str = "r", *args: object, **more: object) -> object:
        if self.name == "demosnap.yaml" and mode == "xb":
            raise OSError(28, "No space left on device")
        return real_open(self, mode, *args, **more)  # type: ignore[call-overload]

    Path("alembic.ini").write_text(THEIRS)
    monkeypatch.setattr(Path, "open", full_disk)
    with pytest.raises(ConfigError) as caught:
        init(confirm=Confirm())
    assert str(caught.value) == (
        "demo_revisions/demosnap.yaml: cannot be written; no file was: No space left on device"
    )
    assert [path.name for path in project.iterdir()] == ["alembic.ini"]
    assert Path("alembic.ini").read_text() == THEIRS


# ---------------------------------------------------------------------------- the database

SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY);
CREATE TABLE vaults (id INTEGER PRIMARY KEY, metadata JSON);
CREATE TABLE fragments (
    id INTEGER PRIMARY KEY, metadata TEXT, parent INT REFERENCES fragments (id),
    vault_id INT REFERENCES vaults (id), user_id INT REFERENCES users (id));
CREATE TABLE todos (
    id INTEGER PRIMARY KEY, vault_id INT REFERENCES vaults (id),
    fragment_id INT NOT NULL REFERENCES fragments (id));
CREATE TABLE todo_items (id INTEGER PRIMARY KEY, todo_id INT REFERENCES todos (id));
CREATE TABLE "odd: one" (a INT, b INT REFERENCES vaults (id), "on" INT REFERENCES users (id));
CREATE TABLE audit_log (id INTEGER PRIMARY KEY, metadata JSON);
CREATE TABLE audit_lines (id INTEGER PRIMARY KEY, log INT REFERENCES audit_log (id));
INSERT INTO vaults VALUES (1, '{"demo_seed": true, "scenario": "writer"}'), (2, '{}');
INSERT INTO audit_log VALUES (1, '{"demo_seed": 1}');
"""


def marked(*metadata: str) -> str:
    values = ", ".join(f"('{text}')" for text in metadata)
    return f"INSERT INTO fragments (metadata) VALUES {values};"


def look(script: str) -> InitResult:
    return init(url=database(script), confirm=never)


def test_tables_are_found_in_the_database() -> None:
    result = look(SCHEMA + marked('{"demo_seed": "true", "scenario": "general"}', "{broken"))
    assert result.notes == ()
    settings = load()
    assert settings.tables == {
        "todos": Rule("via", ("fragment_id",)),
        "todo_items": Rule("via", ("todo_id",)),
        '"odd: one"': Rule("via", ("b",)),
    }
    assert settings.scenario_names == ("general", "writer")
    assert settings.default_scenario == "general"
    text = settings.yaml_file.read_text()
    assert "# The marker finds by itself: fragments, vaults." in text
    assert "todos: {via: fragment_id}  # or vault_id" in text
    assert "# fragments: user_id references users, whose rows are not captured" in text
    assert "audit_lines" not in text


def test_the_found_settings_make_a_selection() -> None:
    from sqlalchemy import create_engine

    from demosnap.database import reflect, selection

    look(SCHEMA + marked('{"demo_seed": true}'))
    engine = create_engine("sqlite:///app.db")
    with engine.connect() as connection:
        found = selection.resolve(reflect.database(connection), load(), "writer")
    assert set(found.rules) >= {"vaults", "fragments", "todos", "todo_items", '"odd: one"'}
    engine.dispose()


def test_names_that_cannot_be_scenarios_and_rows_without_one() -> None:
    result = look(
        SCHEMA
        + marked(
            '{"demo_seed": true, "scenario": "Bad-Name"}',
            '{"demo_seed": true, "scenario": "other"}',
            '{"demo_seed": true}',
        )
    )
    assert result.notes == (
        "Marked rows that name the scenario 'Bad-Name': 1. It cannot be one's name.",
        "Marked rows that name no scenario: 1. Flag the one that they belong to as "
        "`default: true` in demosnap.yaml.",
    )
    assert load().scenario_names == ("other", "writer")
    assert load().default_scenario is None


def test_a_boolean_column() -> None:
    look(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, is_demo BOOLEAN, scenario TEXT);"
        "CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INT REFERENCES a (id), metadata JSON);"
        "INSERT INTO a VALUES (1, 1, 'first'), (2, 0, 'second'), (3, 1, 'first');"
    )
    settings = load()
    assert settings.marker == Marker("is_demo", scenario_column="scenario")
    assert settings.tables == {"b": Rule("via", ("a_id",))}
    assert settings.scenario_names == ("first",)
    assert settings.default_scenario == "first"


def test_a_boolean_column_without_a_scenario() -> None:
    result = look("CREATE TABLE a (id INTEGER PRIMARY KEY, is_demo INT)")
    assert load().marker == Marker("is_demo")
    assert load().scenario_names == ("general",)
    assert result.notes == ("No row is marked yet (the column is_demo).",)


def test_a_foreign_key_over_several_columns() -> None:
    look(
        "CREATE TABLE a (x INT, y INT, metadata JSON, PRIMARY KEY (x, y));"
        "CREATE TABLE b (x INT, y INT, FOREIGN KEY (x, y) REFERENCES a (x, y));"
        "INSERT INTO a VALUES (1, 1, '{\"demo_seed\": true}');"
    )
    assert load().tables == {"b": Rule("via", ("x", "y"))}


def test_tables_in_a_circle() -> None:
    look(
        "CREATE TABLE m (id INTEGER PRIMARY KEY, metadata JSON);"
        "CREATE TABLE a (id INTEGER PRIMARY KEY, m INT REFERENCES m (id), b INT REFERENCES b (id));"
        "CREATE TABLE b (id INTEGER PRIMARY KEY, a INT REFERENCES a (id));"
        "INSERT INTO m VALUES (1, '{\"demo_seed\": true}');"
    )
    assert load().tables == {"a": Rule("via", ("m",)), "b": Rule("via", ("a",))}


def test_no_marker_and_no_tables() -> None:
    assert "No table has a marker" in look("CREATE TABLE a (id INTEGER PRIMARY KEY)").notes[0]
    assert load().tables == {}
    shutil.rmtree("demo_revisions")
    Path("app.db").unlink()
    assert "The database has no tables yet" in look("PRAGMA user_version = 1").notes[0]


def test_a_database_that_cannot_be_looked_at(project: Path) -> None:
    Path("rubbish.db").write_text("no database at all, " * 100)
    for number, (url, reason) in enumerate(
        [
            ("sqlite:///rubbish.db", "rubbish.db is not an SQLite database"),
            ("sqlite:///missing.db", "there is no database file missing.db"),
            ("sqlite:///file:missing.db?uri=true", "there is no database file missing.db"),
        ]
    ):
        result = init(f"p{number}", url=url, confirm=never)
        assert reason in result.notes[0], url
        assert result.written == FRESH
    assert not Path("missing.db").exists()
    assert init("memory", url="sqlite://", confirm=never).notes == ()


def test_looking_changes_nothing() -> None:
    url = database(SCHEMA)
    before = Path("app.db").read_bytes()
    init(url=url, confirm=never)
    assert Path("app.db").read_bytes() == before
    assert sorted(path.name for path in Path().glob("app.db*")) == ["app.db"]
