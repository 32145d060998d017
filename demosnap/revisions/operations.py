"""`op.load_snapshot` and `op.purge_snapshot`: what a revision script says, and what is done.

A script only says what it is for. What is really done was planned for the whole run before its
first step: that one acts for all, and the others have nothing to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alembic.operations import MigrateOperation, Operations
from alembic.util import CommandError

TRANSACTION = "demosnap_transaction"
"""The option of Alembic's migration context under which a transaction keeps itself."""


@Operations.register_operation("load_snapshot")
class LoadSnapshot(MigrateOperation):
    """Bring a scenario to the version of this snapshot."""

    def __init__(self, snapshot: Mapping[str, Any]) -> None:
        self.snapshot = snapshot

    @classmethod
    def load_snapshot(cls, operations: Operations, snapshot: Mapping[str, Any]) -> None:
        """Bring the snapshot's scenario to its version."""
        operations.invoke(cls(snapshot))

    def reverse(self) -> PurgeSnapshot:
        """Return the operation that takes the snapshot out."""
        return PurgeSnapshot(self.snapshot)


@Operations.register_operation("purge_snapshot")
class PurgeSnapshot(MigrateOperation):
    """Bring a scenario to the version before this snapshot."""

    def __init__(self, snapshot: Mapping[str, Any]) -> None:
        self.snapshot = snapshot

    @classmethod
    def purge_snapshot(cls, operations: Operations, snapshot: Mapping[str, Any]) -> None:
        """Bring the snapshot's scenario to the version before it."""
        operations.invoke(cls(snapshot))

    def reverse(self) -> LoadSnapshot:
        """Return the operation that puts the snapshot in."""
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
