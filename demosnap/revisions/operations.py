"""`op.load_snapshot` and `op.purge_snapshot`, the operations of revision scripts.

A script only declares its snapshot. The run was planned as a whole before its first step; this
step acts for all, and the others do nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alembic.operations import MigrateOperation, Operations
from alembic.util import CommandError

TRANSACTION = "demosnap_transaction"
"""The option of Alembic's migration context that holds the running transaction."""


class _OfSnapshot(MigrateOperation):
    def __init__(self, snapshot: Mapping[str, Any]) -> None:
        self.snapshot = snapshot


@Operations.register_operation("load_snapshot")
class LoadSnapshot(_OfSnapshot):
    """Move a scenario to the version of this snapshot."""

    @classmethod
    def load_snapshot(cls, operations: Operations, snapshot: Mapping[str, Any]) -> None:
        """Move the snapshot's scenario to its version."""
        operations.invoke(cls(snapshot))

    def reverse(self) -> PurgeSnapshot:
        """Return the operation that removes the snapshot's rows."""
        return PurgeSnapshot(self.snapshot)


@Operations.register_operation("purge_snapshot")
class PurgeSnapshot(_OfSnapshot):
    """Move a scenario to the version before this snapshot."""

    @classmethod
    def purge_snapshot(cls, operations: Operations, snapshot: Mapping[str, Any]) -> None:
        """Move the snapshot's scenario to the version before it."""
        operations.invoke(cls(snapshot))

    def reverse(self) -> LoadSnapshot:
        """Return the operation that loads the snapshot."""
        return LoadSnapshot(self.snapshot)


@Operations.implementation_for(LoadSnapshot)
@Operations.implementation_for(PurgeSnapshot)
def _step(operations: Operations, operation: LoadSnapshot | PurgeSnapshot) -> None:
    transaction = operations.migration_context.opts.get(TRANSACTION)
    if transaction is None:
        raise CommandError(
            "a demosnap revision can only run in demosnap's environment: env.py must call"
            " demosnap.revisions.environment.run()"
        )
    transaction.step(operation.snapshot["scenario"])
