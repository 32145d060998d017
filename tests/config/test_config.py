"""alembic.ini and demosnap.yaml: values, precedence, and one clear line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from demosnap.config import Settings, from_alembic, load, scenario_name_problem
from demosnap.errors import ConfigError
from demosnap.model import Marker, Rule

INI = """\
[alembic]
script_location = %(here)s
version_locations = %(here)s/demo_revisions
recursive_version_locations = true
path_separator = os
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, as the current one, and no variable that would count."""
    for name in (
        "ALEMBIC_CONFIG",
        "DATABASE_URL",
        "DEMOSNAP_DATABASE_URL",
        "DEMOSNAP_AUTO_EXPORT",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(yaml: str | bytes = "", ini: str | bytes = INI) -> None:
    Path("demo_revisions").mkdir(exist_ok=True)
    for path, content in (("alembic.ini", ini), ("demo_revisions/demosnap.yaml", yaml)):
        Path(path).write_bytes(content.encode() if isinstance(content, str) else content)


def settings(yaml: str | bytes = "", ini: str | bytes = INI) -> Settings:
    write(yaml, ini)
    return load()


def refusal(yaml: str | bytes = "", ini: str | bytes = INI, section: str | None = None) -> str:
    write(yaml, ini)
    with pytest.raises(ConfigError) as caught:
        load(section=section)
    return str(caught.value)


# ---------------------------------------------------------------------------- demosnap.yaml


def test_an_empty_file_is_all_defaults() -> None:
    for empty in ("", "# nothing\n", "---\n", "tables:\nexclude:\nscenarios:\nmarker:\n"):
        found = settings(empty)
        assert found.marker == Marker("metadata", "demo_seed", "scenario")
        assert (dict(found.tables), found.exclude, found.scenario_names) == ({}, (), ())
        assert (found.exclusive, found.auto_export, found.allow, found.deny) == (False,) * 2 + (
            (),
            (),
        )
        assert found.default_scenario is None


PAID = Rule("where", where="paid = 1")
PAYMENTS = Rule(
    "any",
    rules=(
        Rule("all", rules=(Rule("via", ("order_id",)), PAID)),
        Rule("via", ("a", "b")),
        Rule("marker"),
    ),
)


def test_a_whole_file(project: Path) -> None:
    found = settings(
        """\
marker: {column: meta, key: demo, scenario_key: set}
tables:
  todos: {via: fragment_id}
  links: {via: [a, b]}
  customers: {where: "store_id = 1"}
  '"odd name"': {where: "x = :scenario"}
  on: {via: "yes"}
  payments: {any: [{via: order_id, in: paid}, {via: [a, b]}, marker], where: x}
  shops: {in: paid}
