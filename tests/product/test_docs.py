"""What the pages say is true, and what the rooms promise holds."""

from __future__ import annotations

import ast
import graphlib
import importlib
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Container, Iterator
from functools import cache
from pathlib import Path

import click
import pytest
import settings_page

from demosnap import requirements
from demosnap.cli.program import cli
from demosnap.cli.shared_options import GlobalOption
from demosnap.config import Choices, choices

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "demosnap"
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
KEYS = Choices.__struct_encode_fields__

# ---------------------------------------------------------------------- pages


def sections(page: Path, level: int = 2) -> dict[str, str]:
    """Return the text under each heading of a level, by the heading."""
    parts = re.split(rf"^{'#' * level} (.+)$", page.read_text(encoding="utf-8"), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def first_column(text: str) -> list[str]:
    """Return what stands in code style at the beginning of the rows of tables."""
    found = re.findall(r"^\| `([^`]+)` \|", text, flags=re.M)
    return [cell.replace("\\|", "|") for cell in found]


def options(command: click.Command, *, are_global: bool) -> list[str]:
    """Return a command's options as its --help writes them."""
    context = click.Context(command)
    return [
        record[0]
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option)
        and isinstance(parameter, GlobalOption) == are_global
        and "--help" not in parameter.opts
        and (record := parameter.get_help_record(context))
    ]


def test_every_command_is_documented() -> None:
    described = [
        title
        for title, text in sections(DOCS / "commands.md").items()
        if re.match(rf"\s+`demosnap {re.escape(title)}\b", text)
    ]
    assert sorted(described) == sorted(cli.commands)


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_option_is_documented(name: str) -> None:
    text = sections(DOCS / "commands.md")[name]
    written = [row for row in first_column(text) if row.startswith("-")]
    assert sorted(written) == sorted(options(cli.commands[name], are_global=False))
    usage = cli.commands[name].get_usage(click.Context(cli.commands[name], info_name=name))
    arguments = re.sub(r"Usage: \S+ |\[OPTIONS\] ?", "", usage).strip()
    assert f"`demosnap {name} {arguments}".strip() + "`" in text


def test_every_global_option_is_documented() -> None:
    written = first_column(sections(DOCS / "commands.md")["Global options"])
    assert sorted(written) == sorted(options(cli, are_global=True))


def test_every_key_of_the_configuration_is_documented() -> None:
    """`python tests/settings_page.py` writes the table."""
    text = settings_page.PAGE.read_text(encoding="utf-8")
    assert settings_page.page(text) == text
    described = first_column(sections(settings_page.PAGE)["demosnap.yaml"])
    assert {*KEYS, "marker.column", "tables.TABLE.via", "triggers.may_change"} <= {*described}


def test_the_example_of_a_configuration_is_one() -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, flags=re.S)
    settings = choices.parse(example.encode(), "demosnap.yaml").choices
    assert settings.scenarios["general"].default
    for key in KEYS:
        assert f"\n{key}:" in f"\n{example}"


def test_every_variable_is_documented() -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    code = "".join(path.read_text(encoding="utf-8") for path in MODULES)
    names = set(re.findall(r"(?<![A-Z_])DEMOSNAP_[A-Z_]+", code))
    names |= {"ALEMBIC_CONFIG", "DATABASE_URL", "SOURCE_DATE_EPOCH", "COLUMNS"}
    assert {name for name in names if f"`{name}`" not in page} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.M)
            assert anchor in [slug(heading) for heading in headings], target


