"""What revision scripts record of a selection beyond its rules."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from demosnap.errors import ScriptError
from demosnap.model import Condition, ForeignKey, Rule, Version
from demosnap.revisions import script
from support.fake_project import V1

KEYS = {
    "todos": (
        ForeignKey(("fragment_id",), "fragments", ("id",), logical=True),
        ForeignKey(
            ("object_id", "part"),
            'more."odd name"',
            ("id", "part"),
            logical=True,
            when=(
                Condition("kind", ("a", "b")),
                Condition("type_id", ("x", "y"), "s.types", "id", ("app", "model")),
            ),
        ),
    ),
    "fragments": (ForeignKey(("data",), "todos", ("id",), logical=True, path="$.links[*]"),),
}


def parsed(text: str, path: Path) -> Version:
    path.write_text(text.replace("from alembic import op", "op = None"), encoding="utf-8")
    names = runpy.run_path(str(path))
    module = SimpleNamespace(snapshot=names["snapshot"], __doc__=names["__doc__"])
    fake = SimpleNamespace(
        module=module,
        path=str(path),
        revision=names["revision"],
        down_revision=names["down_revision"],
    )
    return script.parse(fake)  # type: ignore[arg-type]


def test_a_script_records_logical_foreign_keys_in_format_2(tmp_path: Path) -> None:
    selection = replace(V1.selection, foreign_keys=KEYS)
    assert (V1.selection.format, selection.format) == (1, 2)
    version = replace(V1, selection=selection, format=2, folder=str(tmp_path))
    text = script.render(version)
    assert parsed(text, tmp_path / "v1.py") == version
    for there, instead, words in (
        ('"format": 2', '"format": 1', "format 1 has no such selection"),
        ('"referred_columns": ["id"]', '"referred_columns": []', "does not fit the selection"),
        ('"table": "todos"', '"table": "nowhere"', "does not fit the selection"),
        ('"$.links[*]"', "5", "5 is not a text"),
    ):
        assert there in text
        with pytest.raises(ScriptError, match=words):
            parsed(text.replace(there, instead, 1), tmp_path / "v1.py")
    assert "foreign_keys" not in script.render(V1)


def test_a_script_records_rules_of_several_parts_in_format_2(tmp_path: Path) -> None:
    """Each predicate as it was written, whatever stands in it."""
    wheres = ("a = '} or (x' and b", "c = \"\\n\" or d\nand e = 'é'", "any (marker)")
    parts = tuple(Rule("where", where=where) for where in wheres)
    both = Rule("all", rules=(Rule("via", ("fragment_id", "odd name")), parts[1]))
    rule = Rule("any", rules=(*parts, Rule("marker"), both))
    needed = Rule("needed by", ("a", "odd b"), table='more."odd via x"')
    alone = replace(V1.selection, rules={**V1.selection.rules, "todos": needed})
    assert alone.format == 2
    assert script.rule_text(needed) == 'needed by more."odd via x" via a, "odd b"'
    assert script.parse_rule(script.rule_text(needed)) == needed
    rules = {**V1.selection.rules, "todos": rule}
    selection = replace(V1.selection, rules=rules)
    version = replace(V1, selection=selection, format=selection.format, folder=str(tmp_path))
    text = script.render(version)
    assert selection.format == 2
    assert parsed(text, tmp_path / "v1.py") == version
    assert script.rule_text(rule).endswith(
        ' or marker or (via fragment_id, "odd name" and where c = "\\n" or d\nand e = \'é\')'
    )
    assert '"fragments": "marker"' in text
    for there, instead in (
        ('"any": [', '"none": ['),
        ('"all": [', '"all": 5, "x": ['),
        ('"via fragment_id, \\"odd name\\"", ', ""),
        ('"marker", {', "{}, {"),
    ):
        assert there in text
        with pytest.raises(ScriptError, match="is not what demosnap writes"):
            parsed(text.replace(there, instead, 1), tmp_path / "v1.py")
