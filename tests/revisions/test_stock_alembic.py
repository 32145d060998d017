"""The stock `alembic` command gives the same result as demosnap's own, guards included."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import alembic
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from demosnap.errors import DemosnapError
from support import small
from support.databases import Database
from support.refusals import refused
from support.small import Chain
from support.workspaces import Workspace

pytestmark = pytest.mark.long

ALEMBIC = tuple(map(int, alembic.__version__.split(".")[:2]))
MakeWorkspace = Callable[[Database], Workspace]
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def chain(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1, v2 and v3 of general; the database is at v3."""
    return small.copied(make_workspace(database), "v1", "v2", "v3")


@pytest.fixture
def sqlite_chain(sqlite: Database, make_workspace: MakeWorkspace) -> Chain:
    """The same on SQLite alone, for what is about words."""
    return small.copied(make_workspace(sqlite), "v1", "v2", "v3")


@pytest.fixture
def pair(database: Database, make_workspace: MakeWorkspace) -> Chain:
    """Versions v1 and v2 of general, v1 of writer; the database is at both heads."""
    return small.copied(make_workspace(database), "v1", "v2", writer=True)


@contextlib.contextmanager
def nothing_changes(chain: Chain) -> Iterator[None]:
    """Check that not one value of one table changes, demosnap's own tables included."""
    before = chain.everything()
    yield
    assert chain.everything() == before


def said(done: Done) -> str:
    """What a command printed, without white space: Alembic folds lines to the terminal."""
    return "".join((done.stdout + done.stderr).split())


def failed(chain: Chain, *arguments: str) -> str:
    """Run alembic; check that it fails and changes nothing; return what it said."""
    with nothing_changes(chain):
        done = chain.workspace.alembic(*arguments, check=False)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return said(done)


def last_log(chain: Chain) -> tuple[Any, ...]:
    """The newest line of demosnap_log that tells a move, but for its number and time."""
    columns = "operation, scenario, revision, row_counts, digest"
    return chain.database.rows(
        f"SELECT {columns} FROM demosnap_log WHERE operation NOT IN ('proof', 'rehearse')"
        " ORDER BY id DESC LIMIT 1"
    )[0]


# ---------------------------------------------------------------- moves


def test_upgrade_and_downgrade_do_what_demosnap_does(chain: Chain) -> None:
    """The same rows, the same stamp, the same line in the log, by every name Alembic knows."""
    ids = chain.ids()
    alembic = chain.workspace.alembic
    for arguments, version in (
        (("downgrade", "general@-1"), "v2"),
        (("upgrade", "general@head"), "v3"),
        (("downgrade", ids["v1"]), "v1"),
        (("upgrade", "general@+1"), "v2"),
        (("downgrade", "general@base"), "base"),
        (("upgrade", "heads"), "v3"),
    ):
        alembic(*arguments)
        assert chain.database.dump() == chain.at[version], arguments
        assert chain.stamps() == ([] if version == "base" else [f"general {version}"])
        entry = last_log(chain)
        chain.project.load("general@v2" if version != "v2" else "general@v1")
        chain.project.load(f"general@{version}")
        assert last_log(chain) == entry, arguments


def test_the_plan_and_the_target_are_printed(sqlite_chain: Chain) -> None:
    """Before anything is changed, as demosnap does."""
    done = sqlite_chain.workspace.alembic("downgrade", "general@-1")
    assert f"Database: {sqlite_chain.database.url}" in done.stdout
    assert "DEMOSNAP_DATABASE_URL" in done.stdout
    assert "general: v3_2025-02-01 -> v2_2025-01-20" in done.stdout
    assert "remove: boards 1\n  modify: cards 1" in done.stdout
    done = sqlite_chain.workspace.alembic("-x", "demosnap.full=1", "upgrade", "general@+1")
    assert "purge: checks 2, cards 3, boards 1" in done.stdout
    assert "load: boards 2, cards 3, checks 2" in done.stdout