def slug(heading: str) -> str:
    """Return the anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_help_names_anchors_that_are_there() -> None:
    anchors = {slug(title) for title in sections(DOCS / "commands.md")}
    for name, command in cli.commands.items():
        assert (command.epilog or "").endswith(f"docs/commands.md#{name}")
        assert name in anchors


def test_the_tests_of_the_page_on_safety_are_there() -> None:
    """Each promise names a test, and each test that is named is one."""
    there = {
        f"{path.name}::{name}"
        for path in Path(__file__).parents[1].rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.M)
    }
    for line in (DOCS / "safety.md").read_text(encoding="utf-8").splitlines():
        if not line.startswith("| ") or line.startswith("| Promise"):
            continue
        file, named = "", re.findall(r"`(?:(test_\w+\.py)::)?(test_\w+)`", line)
        assert named, line
        for one, name in named:
            file = one or file
            assert f"{file}::{name}" in there, line


def test_no_page_is_left_out_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in DOCS.glob("*.md"):
        assert f"(docs/{page.name})" in readme


def test_the_session_in_the_readme_is_what_quickstart_prints(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (session,) = re.findall(r"<!-- quickstart.*?-->\n```console\n(.*?)```", readme, flags=re.S)
    done = subprocess.run(
        [Path(sys.executable).with_name("demosnap"), "quickstart"],
        cwd=tmp_path,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1737382500", "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        timeout=120,
    )
    assert session == done.stdout.replace(str(tmp_path), "/home/you")


def test_no_module_has_the_name_of_another_one() -> None:
    """Dialects are packages of one shape: what is inside of them has names of that shape."""
    inside = (PACKAGE / "dialects").glob("*/*.py")
    names = Counter(path.stem for path in {*MODULES}.difference(inside))
    assert [name for name, count in names.items() if count > 1 and name != "__init__"] == []


def test_rooms_are_described() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    for room in {path.relative_to(PACKAGE).parts[0] for path in MODULES}:
        if not room.startswith("__"):
            name = room if room.endswith(".py") else f"{room}/"
            assert f"`{name}`" in page, name


# ---------------------------------------------------------------------- rooms

# Each may import what stands on a later line.
RANKS = (
    ("cli", "seeding", "testing"),
    ("scaffold", "project"),
    ("scenario",),
    ("verbs",),
    ("revisions",),
    ("connect", "git"),
    ("moves", "capture"),
    ("compare",),
    ("database",),
    ("results", "reasons"),
    ("snapshot",),
    ("dialects",),
    ("rows",),
    ("config",),
    ("columns", "json_path"),
    ("model",),
    ("options",),
    ("errors", "version"),
    ("refusal",),
    ("holders", "interrupts", "quiet", "requirements", "visible"),
)
RANK = {room: number for number, rooms in enumerate(RANKS) for room in rooms}
# They stand beside the rooms: an application of its own, and the text of a user's env.py.
ASIDE = ("example", "templates", "__init__", "__main__")
DIALECTS = {"sqlite", "postgresql", "mysql", "mariadb"}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> list[ast.AST]:
    """Return all nodes of a file, in the order of `ast.walk`."""
    return list(ast.walk(tree(path)))


def line_of(node: ast.AST) -> int:
    assert isinstance(node, (ast.expr, ast.stmt, ast.keyword))
    return node.lineno


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each module that a file imports, with the line."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            if node.module == "demosnap":
                yield from ((node.lineno, f"demosnap.{alias.name}") for alias in node.names)


def test_imports_point_downward() -> None:
    assert {room_of(path) for path in MODULES} == {*RANK, *ASIDE}
    wrong = []
    for path in MODULES:
        room = room_of(path)
        if room in ASIDE:
            continue
        for line, module in imports(path):
            other = module.split(".")[1] if module.startswith("demosnap.") else None
            if other in (None, room) or (other == "example" and room in ("cli", "testing")):
                continue
            if RANK[other] <= RANK[room]:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {room} imports {other}")
    assert wrong == []


def test_no_two_files_import_each_other() -> None:
    """Inside of rooms too, whatever is imported late or for its types only."""
    names = {dotted(path): path for path in MODULES}
    graph = {
        # A package may import what is in it, and no file itself.
        name: {other for _, other in imported(path, names)}
        for name, path in names.items()
    }
    order = graphlib.TopologicalSorter(graph)

    order.prepare()


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path, names: Container[str]) -> Iterator[tuple[int, str]]:
    """Yield each file of the package that a file imports, with the line."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                if module in names:
                    yield node.lineno, module
                elif node.module in names:
                    yield node.lineno, node.module


@pytest.mark.parametrize(
    ("module", "rooms"),
    [
        ("click", {"cli"}),
        ("rich", {"cli"}),
        ("alembic", {"revisions", "config"}),
        ("pytest", {"testing"}),
    ],
)
def test_who_imports_what(module: str, rooms: set[str]) -> None:
    importing = {
        room_of(path)
        for path in MODULES
        for _, name in imports(path)
        if name.split(".")[0] == module
    }
    assert importing <= rooms


def test_private_parts_of_alembic_are_used_in_one_module() -> None:
    private = {"_migrations_fn", "_stamp_revs", "_install_proxy", "_remove_proxy", "_proxy"}
    using = {
        path.name
        for path in MODULES
        for node in nodes(path)
        if (isinstance(node, ast.Attribute) and node.attr in private)
        or (isinstance(node, ast.Constant) and node.value in private)
    }
    assert using == {"alembic_private.py"}


def test_no_dialect_is_named_in_a_comparison_outside_of_dialects() -> None:
    wrong = []
    for path in MODULES:
        # The example is an application, and applications know their databases.
        if room_of(path) in ("dialects", "example"):
            continue
        for node in nodes(path):
            if isinstance(node, ast.Compare):
                inside = [node.left, *node.comparators]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                inside = node.args if node.func.attr in ("startswith", "endswith") else []
            elif isinstance(node, ast.MatchValue):
                inside = [node.value]
            else:
                continue
            named = {
                constant.value
                for expression in inside
                for constant in ast.walk(expression)
                if isinstance(constant, ast.Constant) and constant.value in DIALECTS
            }
            if named:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}: {', '.join(named)}")
    assert wrong == []


