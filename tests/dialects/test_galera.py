"""Two nodes that both take changes: what one has committed the other sees late, and locks are its
own.

The tests start a cluster of their own, where what that needs is installed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from demosnap.errors import DatabaseError, LockError
from demosnap.project import Project
from demosnap.results import CapturePlan, MovePlan
from support import galera, small
from support.databases import Database
from support.galera import Cluster, Node
from support.refusals import refused
from support.small import Chain
from support.workspaces import Workspace

MANY = "INSERT INTO cards SELECT seq, 1, NULL, 'many', TRUE, 'general' FROM seq_100_to_159"
Confirm = Callable[[MovePlan | CapturePlan], None]


@pytest.fixture(scope="module", name="running")
def running_fixture() -> Iterator[Cluster]:
    """Two nodes."""
    if lacking := galera.lacking():
        pytest.skip(f"a cluster needs {', '.join(lacking)}")
    with galera.cluster() as found:
        yield found


@pytest.fixture(name="cluster")
def cluster_fixture(running: Cluster) -> Cluster:
    """Two nodes, with an empty database."""
    running.new_database()
    return running


@pytest.fixture
def chain(
    cluster: Cluster, tmp_path: Path, make_workspace: Callable[[Database], Workspace]
) -> Chain:
    """Versions v1 and v2 of general; both nodes are at v2."""
    engine = sa.create_engine(cluster.first.url, poolclass=NullPool)
    database = Database("mariadb", cluster.first.url, engine, tmp_path)
    return small.make(make_workspace(database), "v1", "v2")


def project(chain: Chain, node: Node, confirm: Confirm | None = None) -> Project:
    """Return the project, with the database of a node."""
    return Project(chain.workspace.folder / "alembic.ini", url=node.url, confirm=confirm)


def check_all(chain: Chain, cluster: Cluster, *stamps: str) -> None:
    """Check that both nodes have these stamps and the rows of them, and the same log."""
    logs = []
    for node in (cluster.first, cluster.second):
        here = project(chain, node)
        assert [f"{e.scenario} {e.version.short}" for e in here.current()] == list(stamps)
        assert all(entry.clean for entry in here.status() if entry.version)
        assert here.check(database=True) == []
        logs.append([(e.operation, e.revision, e.logged_at) for e in here.log()])
    assert logs[0] == logs[1]


class Meanwhile:
    """Between the first plan and the change the second node commits what the first sees late.

    `change` is done there when that has committed.
    """

    def __init__(
        self, cluster: Cluster, *statements: str, change: Callable[[], object] | None = None
    ) -> None:
        self.plans: list[MovePlan | CapturePlan] = []
        self._cluster = cluster
        self._statements = statements
        self._change = change
        # Without a key each row that goes is searched for in all of them on the other node.
        cluster.first.execute(
            "CREATE TABLE slow (n INT)", "INSERT INTO slow SELECT seq FROM seq_1_to_4000"
        )

    def __call__(self, plan: MovePlan | CapturePlan) -> None:
        self.plans.append(plan)
        if len(self.plans) > 1:
            return
        engine = sa.create_engine(self._cluster.second.url, poolclass=NullPool)
        with engine.begin() as connection:
            for statement in ("DELETE FROM slow ORDER BY n DESC", *self._statements):
                connection.exec_driver_sql(statement)
        if self._change is not None:
            self._change()
        with self._cluster.first.connected() as connection:
            left = connection.exec_driver_sql("SELECT COUNT(*) FROM slow").scalar()
        assert left == 4000, "the first node was too quick: this tests nothing"


def test_a_capture_waits_for_what_another_node_has_committed(
    chain: Chain, cluster: Cluster
) -> None:
    captured = []
    with cluster.second.connected() as late:
        late.exec_driver_sql("FLUSH TABLES WITH READ LOCK")
        cluster.first.execute(MANY)
        thread = threading.Thread(
            target=lambda: captured.append(
                project(chain, cluster.second).revision("general", dry_run=True)
            )
        )
        thread.start()
        time.sleep(1)
        with cluster.second.connected() as other:
            assert other.exec_driver_sql("SELECT COUNT(*) FROM cards WHERE id > 99").scalar() == 0
        late.exec_driver_sql("UNLOCK TABLES")
    thread.join()
    (found,) = captured
    assert found.plan.rows["cards"] == 63


def test_who_looks_sees_the_stamp_of_another_node(chain: Chain, cluster: Cluster) -> None:
    for node, other, target in (
        (cluster.first, cluster.second, "v1"),
        (cluster.second, cluster.first, "v2"),
    ):
        project(chain, node).load(f"general@{target}")
        (stamp,) = project(chain, other).current()
        assert stamp.version.short == target
    check_all(chain, cluster, "general v2")


def test_a_move_that_loses_at_its_commit_is_made_again(chain: Chain, cluster: Cluster) -> None:
    project(chain, cluster.first).downgrade("general", "base")
    other = project(chain, cluster.second)
    meanwhile = Meanwhile(cluster, change=lambda: other.upgrade("general@v1"))
    project(chain, cluster.first, meanwhile).upgrade("general@head")
    assert meanwhile.plans[0].moves[0].current is None
    assert meanwhile.plans[1].moves[0].current.short == "v1"
    check_all(chain, cluster, "general v2")


def test_of_moves_that_change_no_row_in_common_one_is_made_again(
    chain: Chain, cluster: Cluster
) -> None:
    first = project(chain, cluster.first)
    cluster.first.execute(MANY)
    first.revision("general", date="2025-02-01")
    edit = "UPDATE cards SET title = 'Next' WHERE id = 100"
    cluster.first.execute(edit)
    first.revision("general", date="2025-02-02")
    first.downgrade("general", "v3")
    cluster.first.execute(edit)
    # One changes a row, and the other one nothing but the stamp, since the rows are v4's.
    other = project(chain, cluster.second)
    meanwhile = Meanwhile(cluster, change=lambda: other.stamp("general@v4"))
    project(chain, cluster.first, meanwhile).reset("general")
    assert meanwhile.plans[0].moves[0].current.short == "v3"
    check_all(chain, cluster, "general v4")


def test_a_row_that_another_node_hangs_on_a_demo_row_stops_the_move(
    chain: Chain, cluster: Cluster
) -> None:
    mine = "INSERT INTO cards (id, board_id, title) VALUES (20, 1, 'Mine')"
    meanwhile = Meanwhile(cluster, mine)
    with refused("referenced by non-demo rows", r"1 row of cards .* demo rows of boards"):
        project(chain, cluster.first, meanwhile).downgrade("general", "base")
    assert len(meanwhile.plans) == 1
    check_all(chain, cluster, "general v2")


def test_an_edit_on_another_node_is_not_lost(chain: Chain, cluster: Cluster) -> None:
    meanwhile = Meanwhile(cluster, "UPDATE cards SET title = 'Precious' WHERE id = 5")
    with refused("unsaved rows", "in no revision"):
        project(chain, cluster.first, meanwhile).downgrade("general", "base")
    assert len(meanwhile.plans) == 1
    assert "Precious" in str(chain.database.dump())


def test_scenarios_on_two_nodes_come_one_after_the_other(chain: Chain, cluster: Cluster) -> None:
    cluster.first.execute(*small.WRITER)
    first = project(chain, cluster.first)
    first.revision("writer", date="2025-03-01")
    first.downgrade("writer", "base")
    first.downgrade("general", "base")
    other = project(chain, cluster.second)
    meanwhile = Meanwhile(cluster, change=lambda: other.upgrade("writer@head"))
    project(chain, cluster.first, meanwhile).upgrade("general@head")
    check_all(chain, cluster, "general v2", "writer v1")


def test_a_first_move_that_is_refused_leaves_the_tables_for_others(
    chain: Chain, cluster: Cluster
) -> None:
    own = ("demosnap_version", "demosnap_log", "demosnap_kept")
    cluster.first.execute(*(f"DROP TABLE IF EXISTS {name}" for name in own))
    with refused("database differs", r"--no-verify .* stamps v1"):
        project(chain, cluster.second).stamp("general@v1")
    assert set(own) <= set(chain.database.dump(own=True))
    project(chain, cluster.first).stamp("general@v2")
    check_all(chain, cluster, "general v2")


def test_a_node_that_does_not_come_up_with_the_others_is_said(
    chain: Chain, cluster: Cluster
) -> None:
    with cluster.second.connected() as late:
        late.exec_driver_sql("SET GLOBAL wsrep_provider_options = 'repl.causal_read_timeout=PT1S'")
        late.exec_driver_sql("FLUSH TABLES WITH READ LOCK")
        try:
            cluster.first.execute(MANY)
            with pytest.raises(LockError, match="this node is behind the others"):
                project(chain, cluster.second).revision("general", dry_run=True)
        finally:
            late.exec_driver_sql("UNLOCK TABLES")
            late.exec_driver_sql(
                "SET GLOBAL wsrep_provider_options = 'repl.causal_read_timeout=PT30S'"
            )


def test_a_node_that_is_out_of_the_cluster_says_so(chain: Chain, cluster: Cluster) -> None:
    cluster.second.isolate(True)
    try:
        with pytest.raises(DatabaseError, match="wsrep_ready is OFF") as caught:
            project(chain, cluster.second).downgrade("general", "base")
        assert "\n" not in caught.value.message
        assert "name another node with --url" in (caught.value.hint or "")
    finally:
        cluster.second.isolate(False)
    project(chain, cluster.second).downgrade("general", "v1")
    check_all(chain, cluster, "general v1")


def test_a_node_that_leaves_the_cluster_during_a_move_has_changed_nothing(
    chain: Chain, cluster: Cluster
) -> None:
    def leave(plan: MovePlan | CapturePlan) -> None:
        cluster.first.isolate(True)

    try:
        with pytest.raises(DatabaseError, match=r"1047.*nothing was changed") as caught:
            project(chain, cluster.first, leave).downgrade("general", "base")
        assert "name another node with --url" in (caught.value.hint or "")
    finally:
        cluster.first.isolate(False)
    check_all(chain, cluster, "general v2")