def test_the_plan_is_printed_in_what_every_terminal_can_show(
    sqlite_chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alembic writes question marks for the rest; its own arrow is `->`."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = sqlite_chain.workspace.alembic("downgrade", "general@-1", process=True)
    assert "general: v3_2025-02-01 -> v2_2025-01-20" in done.stdout


def test_a_version_is_loaded_once_whatever_the_distance(sqlite_chain: Chain) -> None:
    """Snapshots in between are not needed, and the log has one line more."""
    sqlite_chain.project.downgrade("general", "base")
    for name in ("general_v1_2025-01-15.sql", "general_v2_2025-01-20.sql"):
        (sqlite_chain.workspace.revisions / "general" / name).unlink()
    before = len(sqlite_chain.everything()["demosnap_log"])
    sqlite_chain.workspace.alembic("upgrade", "general@head")
    assert sqlite_chain.database.dump() == sqlite_chain.at["v3"]
    assert len(sqlite_chain.everything()["demosnap_log"]) == before + 1


def test_several_scenarios_move_together(pair: Chain) -> None:
    """`upgrade heads` from base; `only` and `exclusive` take the others out."""
    both = pair.database.dump()
    pair.project.downgrade("writer", "base")
    pair.project.downgrade("general", "base")
    alembic = pair.workspace.alembic
    alembic("upgrade", "heads")
    assert pair.database.dump() == both
    assert pair.stamps() == ["general v2", "writer v1"]
    pair.project.downgrade("general", "-1")
    alembic("-x", "demosnap.only=1", "upgrade", "general@head")
    assert pair.database.dump() == pair.at["v2"]
    assert pair.stamps() == ["general v2"]
    pair.workspace.configure(small.SETTINGS + "exclusive: true\n")
    alembic("upgrade", "writer@head")
    assert pair.stamps() == ["writer v1"]


def test_a_stamp_without_rows_loads_again_by_the_next_step(sqlite_chain: Chain) -> None:
    """Alembic makes no step to where the stamp is; up from below it loads."""
    sqlite_chain.project.downgrade("general", "-1")
    sqlite_chain.database.execute(*small.REMOVE["general"])
    sqlite_chain.workspace.alembic("upgrade", "general@head")
    assert sqlite_chain.database.dump() == sqlite_chain.at["v3"]


def test_a_step_down_from_nothing_is_an_error(sqlite_chain: Chain) -> None:
    """Not one of Python's own."""
    sqlite_chain.project.downgrade("general", "base")
    text = failed(sqlite_chain, "downgrade", "general@-1")
    assert "noversionofthatscenarioisloaded" in text


def test_a_dry_run_changes_nothing(sqlite_chain: Chain) -> None:
    """`-x demosnap.dry_run=1`."""
    with nothing_changes(sqlite_chain):
        sqlite_chain.workspace.alembic("-x", "demosnap.dry_run=1", "downgrade", "general@base")


def test_in_the_callers_transaction_nothing_is_committed(chain: Chain) -> None:
    """Alembic's own way to share a connection, `config.attributes["connection"]`."""
    config = Config(chain.workspace.folder / "alembic.ini")
    before = chain.everything()
    with chain.database.engine.connect() as connection:
        transaction = connection.begin()
        config.attributes["connection"] = connection
        command.downgrade(config, "general@base")
        held = connection.execute(sa.text("SELECT id FROM boards ORDER BY id")).scalars().all()
        assert held == [2, 12]
        transaction.rollback()
    assert chain.everything() == before


# ---------------------------------------------------------------- looking


def test_current_history_heads_and_show_know_the_versions(sqlite_chain: Chain) -> None:
    """Ids, the head, where the database is, and the message of each script."""
    chain, ids = sqlite_chain, sqlite_chain.ids()
    alembic = chain.workspace.alembic
    chain.project.downgrade("general", "-1")
    with nothing_changes(chain):
        assert alembic("current").stdout.split() == [ids["v2"]]
        assert f"{ids['v3']} (general) (head)" in alembic("heads").stdout
        history = alembic("history", "--indicate-current").stdout.splitlines()
        assert [line.split(", ")[0] for line in history] == [
            f"{ids['v2']} -> {ids['v3']} (general) (head)",
            f"{ids['v1']} -> {ids['v2']} (general) (current)",
            f"<base> -> {ids['v1']} (general)",
        ]
        shown = alembic("show", ids["v2"]).stdout
        assert f"Revision ID: {ids['v2']}" in shown
        assert f"Parent: {ids['v1']}" in shown
    chain.project.upgrade("general@head")
    assert f"{ids['v3']} (head)" in alembic("current").stdout


def test_looking_at_a_database_without_demosnaps_tables_makes_none(sqlite_chain: Chain) -> None:
    """`current` of a database that demosnap never touched only reads."""
    sqlite_chain.database.execute("DROP TABLE demosnap_log", "DROP TABLE demosnap_version")
    with nothing_changes(sqlite_chain):
        assert sqlite_chain.workspace.alembic("current").stdout.split() == []


def test_stamp_verifies_the_rows_first(chain: Chain) -> None:
    """As `demosnap stamp` does; `-x demosnap.verify=0` is its --no-verify."""
    ids = chain.ids()
    alembic = chain.workspace.alembic
    text = failed(chain, "stamp", ids["v2"])
    assert "boards" in text
    assert "demosnap.verify=0" in text
    chain.database.execute("DELETE FROM demosnap_version")
    alembic("stamp", "general@head")
    assert chain.stamps() == ["general v3"]
    alembic("-x", "demosnap.verify=0", "stamp", ids["v1"])
    assert chain.stamps() == ["general v1"]
    assert chain.database.dump() == chain.at["v3"]


# ---------------------------------------------------------------- guards


def _same_refusal(
    chain: Chain, ours: Callable[[], Any], theirs: tuple[str, ...], told: str
) -> None:
    """Check that both refuse in the same words and that neither changes anything."""
    with nothing_changes(chain), pytest.raises(DemosnapError) as caught:
        ours()
    # Files are named from the current folder, which is the project's for the command.
    message = str(caught.value).replace(f"{chain.workspace.folder}/", "")
    assert told in message
    assert "".join(message.split()) in failed(chain, *theirs)


def test_guards_hold_in_the_same_words(chain: Chain) -> None:
    """Uncaptured rows, rows that reference demo rows, taken keys: as demosnap says it."""
    down = (lambda: chain.project.downgrade("general", "-1"), ("downgrade", "general@-1"))
    chain.database.execute("UPDATE cards SET title = 'Changed' WHERE id = 1")
    _same_refusal(chain, *down, "`demosnap revision general`")
    chain.workspace.alembic("-x", "demosnap.discard=1", "downgrade", "general@-1")
    assert chain.database.dump() == chain.at["v2"]
    chain.database.execute("INSERT INTO cards (id, board_id) VALUES (20, 1)")
    out = (lambda: chain.project.downgrade("general", "base"), ("downgrade", "general@base"))
    _same_refusal(chain, *out, "fk_cards_board_id")
    chain.database.execute("UPDATE cards SET board_id = 2 WHERE id = 20")
    chain.project.downgrade("general", "base")
    chain.database.execute("UPDATE cards SET id = 5 WHERE id = 20")
    up = (lambda: chain.project.upgrade("general@head"), ("upgrade", "general@head"))
    _same_refusal(chain, *up, "cards")


def test_snapshots_and_targets_are_guarded_in_the_same_words(sqlite_chain: Chain) -> None:
    """A snapshot edited by hand, a version table from elsewhere, a database not allowed."""
    chain = sqlite_chain
    up = (lambda: chain.project.upgrade("general@head"), ("upgrade", "general@head"))
    chain.project.downgrade("general", "-1")
    path = chain.workspace.revisions / "general" / "general_v3_2025-02-01.sql"
    original = path.read_bytes()
    path.write_bytes(original.replace(b"'Renamed'", b"'Edited'"))
    _same_refusal(chain, *up, path.name)
    path.write_bytes(original)
    small.stubborn(chain.database, "shout", "cards", "title")
    _same_refusal(chain, *up, "shout")
    chain.workspace.configure(small.SETTINGS + 'deny: ["*/*"]\n')
    _same_refusal(chain, *up, "deny")
    remote = replace(chain.database, url="postgresql://app:s3cret@db.example.com/app")
    far = Chain(replace(chain.workspace, database=remote))
    chain.workspace.configure(small.SETTINGS)
    done = far.workspace.alembic("upgrade", "general@head", check=False)
    assert done.returncode != 0
    assert 'allow:["db.example.com/app"]' in said(done)
    assert "s3cret" not in said(done)


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("demosnap.foo=1", "unknown option 'demosnap.foo'"),
        ("demosnap.discrad=1", "did you mean 'demosnap.discard'?"),
        ("demosnap.discard=yes", "the value is 1 or 0"),
    ],
)
def test_an_unknown_option_is_an_error(sqlite_chain: Chain, option: str, told: str) -> None:
    """A slip in an option must not be taken for its absence."""
    text = failed(sqlite_chain, "-x", option, "downgrade", "general@-1")
    assert "".join(told.split()) in text


