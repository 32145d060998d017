"""One namespace for each tenant: a snapshot of one loads into each, and touches no other."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from demosnap.errors import DatabaseError, LockError, UsageError
from support import small, tenants
from support.databases import make_database
from support.tenants import Tenants
from support.workspaces import MakeWorkspace


def _made(
    dialect: str,
    folders: pytest.TempPathFactory,
    make_workspace: MakeWorkspace,
    names: list[str],
) -> Iterator[Tenants]:
    for database in make_database(dialect, folders.mktemp("database")):
        yield from tenants.make(make_workspace(database), names)


@pytest.fixture(params=("postgresql", "mariadb"))
def three(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    make_workspace: MakeWorkspace,
) -> Iterator[Tenants]:
    """Three tenants, and the shared namespace beside them."""
    names = ["tenant_a", "tenant_b", "tenant_c"]
    yield from _made(request.param, tmp_path_factory, make_workspace, names)


@pytest.fixture
def fifty(
    tmp_path_factory: pytest.TempPathFactory, make_workspace: MakeWorkspace
) -> Iterator[Tenants]:
    """Fifty tenants on PostgreSQL."""
    names = [f"tenant_{number:02}" for number in range(50)]
    yield from _made("postgresql", tmp_path_factory, make_workspace, names)


def test_one_snapshot_loads_into_every_tenant(three: Tenants) -> None:
    """Whatever stands in the shared namespace, which PostgreSQL's search path goes on to."""
    a, b, c = three.names
    three.execute(three.shared, *(table.replace("{shared}.", "") for table in tenants.TABLES))
    three.execute(three.shared, *small.GENERAL["v1"])
    three.project(None).revision("general", date="2025-01-10")
    three.execute(a, *small.GENERAL["v1"], *small.GENERAL["v2"], tenants.OWNED)
    before = three.rows()
    captured = three.rows(a)[a]
    three.project(a).load("general@v1", discard=True)
    three.execute(a, *small.GENERAL["v2"], tenants.OWNED)
    version = three.project(a).revision("general", date="2025-01-15").version
    assert version is not None
    assert set(version.rows) == {"boards", "cards", "checks"}
    assert {(one.table, one.references) for one in version.external_references} == {
        ("cards", f"{three.shared}.users")
    }
    plan = three.project(b).upgrade("general@head")
    assert plan.target.source.endswith(f"namespace {b}")
    assert three.rows(b, own=False)[b] == captured
    assert three.rows(c, three.shared) == {n: before[n] for n in (c, three.shared)}
    assert [three.loaded(n) for n in (None, a, b, c)] == [["v1"], ["v2"], ["v2"], []]
    assert [len(three.project(n).log()) for n in (None, a, b, c)] == [1, 2, 1, 0]
    three.project(b).downgrade("general", "base")
    assert three.rows(b, own=False)[b] == before[b]
    assert three.rows(a, own=False)[a] == captured


def test_fifty_tenants_each_alone_and_two_at_once(fifty: Tenants) -> None:
    first, *others = fifty.names
    fifty.execute(first, *small.GENERAL["v1"], tenants.OWNED)
    fifty.project(first).revision("general", date="2025-01-15")
    demo = fifty.texts(own=False)
    loaded = {table: rows for table, rows in demo.items() if table.startswith(first)}
    before = fifty.texts()
    for name in others:
        fifty.project(name).upgrade("general@head", rehearse=False)
        after = fifty.texts()
        assert _beside(after, name) == _beside(before, name)
        assert {table: after[table.replace(first, name)] for table in loaded} == loaded
        before = after

    def out(name: str) -> None:
        fifty.project(name, lock_timeout=5).downgrade("general", "base", rehearse=False)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(out, others[:12]))
    after = fifty.texts()
    assert _beside(after, *others[:12]) == _beside(before, *others[:12])
    before = {t: rows for t, rows in before.items() if t.partition(".")[0] in others[12:]}
    demo = {**demo, **{t: rows for t, rows in before.items() if "demosnap_" not in t}}
    assert {t: rows for t, rows in after.items() if "demosnap_" not in t} == demo


def _beside(texts: dict[str, list[str]], *names: str) -> dict[str, list[str]]:
    return {t: rows for t, rows in texts.items() if t.partition(".")[0] not in names}


def test_the_lock_is_the_tenants(three: Tenants) -> None:
    """Another tenant is moved while one is; the same one has to wait."""
    a, b, _ = three.names
    three.execute(a, *small.GENERAL["v1"])
    three.project(a).revision("general", date="2025-01-15")

    def meanwhile(_: object) -> None:
        with ThreadPoolExecutor(2) as pool:
            move = three.project(b, lock_timeout=20).upgrade
            done = pool.submit(move, "general@head")
            again = pool.submit(three.project(a, lock_timeout=0.2).load, "general@v1")
            assert done.result(60).moves[0].load == {"boards": 1, "cards": 2, "checks": 2}
            with pytest.raises(LockError):
                again.result(60)

    three.project(a, confirm=meanwhile).downgrade("general", "base")
    assert [three.loaded(name) for name in (a, b)] == [[], ["v1"]]


def test_a_namespace_that_is_not_there(three: Tenants) -> None:
    a, *_ = three.names
    near = a.replace("tenant", "tennant")
    with pytest.raises(DatabaseError, match=f"no namespace '{near}'.*did you mean '{a}'"):
        three.project(near).status()
    done = three.workspace.run("current", "--namespace", near, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: there is no namespace '{near}' in the database")
    with (
        three.database.engine.connect() as connection,
        pytest.raises(UsageError, match=f"is in the namespace '{three.shared}', not in"),
    ):
        three.project(a).upgrade("general@head", connection=connection)


def test_both_command_lines_take_the_namespace(three: Tenants) -> None:
    a, b, c = three.names
    three.execute(a, *small.GENERAL["v1"])
    three.workspace.run("--namespace", a, "revision", "general", "--date", "2025-01-15")
    before = three.rows(c, three.shared)
    given = ("-x", f"demosnap.namespace={b}")
    three.workspace.alembic(*given, "upgrade", "general@head")
    assert three.loaded(b) == ["v1"]
    assert three.rows(b, own=False)[b] == three.rows(a, own=False)[a]
    said = three.workspace.run("status", "--namespace", b).stdout
    assert "v1_2025-01-15" in said
    three.workspace.alembic(*given, "downgrade", "base")
    assert three.loaded(b) == []
    script = three.workspace.folder / "move.sql"
    for name, code in ((b, 0), (f"{b}2", 1)):
        done = three.workspace.run("upgrade", "general@head", "--sql", "--namespace", name)
        script.write_text(done.stdout)
        assert bool(three.database.client(script, check=False).returncode) == bool(code)
    assert three.loaded(b) == ["v1"]
    assert three.rows(b, own=False)[b] == three.rows(a, own=False)[a]
    assert three.rows(c, three.shared) == before
