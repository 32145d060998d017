"""What `import demosnap` gives: names that are there, typed, documented, and quick to import."""

from __future__ import annotations

import dataclasses
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