def test_options_of_others_are_left_alone(sqlite_chain: Chain) -> None:
    """`-x tenant=a` is nobody's business; 0 is no."""
    alembic = sqlite_chain.workspace.alembic
    alembic("-x", "tenant=a", "-x", "demosnap.only=0", "downgrade", "general@-1")
    assert sqlite_chain.database.dump() == sqlite_chain.at["v2"]


@pytest.mark.parametrize("arguments", [("check",), ("revision", "--autogenerate", "-m", "more")])
def test_what_compares_schemas_names_demosnaps_command(
    sqlite_chain: Chain, arguments: tuple[str, ...]
) -> None:
    """Demo data are no schema: nothing is compared and no script is written."""
    files = sorted(sqlite_chain.workspace.folder.rglob("*.py"))
    text = failed(sqlite_chain, *arguments)
    assert "`demosnapcheck`" in text
    assert "`demosnaprevision`" in text
    assert sorted(sqlite_chain.workspace.folder.rglob("*.py")) == files


# ---------------------------------------------------------------- failures in the middle


def _raise_in(chain: Chain, call: str) -> None:
    script = chain.workspace.revisions / "general" / "general_v2_2025-01-20.py"
    text = script.read_text()
    assert text.count(call) == 1
    script.write_text(text.replace(call, 'raise RuntimeError("in the middle")'))


