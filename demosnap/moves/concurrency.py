"""Detect that another session has changed the rows of a plan.

On some databases a transaction changes rows that it does not see: it reads the state at its
beginning, but deletes current rows. Other databases refuse this themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from demosnap.database import picking, references
from demosnap.database.live import Database
from demosnap.errors import ConflictError
from demosnap.model import Selection, Table
from demosnap.snapshot.predicates import not_true, predicates, referenced_by, referencing


def hold(database: Database, covered: Sequence[Selection]) -> None:
    """Lock demo rows in a caller's transaction in which every statement sees a new state.

    `covered` are the selections that pick them.
    """
    connection, dialect = database.connection, database.dialect
    if not dialect.sees_commits(connection):
        return
    for selection in covered:
        rules = {name: rule for name, rule in selection.rules.items() if name in database.tables}
        present = replace(selection, rules=rules)
        # Picked rows are noted once, so they have to be locked before.
        with dialect.users_settings(connection):
            for name, predicate in predicates(present, database.tables, dialect).items():
                dialect.hold_rows(connection, dialect.quote_table(name), predicate)


def check(database: Database, to_delete: Mapping[str, str], *, discard: bool) -> None:
    """Check that demo rows, and the rows that reference them, are as in the plan.

    From then on no other session changes them before the end of the transaction. `to_delete` are
    their predicates. `discard`: the demo rows themselves may have changed.

    Raises:
        ConflictError: another session has changed them.
    """
    dialect, connection = database.dialect, database.connection
    for name, predicate in to_delete.items():
        # This also locks the rows: a session that adds a reference to them then has to wait.
        changed = dialect.outdated(connection, database.tables[name], predicate)
        # With a note of picked rows, changed rows may no longer be demo rows.
        if changed and not (discard and not picking.is_note(connection, predicate)):
            raise _changed(name, "demo rows")
    for name, key in references.references_to(database.tables, to_delete):
        where = referencing(dialect, database.tables[name], key, to_delete[key.table])
        if name in to_delete:
            where += f" AND {not_true(to_delete[name])}"
        if dialect.outdated(
            connection, _narrow(database.tables[name], key.columns), where, shared=True
        ):
            raise _changed(name, f"rows that reference demo rows of {key.table}")


def check_referred(database: Database, picked: Mapping[str, str]) -> None:
    """Check that the rows that demo rows reference still exist.

    Raises:
        ConflictError: another session has deleted some.
    """
    dialect, connection = database.dialect, database.connection
    for name, predicate in picked.items():
        for key in database.tables[name].foreign_keys:
            parent = database.tables[key.table]
            where = referenced_by(
                dialect, key, database.tables[name], dialect.quote_table(name), predicate
            )
            if key.table in picked:
                where += f" AND {not_true(picked[key.table])}"
            narrow = _narrow(parent, key.referred_columns)
            if dialect.outdated(connection, narrow, where, shared=True):
                raise _changed(key.table, f"rows that demo rows of {name} reference")


def _narrow(table: Table, columns: tuple[str, ...]) -> Table:
    names = dict.fromkeys((*table.key, *columns))
    return replace(table, columns=tuple(table.column(name) for name in names))


def _changed(name: str, what: str) -> ConflictError:
    return ConflictError(
        f"{name}: another session has just changed {what}", "Try again.", changed=False
    )