predicates: {paid: "paid = 1"}
columns: {todos.seen: ignore, '"odd name"."a.b"': omit, app.users.n: omit}
exclude: [audit_log]
scenarios: {general: {description: "The usual", default: true}, writer: {}, blank:}
exclusive: true
auto_export: true
allow: ["db.internal/demo_*"]
deny: ["*/prod"]
"""
    )
    assert found.marker == Marker("meta", "demo", "set")
    assert found.tables == {
        "todos": Rule("via", ("fragment_id",)),
        "links": Rule("via", ("a", "b")),
        "customers": Rule("where", where="store_id = 1"),
        '"odd name"': Rule("where", where="x = :scenario"),
        "on": Rule("via", ("yes",)),
        "payments": Rule("all", rules=(Rule("where", where="x"), PAYMENTS)),
        "shops": PAID,
    }
    assert found.columns == {
        "todos": {"seen": "ignore"},
        '"odd name"': {"a.b": "omit"},
        "app.users": {"n": "omit"},
    }
    assert found.exclude == ("audit_log",)
    assert found.scenario_names == ("general", "writer", "blank")
    assert found.scenarios["general"].description == "The usual"
    assert found.default_scenario == "general"
    assert found.exclusive and found.auto_export
    assert (found.allow, found.deny) == (("db.internal/demo_*",), ("*/prod",))
    assert found.root == project
    assert found.config_file == project / "alembic.ini"
    assert found.revisions == project / "demo_revisions"
    assert found.yaml_file == project / "demo_revisions/demosnap.yaml"
    assert found.line_of("tables", "links", "via") == 4
    assert found.line_of("exclude", "audit_log") == 12
    assert found.line_of("tables", "nothing") is None
    error = found.error("wrong", "tables", "todos", "where", hint="Mend it.")
    assert str(error) == "demo_revisions/demosnap.yaml:3: wrong\nMend it."


@pytest.mark.parametrize(
    ("text", "marker"),
    [
        ("{column: is_demo}", Marker("is_demo")),
        (
            "{column: is_demo, scenario_column: sc}",
            Marker("is_demo", scenario_column="sc"),
        ),
        ("{column: m, key: demo}", Marker("m", "demo")),
        ('{where: "tenant_id = 7"}', Marker(where="tenant_id = 7")),
        ('{in: demo}\npredicates: {demo: "tenant_id = 7"}', Marker(where="tenant_id = 7")),
    ],
)
def test_markers(text: str, marker: Marker) -> None:
    assert settings(f"marker: {text}").marker == marker


def test_the_only_scenario_is_the_default_and_of_two_none_is() -> None:
    assert settings("scenarios: {demo: }").default_scenario == "demo"
    assert settings("scenarios: {a: , b: }").default_scenario is None


def test_settings_cannot_be_changed() -> None:
    found = settings("tables: {a: {via: b}}")
    with pytest.raises(TypeError):
        found.tables["c"] = Rule("marker")  # type: ignore[index]


@pytest.mark.parametrize(("value", "on"), [("1", True), ("TRUE", True), ("0", False), ("", False)])
def test_auto_export_by_variable(monkeypatch: pytest.MonkeyPatch, value: str, on: bool) -> None:
    monkeypatch.setenv("DEMOSNAP_AUTO_EXPORT", value)
    assert settings().auto_export is on
    assert settings("auto_export: true").auto_export


def test_a_byte_order_mark_and_crlf_are_read() -> None:
    found = settings("\ufeffexclusive: true\r\ntables:\r\n  a: {via: b}\r\n")
    assert found.exclusive
    assert found.line_of("tables", "a") == 3


WRONG: list[tuple[str | bytes, int, str]] = [
    ("tables: [", 1, "not YAML: "),
    ("exclusive: true\n\ttables: 1", 2, "not YAML: "),
    ("a: 1\n---\nb: 2", 2, "not YAML: "),
    ("exclusive: true\nallow: *nothing", 2, "not YAML: "),
    ("exclusive: true\n# \x01", 2, "not YAML: the character U+0001"),
    (b"exclusive: true\n# caf\xe9", 2, "not UTF-8"),
    ("- a", 1, "the file must hold keys and values"),
    (
        "\ntabels: {}",
        2,
        "unknown key 'tabels'; did you mean 'tables'?\nKnown: marker, tables,",
    ),
    ("exclude: []\nexclude: []", 2, "exclude is defined twice, first in line 1"),
    (
        "tables:\n  a: {via: x}\n  b: {via: x}\n  a: {via: y}",
        4,
        "tables.a is defined twice, first in line 2",
    ),
    ("exclusive: 'yes'", 1, "exclusive must be true or false"),
    ("auto_export: 1", 1, "auto_export must be true or false"),
    ("auto_export: !!bool x", 1, "auto_export must be true or false"),
    ("columns: {seen: omit}", 1, "'seen' is not a column of a table"),
    ("columns: {users..seen: omit}", 1, "'users..seen' is not a column of a table"),
    ("columns:\n  users.seen: drop", 2, "columns.users.seen: 'drop' is neither omit nor ignore"),
    ("root: {a: {via: x}}", 1, "root.a must be"),
    ("root: {a: x}\ntables: {a: {via: x}}", 1, "a is listed under both root and tables"),
    ("root: {a: x}\nexclude: [a]", 1, "a is listed under both root and exclude"),
    ("ignore: {a: {}}", 1, "ignore.a has no rule"),
    (
        "tables: {a: {via: b}}\nignore: {a: {via: c}}",
        2,
        "a is listed under both tables and ignore",
    ),
    ("ignore: {a: x}\nexclude: [a]", 1, "a is listed under both ignore and exclude"),
    ("exclude: [users.]", 1, "'users.' is not a table name"),
    ("exclude: audit_log", 1, "exclude must be a list\nFor example: exclude: [audit_log]"),
    ("namespaces: crm", 1, "namespaces: 'crm' is neither current nor all\nWrite a list"),
    ("namespaces: [[crm]]", 1, "an entry of namespaces must be a text"),
    ("exclude: [{a: b}]", 1, "an entry of exclude must be a text"),
    ("exclude: ['']", 1, "an entry of exclude is empty"),
    ('exclude: ["a b"]', 1, "'a b' is not a table name; did you mean '\"a b\"'?"),
    ('exclude: ["a\\x07"]', 1, "an entry of exclude holds the control character U+0007"),
    (
        "tables: {a: {via: b}}\nexclude: [a]",
        2,
        "a is listed under both tables and exclude",
    ),
    ("allow:\n  - localhost", 2, "allow: 'localhost' is not of the form host/database"),
    ("deny: ['/x']", 1, "deny: '/x' is not of the form host/database"),
    ("allow: !!python/name:os.system x", 1, "allow must be a list"),
    # Markers.
    ("marker: metadata", 1, "marker must hold keys and values\nFor example: marker: {column"),
    ("marker: nome", 1, "marker: 'nome' is not none; did you mean 'none'?"),
    ("marker: {}", 1, "marker needs a column or a where"),
    ("marker: {key: demo}", 1, "marker needs a column or a where"),
    ("marker: {colum: x}", 1, "unknown key 'marker.colum'; did you mean 'column'?"),
    ("marker: {column: }", 1, "marker.column must be a text"),
    ("marker: {where: ' '}", 1, "marker.where is empty"),
    ("marker:\n  where: a\n  column: b", 3, "marker has both where and column"),
    (
        "marker:\n  column: a\n  key: b\n  scenario_column: c",
        4,
        "marker has both key and scenario_column",
    ),
    (
        "marker: {column: a, scenario_key: b}",
        1,
        "marker has a scenario_key and no key",
    ),
    (
        "marker: {column: a, key: b, scenario_key: b}",
        1,
        "marker.scenario_key is the same as marker.key",
    ),
    ("marker: {column: a, key: 'b\"c'}", 1, "marker.key holds a double quote"),
    ("marker: {column: a, key: b, scenario_key: 'c\\'}", 1, "marker.scenario_key holds"),
    ('marker: {column: a, key: "b\\n"}', 1, "marker.key holds a double quote"),
    ('marker: {column: a, key: "b\\0"}', 1, "marker.key holds the control character U+0000"),
    # Rules.
    ("tables: [a]", 1, "tables must hold keys and values"),
    ("tables:\n  a: via b", 2, "tables.a must have a rule that picks rows\nWrite {via: "),
    ("tables:\n  a:", 2, "tables.a must have a rule that picks rows"),
    ("tables: {a: {}}", 1, "tables.a has no rule\nWrite {via: "),
    ("tables: {a: {any: []}}", 1, "tables.a.any is empty"),
    ("tables: {a: {any: marker}}", 1, "tables.a.any must be a list"),
    ("tables: {a: {any: [x]}}", 1, "an entry of tables.a.any must be a rule, or marker\nWrite"),
    ("tables: {a: {any: [markr]}}", 1, "an entry of tables.a.any: 'markr' is not marker; did"),
    ("tables: {a: {any: [{}]}}", 1, "tables.a.any has no rule"),
    ("tables: {a: {any: [{vai: b}]}}", 1, "unknown key 'tables.a.any.vai'; did you mean 'via'?"),
    ("tables: {a: {any: [{any: [marker]}]}}", 1, "unknown key 'tables.a.any.any'"),
    (
        "predicates: {demo: x}\ntables:\n  a:\n    any:\n    - marker\n    - {in: dem}",
        6,
        "tables.a.any.in: there is no predicate 'dem' under predicates; did you mean 'demo'?",
    ),
    (
        "tables: {a: {needed_by: b}}",
        1,
        "tables.a.needed_by must be a list, or hold keys and values",
    ),
    ("tables: {a: {needed_by: []}}", 1, "tables.a.needed_by is empty"),
    ("tables: {a: {needed_by: {}}}", 1, "tables.a.needed_by is empty"),
    ("tables: {a: {needed_by: {b: }}}", 1, "tables.a.needed_by.b must be a text"),
    ("tables: {a: {needed_by: {b: []}}}", 1, "tables.a.needed_by.b is empty"),
    ("tables: {a: {needed_by: [b, b]}}", 1, "tables.a.needed_by names a table twice"),
    ("tables: {a: {needed_by: {b: [c, c]}}}", 1, "tables.a.needed_by.b names a column twice"),
    ("tables: {a: {needed_by: ['b c']}}", 1, "'b c' is not a table name"),
    ("marker: {in: demo}", 1, "marker.in: there is no predicate 'demo' under predicates"),
    ("marker: {in: demo, where: x}", 1, "marker has both where and in"),
    ("marker: {in: demo, column: x}", 1, "marker has both in and column"),
    ("collations: [unicase]", 1, "collations must hold keys and values"),
    ("collations:\n  unicase: german", 2, "collations.unicase"),
    ("predicates: [a]", 1, "predicates must hold keys and values"),
    ("predicates: {a: [b]}", 1, "predicates.a must be a text"),
    ("tables: {a: {marker: true}}", 1, "unknown key 'tables.a.marker'"),
    ("tables:\n  a:\n    vai: b", 3, "unknown key 'tables.a.vai'; did you mean 'via'?"),
    ("tables: {a: {where: ''}}", 1, "tables.a.where is empty"),
    ("tables: {a: {via: []}}", 1, "tables.a.via is empty"),
    ("tables: {a: {via: [b, b]}}", 1, "tables.a.via names a column twice"),
    ("tables: {a: {via: {b: c}}}", 1, "tables.a.via must be a text"),
    ("tables: {a.b.c: {via: d}}", 1, "'a.b.c' is not a table name"),
    ("tables:\n  ? [a]\n  : {via: b}", 2, "a key of tables must be a text"),
    ("tables: &t\n  a: *t", 2, "unknown key 'tables.a.a'"),
    # Scenarios.
    ("scenarios: [general]", 1, "scenarios must hold keys and values"),
    ("scenarios:\n  a:\n  My-Set:", 3, "scenario 'My-Set': a scenario's name is lower-case"),
    ("scenarios: {1a: }", 1, "scenario '1a': a scenario's name is lower-case"),
    ("scenarios: {metadata: }", 1, "scenario 'metadata': the manifest's folder"),
    ("scenarios: {head: }", 1, "scenario 'head': Alembic means something else"),
    ("scenarios: {a: true}", 1, "scenarios.a must hold keys and values"),
    ("scenarios: {a: {defualt: true}}", 1, "unknown key 'scenarios.a.defualt'; did you mean"),
    ("scenarios: {a: {default: 1}}", 1, "scenarios.a.default must be true or false"),
    ("scenarios: {a: {description: [b]}}", 1, "scenarios.a.description must be a text"),
    (
        "scenarios:\n  a: {default: true}\n  b: {default: true}",
        3,
        "two default scenarios, a and b",
    ),
    (
        "marker: {column: is_demo}\nscenarios:\n  a:\n  b:",
        4,
        "scenario 'b' is one too many: the marker cannot tell its rows from those of 'a'",
    ),
    (
        "scenarios:\n  press:\n    needs:\n      - catalgo\n  catalog:",
        4,
        "scenarios.press.needs: there is no scenario 'catalgo' under scenarios; did you mean"
        " 'catalog'?",
    ),
    ("scenarios:\n  press: {needs: [press]}", 2, "scenarios.press.needs names press itself"),
    (
        "scenarios:\n  a: {needs: [b]}\n  b: {needs: [c]}\n  c: {needs:\n    [b]}",
        3,
        "scenarios.b.needs goes in a circle: b, c, b",
    ),
    ("scenarios: {a: {needs: b}, b: }", 1, "scenarios.a.needs must be a list"),
    ("sequences: person_seq", 1, "sequences must be a list, or hold keys and values"),
    ("sequences:\n  - person_seq\n  - {person: [a]}", 3, "sequences.person must be a text"),
    ("hooks: {after_lode: []}", 1, "unknown key 'hooks.after_lode'; did you mean 'after_load'?"),
    ("hooks:\n  after_load: UPDATE t", 2, "hooks.after_load must"),
    ("hooks:\n  after_load:\n    - {}", 3, "hooks.after_load.1 has neither sql nor command"),
    (
        "hooks:\n  after_load:\n    sql: x\n    command: y",
        2,
        "hooks.after_load has both sql and command",
    ),
    ("hooks: {after_purge: [{sql: []}]}", 1, "hooks.after_purge.1.sql is empty"),
    ("hooks: {after_purge: [{command: ''}]}", 1, "hooks.after_purge.1.command is empty"),
]
"""What is wrong in demosnap.yaml, the line, and the beginning of the message."""


@pytest.mark.parametrize(("yaml", "line", "message"), WRONG)
def test_what_is_wrong_is_named_with_its_line(yaml: str | bytes, line: int, message: str) -> None:
    assert refusal(yaml).startswith(f"demo_revisions/demosnap.yaml:{line}: {message}")


def test_yaml_nested_without_end_is_an_error() -> None:
    assert refusal("[" * 100_000).startswith("demo_revisions/demosnap.yaml: not YAML")


def test_a_missing_demosnap_yaml(project: Path) -> None:
    write()
    Path("demo_revisions/demosnap.yaml").unlink()
    with pytest.raises(ConfigError) as caught:
        load()
    assert caught.value.message == f"no demosnap.yaml in {project}/demo_revisions"
    assert "demosnap init" in str(caught.value.hint)


def test_a_demosnap_yaml_that_is_a_folder() -> None:
    write()
    Path("demo_revisions/demosnap.yaml").unlink()
    Path("demo_revisions/demosnap.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"demosnap\.yaml: cannot be read: Is a directory"):
        load()


def test_the_file_is_named_in_full_from_elsewhere(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("tabels: 1")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(ConfigError) as caught:
        load(project / "alembic.ini")
    assert str(caught.value).startswith(f"{project}/demo_revisions/demosnap.yaml:1: ")


def test_scenario_names() -> None:
    assert scenario_name_problem("general_2") is None
    for name in ("", "General", "a-b", "2a", "a\n", "é", "base", "metadata", "a" * 101):
        assert scenario_name_problem(name)


# ---------------------------------------------------------------------------- alembic.ini


def test_a_missing_ini_file(project: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load()
    assert caught.value.message == f"no alembic.ini in {project}, nor in a folder above it"
    assert "demosnap init" in str(caught.value.hint)
    with pytest.raises(ConfigError, match=r"no other\.ini in "):
        load("other.ini")


def test_which_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write()
    Path("other.ini").write_text(INI + "sqlalchemy.url = sqlite:///other.db\n")
    assert load("other.ini").database_url == "sqlite:///other.db"
    assert load(Path("other.ini")).url_source == "other.ini [alembic]"
    monkeypatch.setenv("ALEMBIC_CONFIG", "other.ini")
    assert load().database_url == "sqlite:///other.db"
    assert load("alembic.ini").database_url is None
    monkeypatch.setenv("ALEMBIC_CONFIG", "pyproject.toml")
    assert load().config_file == Path("alembic.ini").absolute()
    with pytest.raises(ConfigError, match="reads an ini file, not TOML"):
        load("pyproject.toml")


@pytest.mark.parametrize(
    ("ini", "message"),
    [
        ("key = 1\n", "alembic.ini:1: a line stands before the first [section]"),
        (
            "[alembic]\nx = 1\nrubbish secret\n",
            "alembic.ini:3: this line is neither a [section] nor an",
        ),
        (
            "[alembic]\n\n[alembic]\n",
            "alembic.ini:3: [alembic] is defined twice",
        ),
        ("[alembic]\na = 1\na = 2\n", "alembic.ini:3: a in [alembic] is defined twice"),
        (b"[alembic]\n# caf\xe9\n", "alembic.ini:2: not UTF-8"),
        ("[other]\n", "alembic.ini: neither a [demosnap] nor an [alembic] section"),
        ("[x]\n[alembic]\n", "alembic.ini:2: [alembic] names no script_location"),
        ("[demosnap]\n", "alembic.ini:1: [demosnap] names no script_location"),
        (
            INI.replace("= os", "= comma"),
            "alembic.ini:5: path_separator is 'comma'",
        ),
        (
            INI + "sqlalchemy.url = postgresql://u:s3cr%40t@h/d\n",
            "alembic.ini:6: sqlalchemy.url in [alembic] holds an unescaped %\nWrite %% for %",
        ),
        (
            INI + "sqlalchemy.url = postgresql://u:%(s3cret)s@h/d\n",
            "alembic.ini:6: sqlalchemy.url in [alembic] holds an unescaped %",
        ),
    ],
)
def test_a_broken_ini_file_names_its_line_and_no_secret(ini: str | bytes, message: str) -> None:
    text = refusal("", ini)
    assert text.startswith(message)
    assert "s3cr" not in text and "secret" not in text


def test_a_folder_with_a_per_cent_sign(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project / "100%"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert "100% holds a %, which Alembic cannot read" in refusal()


def test_an_unknown_section() -> None:
    text = refusal(section="alembc")
    assert text.startswith("alembic.ini: no section [alembc]; did you mean 'alembic'?")


def test_which_section() -> None:
    user = "[alembic]\nscript_location = %(here)s/theirs\nsqlalchemy.url = sqlite:///theirs.db\n"
    ours = INI.replace("[alembic]", "[demosnap]")
    found = settings("", user + ours)
    assert (found.section, found.script_location) == ("demosnap", found.root)
    assert (found.database_url, found.url_source) == (
        "sqlite:///theirs.db",
        "alembic.ini [alembic]",
    )
    found = settings("", user + ours + "sqlalchemy.url = sqlite:///ours.db\n")
    assert found.url_source == "alembic.ini [demosnap]"
    found = settings("", INI + "[demosnap]\nsqlalchemy.url = sqlite:///x.db\n")
    assert found.section == "alembic"
    Path("theirs/versions").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"no demosnap\.yaml in .*theirs/versions"):
        write("", user + ours)
        load(section="alembic")


@pytest.mark.parametrize(
    "lines",
    [
        "version_locations = demo_revisions, more\n",
        "version_locations = demo_revisions more\n",
        "version_locations = demo_revisions;more\npath_separator = ;\n",
        "version_locations =\n  demo_revisions\n  more\npath_separator = newline\n",
        "version_locations = demo_revisions more\nversion_path_separator = space\n",
    ],
)
def test_the_first_version_location_counts(project: Path, lines: str) -> None:
    found = settings("", "[alembic]\nscript_location = .\n" + lines)
    assert found.revisions == project / "demo_revisions"


def test_where_the_database_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    def source(url: str | None = None) -> tuple[str | None, str | None]:
        found = load(url=url)
        return found.database_url, found.url_source

    write()
    assert source() == (None, None)
    write("", INI + "sqlalchemy.url = driver://user:pass@localhost/dbname\n")
    assert source() == (None, None)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///application.db")
    for nothing in ("", '""', "''", '" "'):
        write("", INI + f"sqlalchemy.url = {nothing}\n")
        assert source() == ("sqlite:///application.db", "DATABASE_URL")
        write("", INI + "[demosnap]\nsqlalchemy.url = " + nothing + "\n")
        assert source() == ("sqlite:///application.db", "DATABASE_URL")
    write("", INI + "sqlalchemy.url = driver://user:pass@localhost/dbname\n")
    assert source() == ("sqlite:///application.db", "DATABASE_URL")
    write("", INI + "sqlalchemy.url = postgresql://u:p%%40ss@h/%(name)s\nname = d\n")
    assert source() == ("postgresql://u:p%40ss@h/d", "alembic.ini [alembic]")
    monkeypatch.setenv("DEMOSNAP_DATABASE_URL", "sqlite:///variable.db")
    assert source() == ("sqlite:///variable.db", "DEMOSNAP_DATABASE_URL")
    assert source("sqlite:///given.db") == ("sqlite:///given.db", "--url")
    monkeypatch.setenv("DEMOSNAP_DATABASE_URL", "")
    assert source("") == ("postgresql://u:p%40ss@h/d", "alembic.ini [alembic]")


def test_no_representation_shows_the_url() -> None:
    assert "s3cret" not in repr(settings("", INI + "sqlalchemy.url = pg://u:s3cret@h/d\n"))


# ---------------------------------------------------------------------------- Alembic


def test_the_alembic_configuration_is_that_of_file_and_section() -> None:
    from alembic.script import ScriptDirectory

    Path("pyproject.toml").write_text('[tool.alembic]\nfile_template = "theirs"\n')
    config = settings("", INI.replace("[alembic]", "[demosnap]")).alembic_config()
    assert config.config_ini_section == "demosnap"
    directory = ScriptDirectory.from_config(config)
    assert directory.file_template != "theirs"
    assert list(directory.walk_revisions()) == []


def test_settings_of_a_configuration_that_alembic_made(project: Path) -> None:
    from alembic.config import Config

    write("scenarios: {general: }", INI.replace("[alembic]", "[demosnap]"))
    config = Config("alembic.ini", ini_section="demosnap")
    config.set_main_option("sqlalchemy.url", "sqlite:///set.db")
    found = from_alembic(config)
    assert found.alembic_config() is config
    assert (found.section, found.root) == ("demosnap", project)
    assert found.scenario_names == ("general",)
    assert (found.database_url, found.url_source) == (
        "sqlite:///set.db",
        "alembic.ini [demosnap]",
    )
    assert from_alembic(config, "sqlite:///given.db").url_source == "--url"


def test_settings_of_a_configuration_without_a_file(project: Path) -> None:
    from alembic.config import Config

    write()
    Path("alembic.ini").unlink()
    config = Config()
    config.set_main_option("script_location", str(project))
    config.set_main_option("version_locations", str(project / "demo_revisions"))
    found = from_alembic(config)
    assert (found.config_file, found.root) == (None, project)
    assert found.revisions == project / "demo_revisions"


def test_alembic_is_not_imported_to_read_settings() -> None:
    import subprocess
    import sys

    write()
    code = (
        "import sys, demosnap.config; demosnap.config.load();"
        "print([m for m in ('alembic', 'sqlalchemy', 'click') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_another_tools_section_is_named_as_that(project: Path) -> None:
    """`init` adds nothing where demosnap has its own section, so it is not the way on."""
    (project / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s/migrations\n"
        "[demosnap]\nscript_location = %(here)s\n"
        "version_locations = %(here)s/demo_revisions\nrecursive_version_locations = true\n"
    )
    with pytest.raises(ConfigError, match=r"\[alembic\] is not demosnap's") as caught:
        load(section="alembic")
    assert caught.value.hint == "Leave -n out: the section [demosnap] is set up here."