def test_a_script_that_raises_in_the_middle_leaves_rows_and_stamp(chain: Chain) -> None:
    """Up from v1 over v2, and down over it, under both commands."""
    workspace = chain.workspace

    def check(*arguments: str) -> None:
        for name in ("alembic", "demosnap"):
            with nothing_changes(chain):
                done = workspace.run(*arguments, command=name, check=False)
            assert done.returncode != 0, name
            assert "in the middle" in done.stderr, name

    _raise_in(chain, "op.purge_snapshot(snapshot)")
    check("downgrade", "general@base")
    chain.project.downgrade("general", "-1")
    _raise_in(chain, "op.load_snapshot(snapshot)")
    chain.project.stamp("general@v1", verify=False)
    chain.database.client(workspace.revisions / "general" / "general_v1_2025-01-15.sql")
    assert chain.database.dump() == chain.at["v1"]
    check("upgrade", "general@head")


# ---------------------------------------------------------------- stamps that no script knows


def test_an_unknown_stamp_disturbs_only_its_own_scenario(pair: Chain) -> None:
    """general goes down and up beside it; writer is refused until the stamp is let go."""
    alembic = pair.workspace.alembic
    pair.project.downgrade("writer", "base")
    strangers = ["ghost_v1_00000000", "writer_v9_deadbeef"]
    pair.database.execute(
        *(f"INSERT INTO demosnap_version VALUES ('{stamp}')" for stamp in strangers)
    )

    def stamps() -> list[str]:
        rows = pair.database.rows("SELECT version_num FROM demosnap_version")
        return sorted(row[0] for row in rows if row[0] in strangers)

    assert "writer_v9_deadbeef" in alembic("downgrade", "general@-1").stdout
    assert pair.database.dump() == pair.at["v1"]
    assert any("writer_v9_deadbeef" in n for n in pair.project.upgrade("general@head").notes)
    assert pair.database.dump() == pair.at["v2"]
    pair.project.downgrade("general", "base")
    assert pair.database.dump() == pair.at["base"]
    alembic("upgrade", "general@head")
    assert pair.database.dump() == pair.at["v2"]
    assert stamps() == strangers

    assert "writer_v9_deadbeef" in failed(pair, "upgrade", "writer@head")
    with nothing_changes(pair), refused("unknown stamp", "writer_v9_deadbeef"):
        pair.project.upgrade("writer@head")
    alembic("-x", "demosnap.discard=1", "upgrade", "writer@head")
    assert stamps() == ["ghost_v1_00000000"]
    known = [f"{e.scenario} {e.version.short}" for e in pair.project.current() if e.version]
    assert known == ["general v2", "writer v1"]


