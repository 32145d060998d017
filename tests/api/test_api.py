"""What `import demosnap` gives: names that are there, typed, documented, and quick to import."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import get_args

import pytest

import demosnap
from demosnap.refusal import Kind
from support.workspaces import Workspace

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
REASONS = Path(demosnap.__file__).parent / "reasons"


def test_every_public_name_is_there() -> None:
    assert sorted(demosnap.__all__) == list(demosnap.__all__)
    assert {*demosnap.__all__} <= {*dir(demosnap)}
    for name in demosnap.__all__:
        found = getattr(demosnap, name)
        if name not in ("__version__", "PythonValue"):
            assert found.__name__ == name and found.__module__.startswith("demosnap.")
    with pytest.raises(AttributeError, match="has no attribute 'Projekt'"):
        getattr(demosnap, "Projekt")  # noqa: B009  as a misspelt name does


def test_every_error_is_public() -> None:
    errors = importlib_names("demosnap.errors")
    assert {name for name in errors if name.endswith("Error")} <= {*demosnap.__all__}


def importlib_names(module: str) -> set[str]:
    """Return the names of classes that a module defines."""
    __import__(module)
    found = vars(sys.modules[module])
    return {name for name, one in found.items() if getattr(one, "__module__", "") == module}


def test_every_result_is_public() -> None:
    found = vars(sys.modules["demosnap.results"])
    results = {n for n in importlib_names("demosnap.results") if dataclasses.is_dataclass(found[n])}
    assert results <= {*demosnap.__all__}


def test_the_import_pulls_nothing_heavy_in() -> None:
    code = (
        "import sys, demosnap; dir(demosnap); demosnap.__all__;"
        "print([m for m in ('sqlalchemy', 'alembic', 'yaml', 'click') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


USER = """
from decimal import Decimal

from demosnap import (
    MoveOptions, MovePlan, Project, Refusal, RefusedError, RowChange, SealedPlan, Version
)

project = Project("alembic.ini")
general = project.scenario("general")
plan: SealedPlan = general.plan_load("v1", discard=True, cascade=["stickers"])
done: MovePlan = project.apply(plan)
versions: tuple[Version, ...] = general.versions
for change in general.diff("v1", "v2"):
    one: RowChange = change
    old = change.old["state"] if change.old else None
    reveal_type(change.kind)
    reveal_type(done.moves[0].target)
try:
    project.load("general", options=MoveOptions(verify="counts"))
except RefusedError as error:
    reasons: tuple[str, ...] = error.reasons
    refusals: tuple[Refusal, ...] = error.refusals
    lost = [one.table for one in plan.refusals if one.kind == "key taken"]
"""

WRONG = """
from demosnap import MoveOptions, Nothing, Project

Project().load("general", discrad=True)
Project().load("general", verify="most")
Project().apply(Project().load("general", dry_run=True))
MoveOptions(cascade=1)
"""


def checked(folder: Path, text: str) -> str:
    """Return what mypy --strict says of a user's program."""
    pytest.importorskip("mypy")
    file = folder / "program.py"
    file.write_text(text)
    options = [
        "--strict",
        "--no-error-summary",
        "--cache-dir",
        str(ROOT / ".mypy_cache" / "programs"),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, str(file)],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stderr == ""
    return done.stdout


def test_a_program_is_checked_strictly(tmp_path: Path) -> None:
    said = checked(tmp_path, USER)
    assert "error" not in said
    assert "demosnap.model.Version | None" in said
    assert all(f"'{kind}'" in said for kind in ("added", "removed", "modified", "unpicked"))


def test_what_is_wrong_in_a_program_is_found(tmp_path: Path) -> None:
    said = checked(tmp_path, WRONG)
    lines = [int(line) for line in re.findall(r"program\.py:(\d+): error", said)]
    assert lines == [2, 4, 5, 6, 7], said


# ---------------------------------------------------------------------- docs/api.md


def test_every_public_name_is_documented() -> None:
    missing = [name for name in demosnap.__all__ if f"`{name}`" not in PAGE]
    assert missing == []


@pytest.mark.parametrize(
    "name",
    [name for name in demosnap.__all__ if dataclasses.is_dataclass(getattr(demosnap, name))],
)
def test_every_field_is_documented(name: str) -> None:
    """In a section of its own, with what it is."""
    sections = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^#|\Z)", PAGE, flags=re.M | re.S))
    described = set(re.findall(r"`(\w+)`", sections[name]))
    fields = {one.name for one in dataclasses.fields(getattr(demosnap, name))}
    properties = {
        key for key, one in vars(getattr(demosnap, name)).items() if isinstance(one, property)
    }
    assert fields | properties <= described


def test_every_kind_of_refusal_is_documented_and_made() -> None:
    section = PAGE.partition("### `Refusal`")[2].partition("###")[0]
    kinds = list(get_args(Kind))
    assert re.findall(r"^\| `([^`]+)` \|", section, flags=re.M) == kinds
    made = "".join(path.read_text(encoding="utf-8") for path in REASONS.glob("*.py"))
    assert [kind for kind in kinds if f'"{kind}"' not in made] == []


def test_the_examples_run(
    sqlite_workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One after the other, as the page has them; what a comment says is what is printed."""
    examples = re.findall(r"```python\n(.*?)```", PAGE, flags=re.S)
    assert len(examples) >= 8
    monkeypatch.chdir(sqlite_workspace.folder)
    monkeypatch.setenv("DEMOSNAP_DATABASE_URL", sqlite_workspace.database.url)
    names: dict[str, object] = {"engine": sqlite_workspace.database.engine}
    for number, example in enumerate(examples):
        exec(compile(example, f"docs/api.md, example {number + 1}", "exec"), names)
        wanted = "".join(re.findall(r"^\s*# > ?(.*\n)", example, flags=re.M))
        assert capsys.readouterr().out == wanted, textwrap.indent(example, "    ")
