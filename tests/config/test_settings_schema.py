"""The JSON Schema of demosnap.yaml takes what demosnap takes, as far as a schema can say it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import settings_page
import test_config
import test_foreign_keys_settings
import test_triggers_settings
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from demosnap import scaffold
from demosnap.cli.program import cli
from demosnap.config import Scenario, choices, schema
from demosnap.errors import ConfigError
from support import editors
from support.draw import examples

# What needs more than one value, or a count of values, to be seen.
BEYOND = re.compile(
    r"not YAML|not UTF-8|.* is defined twice|.* is listed under both .* and"
    r"|foreign_keys\.2(\.(references has|when\.b is)| needs columns| has )"
    r"|marker\.\w+ is the same as marker\.\w+|two default scenarios|scenario '\w+' is one too many"
    r"|\S+\.in: there is no predicate|scenarios\.\w+\.needs(:| goes| names)"
)
WRONG = [
    (text, message)
    for module in (test_config, test_triggers_settings, test_foreign_keys_settings)
    for text, _, message in module.WRONG
]


@pytest.mark.skipif(
    tuple(map(int, msgspec.__version__.split(".")[:2])) < (0, 22),
    reason="older versions of msgspec make less of the declaration",
)
def test_the_file_of_the_package_is_what_the_declaration_says() -> None:
    """`python tests/settings_page.py` writes it again."""
    assert schema.text() == settings_page.schema_text()


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(json.loads(schema.text()))
    assert "$ref" not in schema.text()


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_is_wrong_is_marked(text: str | bytes, message: str) -> None:
    if not BEYOND.match(message):
        assert isinstance(text, str)
        try:
            assert editors.problems(text)
        except ValueError as error:
            assert str(error) == "it holds itself"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tables:\nexclude:\nscenarios:\nmarker:\n",
        "scenarios:\n  general:\n  writer: {description: }\n",
        "tables: {settings: {where: true}, 2024: {via: 1}}\nexclude: [1, on, 2024-01-01, 1.5]\n",
        "triggers: disable\nmarker: none\n",
    ],
)
def test_what_is_right_is_not_marked(text: str) -> None:
    """Beside these, each demosnap.yaml of all tests is held against the schema: conftest.py."""
    choices.parse(text.encode(), "demosnap.yaml")
    assert not editors.problems(text)


def test_every_key_is_described() -> None:
    """Also those within keys."""

    def check(node: Any, path: str) -> None:
        if isinstance(node, dict):
            for name, one in node.get("properties", {}).items():
                if isinstance(one, dict) and "dependencies" not in path:
                    assert one.get("description"), f"{path}.{name}"
            for name, one in node.items():
                check(one, f"{path}.{name}")
        for one in node if isinstance(node, list) else ():
            check(one, path)

    check(json.loads(schema.text()), "")


# Not the one that conftest.py watches.
PARSE = choices.parse
NAMES = st.text(max_size=4) | st.sampled_from(
    [
        *"a b general metadata head a.b a.b.c on 1 x/y /x x/ check disable none".split(),
        *("My Set", '"a b"', '"', 'b"c', "c\\", "a\n", "a\tb", "\x07", "", " "),
    ]
)
SCALARS = NAMES | st.booleans() | st.integers(0, 3) | st.none()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "column key scenario_key scenario_column where tables via in any needed_by"
                " description default action may_change colum".split()
            )
            | NAMES,
            inner,
            max_size=3,
        )
    ),
    max_leaves=5,
)
FILES = st.dictionaries(
    st.sampled_from([*choices.Choices.__struct_encode_fields__, "tabels"]), VALUES, max_size=3
)


@settings(deadline=None, max_examples=examples(300), suppress_health_check=[HealthCheck.too_slow])
@given(FILES)
def test_the_reader_and_the_schema_agree(data: dict[str, object]) -> None:
    text = yaml.safe_dump(data, allow_unicode=True)
    try:
        marked = editors.problems(text)
    except ValueError:
        return
    try:
        PARSE(text.encode("utf-8", "surrogatepass"), "demosnap.yaml")
    except ConfigError as error:
        message = str(error).partition("demosnap.yaml:")[2].partition(": ")[2]
        assert marked or BEYOND.match(message), (text, str(error))
    else:
        # For an editor a name that is true or false must stand in quotes.
        assert not marked or re.search(r"\b(true|false)\b", text), text


def test_init_writes_the_schema_and_the_line_by_which_editors_find_it(tmp_path: Path) -> None:
    scaffold.init(tmp_path, confirm=lambda *_: True)
    folder = tmp_path / "demo_revisions"
    first = (folder / "demosnap.yaml").read_text().splitlines()[0]
    name = first.removeprefix("# yaml-language-server: $schema=")
    assert (folder / name).read_text() == schema.text()
    written = (folder / "demosnap.yaml").read_bytes()
    assert not editors.problems(written.decode())
    # It says that whatever is left out has the value that is shown.
    found = choices.parse(written, "demosnap.yaml").choices
    assert found == choices.Choices(scenarios_in_file={"general": Scenario(default=True)})


def test_the_command_prints_it_and_renews_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """demosnap.yaml may be wrong: then the schema is wanted most."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALEMBIC_CONFIG", raising=False)
    run = CliRunner().invoke
    assert run(cli, ["schema"]).stdout == schema.text()
    result = run(cli, ["schema", "--write"])
    assert result.exit_code == 1 and "no alembic.ini" in result.output

    scaffold.init(tmp_path, confirm=lambda *_: True)
    file = tmp_path / "demo_revisions" / schema.FILE_NAME
    (tmp_path / "demo_revisions" / "demosnap.yaml").write_text("tabels:")
    said = f"demo_revisions/{schema.FILE_NAME}"
    assert run(cli, ["schema", "--write"]).stdout == f"{said} is up to date\n"
    file.write_text("{}")
    assert run(cli, ["schema", "--write"]).stdout == f"wrote {said}\n"
    assert file.read_text() == schema.text()
    file.unlink()
    assert run(cli, ["schema", "--write", "-q"]).output == ""
    assert file.read_text() == schema.text()


def test_init_adds_the_schema_to_a_project_and_says_what_editors_want(tmp_path: Path) -> None:
    scaffold.init(tmp_path, confirm=lambda *_: True)
    folder = tmp_path / "demo_revisions"
    (folder / schema.FILE_NAME).unlink()
    assert scaffold.init(tmp_path, confirm=lambda *_: True).notes == ()

    (folder / schema.FILE_NAME).unlink()
    (folder / "demosnap.yaml").write_text("exclusive: true\n")
    result = scaffold.init(tmp_path, confirm=lambda *_: True)
    assert result.written == (f"demo_revisions/{schema.FILE_NAME}",)
    (note,) = result.notes
    assert note.endswith("# yaml-language-server: $schema=demosnap.schema.json")
    assert (folder / "demosnap.yaml").read_text() == "exclusive: true\n"