def test_two_stamps_of_one_scenario_are_an_error(sqlite_chain: Chain) -> None:
    """Nobody can say what the database holds; the way out is named."""
    first = sqlite_chain.ids()["v1"]
    sqlite_chain.database.execute(f"INSERT INTO demosnap_version VALUES ('{first}')")
    text = failed(sqlite_chain, "downgrade", "general@base")
    assert "twoversionsofgeneral" in text or "demosnap_version" in text


# ---------------------------------------------------------------- beside an application's Alembic


def test_an_applications_own_migrations_keep_working(database: Database, tmp_path: Path) -> None:
    """One alembic.ini, two environments, two version tables; `-n demosnap` reaches demosnap's."""
    folder = tmp_path / "app"
    folder.mkdir()
    workspace = Workspace(folder, database)
    workspace.alembic("init", "migrations")
    ini = folder / "alembic.ini"
    url = database.url.replace("%", "%%")
    ini.write_text(re.sub(r"(?m)^sqlalchemy.url = .*$", f"sqlalchemy.url = {url}", ini.read_text()))
    _migration(folder, "first", None, [_create(database, t) for t in small.metadata.sorted_tables])
    workspace.alembic("upgrade", "head")

    before = ini.read_text()
    workspace.run("init", "--yes")
    assert ini.read_text().startswith(before)
    workspace.configure(small.SETTINGS)
    database.execute(*small.OWN_ROWS)
    own = database.dump()
    database.execute(*small.GENERAL["v1"])
    held = database.dump()
    version = workspace.project.revision("general", date="2025-01-15").version
    assert version.application_revision == {"alembic_version": "first"}

    workspace.alembic("-n", "demosnap", "downgrade", "general@-1")
    assert database.dump() == own
    workspace.alembic("-n", "demosnap", "upgrade", "general@head")
    assert database.dump() == held
    assert workspace.alembic("-n", "demosnap", "current").stdout.split()[0] == version.revision
    assert workspace.alembic("current").stdout.split()[0] == "first"

    _migration(folder, "second", "first", ["ALTER TABLE checks ADD COLUMN note VARCHAR(20)"])
    workspace.alembic("upgrade", "head")
    assert database.rows("SELECT version_num FROM alembic_version") == [("second",)]
    assert database.rows("SELECT version_num FROM demosnap_version") == [(version.revision,)]
    workspace.project.downgrade("general", "base")
    assert database.rows("SELECT version_num FROM alembic_version") == [("second",)]
    assert database.rows("SELECT version_num FROM demosnap_version") == []


def _create(database: Database, table: sa.Table) -> str:
    return str(sa.schema.CreateTable(table).compile(database.engine)).strip()


def _migration(folder: Path, name: str, parent: str | None, statements: list[str]) -> None:
    lines = "\n".join(f"    op.execute({statement!r})" for statement in statements)
    (folder / "migrations" / "versions" / f"{name}.py").write_text(
        f"from alembic import op\n\nrevision = {name!r}\ndown_revision = {parent!r}\n\n\n"
        f"def upgrade():\n{lines}\n"
    )


# ---------------------------------------------------------------- what is private in Alembic


def test_alembic_has_the_private_names_that_demosnap_wraps(sqlite: Database) -> None:
    """`_migrations_fn` is what run_migrations calls, `_version` is the table that it writes.

    When this fails, demosnap.revisions.transaction needs another way to plan a run before its
    first step.
    """
    called = []
    with sqlite.engine.begin() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"fn": lambda heads, context: [], "version_table": "first_name"},
        )
        steps = context._migrations_fn
        assert steps is not None
        assert context._version.name == "first_name"

        def wrapped(heads: tuple[str, ...], context: MigrationContext) -> Any:
            called.append(heads)
            return steps(heads, context)

        context._migrations_fn = wrapped
        context._version = sa.Table(
            "second_name", sa.MetaData(), sa.Column("version_num", sa.String(255))
        )
        context.run_migrations()
    assert called == [()]
    assert sa.inspect(sqlite.engine).get_table_names() == ["second_name"]


@pytest.mark.skipif(ALEMBIC < (1, 18), reason="Alembic before 1.18 has no plugins")
def test_the_environment_does_not_warn_or_log(sqlite_chain: Chain) -> None:
    """A latest link beside its snapshot is no reason to warn at every command."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("alembic")), "history"],
        cwd=sqlite_chain.workspace.folder,
        env={**os.environ, "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "loaded twice" not in done.stderr