# What databases write each in their own way, or do not take at all.
OWN_SQL = re.compile(
    r"\bLIMIT\b|\bFETCH FIRST\b|\bSELECT TOP\b|\bFOR UPDATE\b|\bSAVEPOINT\b|\bPRAGMA\b"
    r"|\bTEMP(?:ORARY)? TABLE\b|\bIF (?:NOT )?EXISTS\b|\bRETURNING\b|\bILIKE\b|\bON CONFLICT\b"
    r"|\bREAD (?:UN)?COMMITTED\b|\bREPEATABLE READ\b|\bSERIALIZABLE\b|\bSET SESSION\b"
    r"|information_schema|sqlite_master|\bpg_\w+|\) IN \(|\bFROM dual\b"
)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of a file that are no docstrings, with the line."""
    module = tree(path)
    described = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.value)
        for owner in ast.walk(module)
        if isinstance(owner, described)
        for node in owner.body
        if isinstance(node, ast.Expr)
    }
    for node in ast.walk(module):
        if id(node) not in docstrings and isinstance(node, ast.Constant):
            yield node.lineno, str(node.value)


def asks_sqlalchemy(node: ast.AST) -> bool:
    """Say whether a node is about what SQLAlchemy reads or writes on some databases alone."""
    if isinstance(node, ast.keyword):
        return node.arg in ("if_not_exists", "if_exists", "with_for_update")
    if isinstance(node, ast.ImportFrom):
        inspects = any(alias.name == "inspect" for alias in node.names)
        return node.module == "sqlalchemy.dialects" or (node.module == "sqlalchemy" and inspects)
    return isinstance(node, ast.Attribute) and node.attr == "get_isolation_level"


def test_no_sql_of_a_database_stands_outside_of_dialects() -> None:
    wrong = []
    for path in MODULES:
        # The example is an application, and applications know their databases.
        if room_of(path) in ("dialects", "example"):
            continue
        found = [(line, match[0]) for line, text in texts(path) if (match := OWN_SQL.search(text))]
        found += [(line_of(node), "SQLAlchemy") for node in nodes(path) if asks_sqlalchemy(node)]
        wrong += [f"{path.relative_to(ROOT)}:{line}: {what}" for line, what in found]
    assert wrong == []


def hooks(path: Path) -> dict[str, Public]:
    """Return the methods of the classes of a module of dialects, by name."""
    classes = [node for node in tree(path).body if isinstance(node, ast.ClassDef)]
    return {
        name.partition(".")[2]: node
        for one in classes
        for name, node in public([one])
        if "." in name and isinstance(node, ast.FunctionDef)
    }


def is_abstract(node: Public) -> bool:
    return any(ast.unparse(one) == "abstractmethod" for one in node.decorator_list)


def test_what_a_dialect_must_bring_stands_in_one_file() -> None:
    room = PACKAGE / "dialects"
    needed = hooks(room / "needed.py")
    assert needed and all(is_abstract(node) for node in needed.values())
    for path in [room / "base.py", room / "text.py", *room.glob("*_hooks.py")]:
        assert [name for name, node in hooks(path).items() if is_abstract(node)] == [], path.name


def attributes(path: Path) -> set[str]:
    """Return the class variables of the hooks of a module of dialects."""
    return {
        node.target.id
        for one in tree(path).body
        if isinstance(one, ast.ClassDef) and not one.decorator_list
        for node in one.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def test_the_guide_names_every_hook_in_its_section() -> None:
    room = PACKAGE / "dialects"
    guide = sections(DOCS / "dialects.md")

    def named(title: str) -> set[str]:
        cells = re.findall(r"^\| (`[^|]+) \|", guide[title], flags=re.M)
        return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}

    needed = {*hooks(room / "needed.py"), *attributes(room / "needed.py")}
    assert named("Needed to capture") | named("Needed to load") == needed
    optional: set[str] = set()
    for path in [room / "base.py", room / "text.py", *room.glob("*_hooks.py")]:
        optional |= {*hooks(path), *attributes(path)}
    # What counts the flags of rows is no hook.
    assert named("Optional") == optional - needed - {"add"}
    generic: set[str] = set()
    for path in (room / "generic" / "dialect.py", room / "generic" / "names.py"):
        generic |= {*hooks(path), *attributes(path)}
    # `codec` looks into `codecs`; the other two are the ways of a name.
    own = generic - optional - needed - {"codec", "shown", "asked"}
    assert named("What a generic one can say") == own
    rules = {*hooks(room / "url_rules.py"), *attributes(room / "url_rules.py")}
    # What the steps share.
    assert named("URLs") == rules - {"without_unknown"}


# Negated, indefinite and riddling words, in whose place a type or a role can stand.
RIDDLES = re.compile(
    r"\b(?:nobody|somebody|anybody|whoever|no demo data|not this demo data"
    r"|which no script here knows|be it one|was quicker|what it was told|as one likes"
    r"|held against|(?:is|are|be|was) told(?! apart)|is to be said|it is no|which none"
    r"|without a word|anew|taken? along|as it stands|another number of|what there is"
    r"|in the place of what|vouch(?:es)?)\b",
    re.I,
)


def test_texts_are_plain_english() -> None:
    """Messages, docstrings and the docs name another session, non-demo rows or no scenario."""
    wrong = []
    for path in MODULES:
        for node in nodes(path):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found = RIDDLES.findall(" ".join(node.value.split()))
                wrong += [f"{path.relative_to(ROOT)}:{node.lineno}: {one}" for one in found]
    for path in PAGES:
        text = " ".join(re.sub(r"`[^`]*`", "", path.read_text(encoding="utf-8")).split())
        wrong += [f"{path.name}: {one}" for one in RIDDLES.findall(text)]
    assert wrong == []


def test_nothing_prints_outside_of_the_command_line() -> None:
    wrong = []
    for path in MODULES:
        if room_of(path) == "cli":
            continue
        for node in nodes(path):
            called = isinstance(node, ast.Name) and node.id == "print"
            stream = isinstance(node, ast.Attribute) and node.attr in ("stdout", "stderr")
            if called or stream:
                wrong.append(f"{path.relative_to(ROOT)}:{line_of(node)}")
    assert wrong == []


@pytest.mark.parametrize(("files", "most"), [(MODULES, 400), (TESTS, 600)], ids=["code", "tests"])
def test_no_module_is_too_long(files: list[Path], most: int) -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in files
    }
    assert {name: length for name, length in lengths.items() if length > most} == {}


def says_nothing(test: ast.FunctionDef, block: ast.With) -> bool:
    """Say whether a test takes any refusal for the one that it is about.

    A guard's refusal has a kind, which `support.refusals.refused` asks for.
    """
    for item in block.items:
        call, caught = item.context_expr, item.optional_vars
        if not isinstance(call, ast.Call) or ast.unparse(call.func) != "pytest.raises":
            continue
        wide = ast.unparse(call.args[0]) in ("DemosnapError", "RefusedError", "Exception")
        matched = any(keyword.arg == "match" for keyword in call.keywords)
        looked_at = isinstance(caught, ast.Name) and any(
            isinstance(node, ast.Name) and node.id == caught.id and isinstance(node.ctx, ast.Load)
            for node in ast.walk(test)
        )
        of_guard = ast.unparse(call.args[0]) == "RefusedError"
        if wide and not looked_at and (of_guard or not matched):
            return True
    return False


def test_a_test_of_a_refusal_names_what_it_tells() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{block.lineno}: {test.name}"
        for path in TESTS
        for test in nodes(path)
        if isinstance(test, ast.FunctionDef)
        for block in ast.walk(test)
        if isinstance(block, ast.With) and says_nothing(test, block)
    ]
    assert wrong == []


Public = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def public(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Public]]:
    """Yield the public functions, classes and methods of a module."""
    for node in body:
        if isinstance(node, Public):
            if node.name.startswith("_"):
                continue
            yield f"{prefix}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body, f"{node.name}.")


def test_everything_public_has_a_docstring() -> None:
    missing = []
    for path in MODULES:
        module = tree(path)
        if not ast.get_docstring(module):
            missing.append(f"{path.relative_to(ROOT)}:1")
        for name, node in public(module.body):
            if not ast.get_docstring(node) and not inherits_docstring(path, name):
                missing.append(f"{path.relative_to(ROOT)}: {name}")
    assert missing == []


def inherits_docstring(path: Path, name: str) -> bool:
    """Say whether a method is one that a base class documents."""
    owner, _, method = name.rpartition(".")
    if not owner:
        return False
    dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    bases = getattr(importlib.import_module(dotted), owner).__mro__[1:]
    return any(getattr(vars(base).get(method), "__doc__", None) for base in bases)


def test_requirements_and_lowest_versions_are_the_same() -> None:
    setup = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    lowest = dict(
        re.findall(r"^([\w-]+)==([\d.]+)$", (ROOT / ".ci/lowest.txt").read_text(), flags=re.M)
    )
    wanted = dict(re.findall(r"^    ([\w-]+)(?:\[\w+\])?>=([\d.]+)$", setup, flags=re.M))
    assert set(wanted) <= set(lowest)
    for name, version in wanted.items():
        assert f"{lowest[name]}.".startswith(f"{version}."), name
    for name, numbers in requirements.LOWEST.items():
        assert ".".join(map(str, numbers)) == lowest[name], name
