"""`upgrade --sql` and `downgrade --sql`: write the script of a move, without a database.

Alembic's own offline mode creates the version table unconditionally, and begins no transaction on
SQLite.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from alembic.runtime.environment import EnvironmentContext
from sqlalchemy import Table as SQLTable
from sqlalchemy.engine import Dialect as SQLDialect
from sqlalchemy.engine.url import make_url
from sqlalchemy.schema import CreateTable

from demosnap import dialects
from demosnap.config import Settings, needs
from demosnap.database import own_tables
from demosnap.database.opened import compare_digest, read
from demosnap.dialects.base import Dialect
from demosnap.errors import UsageError
from demosnap.model import Header, Version
from demosnap.moves import hooks, order
from demosnap.moves.goal import Goal
from demosnap.results import Move
from demosnap.revisions import alembic_private, needed_scenarios, steps, stock
from demosnap.revisions.goals import Goals
from demosnap.revisions.graph import Graph
from demosnap.snapshot.layout import sections
from demosnap.snapshot.picks_in_files import FilePicks
from demosnap.snapshot.predicates import purge_statements, verification_query
from demosnap.snapshot.sqlfile import groups
from demosnap.visible import one_line

_WARNING = (
    "-- No guard has run and none will: this purges every row that the selection picks,\n"
    "-- captured or not, and does not ask what references it."
)


def run(
    environment: EnvironmentContext, graph: Graph, wanted: Goals | None, settings: Settings
) -> None:
    """Write the SQL of the requested moves to the environment's output.

    With `wanted` None, Alembic's own steps determine the moves.

    Raises:
        UsageError: no move is requested, or snapshots are of two dialects.
        SnapshotError: a snapshot is missing or malformed.
    """
    # Alembic wants some dialect before the steps tell which the snapshots have.
    environment.configure(
        dialect_name=dialects.own_names()[0], version_table=own_tables.VERSION_TABLE
    )
    migration_context = environment.get_context()
    heads = migration_context.get_current_heads()
    current = {graph.versions[head].scenario: graph.versions[head] for head in heads}
    if wanted is not None:
        goals = list(wanted(graph, current))
    else:
        found = list(alembic_private.steps_function(migration_context)(heads, migration_context))
        goals = steps.goals_of(found, graph, current)
    goals = [goal for goal in goals if goal.stamp_only or goal.current != goal.target]
    if not goals:
        raise UsageError("nothing to do: the range is empty")
    names = {v.dialect for goal in goals for v in (goal.current, goal.target) if v is not None}
    if len(names) > 1:
        raise UsageError(
            f"the snapshots have several dialects ({', '.join(sorted(names))})",
            "Offline SQL is written in the snapshot's dialect; write one script for each dialect.",
        )
    dialect = dialects.get(names.pop())
    goals = order.ordered(goals, settings)
    write = migration_context.output_buffer.write
    for text in _script(dialect, graph, goals, settings):
        write(text)
        write("\n")


def _script(dialect: Dialect, graph: Graph, goals: list[Goal], settings: Settings) -> Iterator[str]:
    make: Any = make_url(f"{dialect.name}://").get_dialect()
    sql_dialect: SQLDialect = make()
    for goal in goals:
        yield f"-- {goal.scenario}: {stock.name(goal.current)} -> {stock.name(goal.target)}"
    yield _WARNING
    yield from _needed(goals, settings)
    yield ""
    if settings.namespace is not None:
        yield from dialect.file_namespace(settings.namespace)
    for table in (own_tables.version_table, own_tables.log_table):
        yield _create(dialect, table, sql_dialect)
    yield ""
    picks = FilePicks(dialect)
    purges = {goal.scenario: _purge(dialect, goal, picks) for goal in goals}
    used = [text for purge in purges.values() for text in purge]
    yield from picks.begin(*used)
    for goal in goals:
        if not goal.stamp_only:
            yield _only_at(dialect, graph, goal)
    down = [goal for goal in goals if goal.target is None]
    # What others reference goes last, and comes first.
    for goal in (*down, *(goal for goal in reversed(goals) if goal not in down)):
        yield from purges[goal.scenario]
    yield from picks.forget(*used)
    for goal in goals:
        if goal.target is not None and not goal.stamp_only:
            yield from _load(dialect, goal.target)
        yield from _stamp(dialect, goal)
    yield from _hooks(dialect, settings, goals)
    yield from dialect.file_end()
    for goal in goals:
        if goal.target is not None and not goal.stamp_only:
            tables = {table.name: table for table in _header(goal.target).tables}
            yield ""
            yield verification_query(goal.target.selection, tables, dialect)
    yield from dialect.file_last()


def _needed(goals: list[Goal], settings: Settings) -> Iterator[str]:
    """Yield a comment for each needed scenario that the script does not load."""
    loading = {goal.scenario for goal in goals if goal.target is not None}
    for name in needed_scenarios.of(goals, settings):
        if name not in loading:
            by = [one for one in loading if name in needs.of(settings.scenarios, one)]
            yield f"-- {', '.join(sorted(by))}: {name} must be loaded (`needs` in demosnap.yaml)."
    gone = {goal.scenario for goal in goals if goal.target is None}
    for name in settings.scenarios:
        for one in needs.of(settings.scenarios, name):
            if one in gone and name not in gone:
                yield f"-- {one}: {name} must not be loaded, which needs it."


def _only_at(dialect: Dialect, graph: Graph, goal: Goal) -> str:
    """Return a statement that fails unless the database is at the goal's current version.

    It fails by inserting a duplicate key.
    """
    ids = [version.revision for version in graph.of(goal.scenario)]
    test = "EXISTS"
    if goal.current is not None:
        ids, test = [goal.current.revision], "NOT EXISTS"
    stamps = ",".join(dialect.string(revision) for revision in ids)
    message = dialect.string(f"{goal.scenario} is not at {stock.name(goal.current)}")
    nothing = dialect.from_nothing
    return (
        f"INSERT INTO {own_tables.VERSION_TABLE} (version_num)"
        f" SELECT {message} FROM (SELECT 1 AS n{nothing} UNION ALL SELECT 2{nothing}) AS twice"
        f" WHERE {test} (SELECT 1 FROM {own_tables.VERSION_TABLE} WHERE version_num IN ({stamps}));"
    )


def _purge(dialect: Dialect, goal: Goal, picks: FilePicks) -> list[str]:
    statements: dict[str, None] = {}
    if not goal.stamp_only:
        for version in (goal.current, goal.target):
            if version is not None:
                tables = {table.name: table for table in _header(version).tables}
                found = purge_statements(version.selection, tables, dialect, picks)
                statements.update(dict.fromkeys(found))
    return list(statements)


def _load(dialect: Dialect, version: Version) -> Iterator[str]:
    reader, blocks = read(version)
    around = sections(reader.header, dialect)
    for block in blocks:
        section = around.get(block.table.name)
        if section is not None:
            yield section.before.strip()
            for group in groups(dialect, block.table, block.rows):
                rows = b"),\n(".join(group).decode()
                yield f"{section.head}({rows});"
            yield from section.after.splitlines()
    compare_digest(reader, version)
    header = reader.header
    filled = [table for table in header.tables if header.rows[table.name]]
    yield from dialect.file_sequences(filled)
    yield from dialect.file_positions(version.sequences)


def _hooks(dialect: Dialect, settings: Settings, goals: list[Goal]) -> Iterator[str]:
    moves = [
        Move(goal.scenario, goal.current, goal.target, "load" if goal.target else "purge")
        for goal in goals
        if not goal.stamp_only
    ]
    for one in hooks.due(settings, moves):
        command = one.hook.command
        run = f"; run it after the commit: {one_line(command)}" if command else ""
        yield f"\n-- Hook {one.name} of {one.move.scenario}{run}"
        for statement, _ in hooks.statements(dialect, settings, one.hook, one.move.scenario):
            yield f"{statement};"


def _stamp(dialect: Dialect, goal: Goal) -> Iterator[str]:
    if goal.current is not None:
        gone = dialect.string(goal.current.revision)
        yield f"DELETE FROM {own_tables.VERSION_TABLE} WHERE version_num = {gone};"
    if goal.target is not None:
        yield _insert(dialect, own_tables.VERSION_TABLE, {"version_num": goal.target.revision})
    operation = "stamp" if goal.stamp_only else "load" if goal.target else "purge"
    rows: Mapping[str, int] = goal.target.rows if goal.target else {}
    entry = own_tables.new_entry(
        operation,
        goal.scenario,
        goal.target.revision if goal.target else None,
        rows,
        goal.target.digest if goal.target else None,
    )
    yield _insert(dialect, own_tables.LOG_TABLE, own_tables.values(entry))


def _insert(dialect: Dialect, table: str, values: Mapping[str, str | None]) -> str:
    literals = ["NULL" if value is None else dialect.string(value) for value in values.values()]
    names = ", ".join(map(dialect.quote, values))
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join(literals)});"


def _create(dialect: Dialect, table: SQLTable, sql_dialect: SQLDialect) -> str:
    text = str(CreateTable(table).compile(dialect=sql_dialect)).strip()
    head = f"CREATE TABLE {table.name} "
    return dialect.file_create_table(table.name, text.removeprefix(head))


def _header(version: Version) -> Header:
    return read(version)[0].header
