"""Versioned, reviewable snapshots of demo data, as Alembic revisions.

What this module exports is the API; docs/api.md shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demosnap.version import __version__

if TYPE_CHECKING:
    from demosnap.compare.row_changes import RowChange, RowChanges
    from demosnap.database.own_tables import LogEntry
    from demosnap.errors import (
        ConfigError,
        ConflictError,
        CountError,
        DatabaseError,
        DemosnapError,
        HookError,
        LockError,
        MissingDriverError,
        ReadOnlyError,
        RefusedError,
        RowsNotTakenError,
        ScriptError,
        SnapshotError,
        TargetError,
        UnknownNameError,
        UsageError,
        VerificationError,
    )
    from demosnap.model import ExternalReference, Marker, Rule, Selection, Version
    from demosnap.options import MoveOptions
    from demosnap.project import Project
    from demosnap.refusal import Refusal
    from demosnap.results import (
        Attached,
        CapturePlan,
        CurrentEntry,
        Finding,
        HistoryEntry,
        Move,
        MovePlan,
        Renumbering,
        RevisionResult,
        StatusEntry,
        TableDrift,
        Target,
        Undoing,
        Unpicked,
    )
    from demosnap.revisions.sealed import SealedPlan
    from demosnap.scenario import Scenario
    from demosnap.seeding import after_seed
    from demosnap.snapshot.python_values import PythonValue

__all__ = [
    "Attached",
    "CapturePlan",
    "ConfigError",
    "ConflictError",
    "CountError",
    "CurrentEntry",
    "DatabaseError",
    "DemosnapError",
    "ExternalReference",
    "Finding",
    "HistoryEntry",
    "HookError",
    "LockError",
    "LogEntry",
    "Marker",
    "MissingDriverError",
    "Move",
    "MoveOptions",
    "MovePlan",
    "Project",
    "PythonValue",
    "ReadOnlyError",
    "Refusal",
    "RefusedError",
    "Renumbering",
    "RevisionResult",
    "RowChange",
    "RowChanges",
    "RowsNotTakenError",
    "Rule",
    "Scenario",
    "ScriptError",
    "SealedPlan",
    "Selection",
    "SnapshotError",
    "StatusEntry",
    "TableDrift",
    "Target",
    "TargetError",
    "Undoing",
    "UnknownNameError",
    "Unpicked",
    "UsageError",
    "VerificationError",
    "Version",
    "__version__",
    "after_seed",
]

# Errors are in `errors`; names missing here are in `results`.
_HOMES = {
    "ExternalReference": "model",
    "LogEntry": "database.own_tables",
    "Marker": "model",
    "MoveOptions": "options",
    "Project": "project",
    "PythonValue": "snapshot.python_values",
    "Refusal": "refusal",
    "RowChange": "compare.row_changes",
    "RowChanges": "compare.row_changes",
    "Rule": "model",
    "Scenario": "scenario",
    "SealedPlan": "revisions.sealed",
    "Selection": "model",
    "Version": "model",
    "after_seed": "seeding",
}


if not TYPE_CHECKING:
    # Hidden from type checkers, for which every name would exist.

    def __getattr__(name: str) -> Any:
        # Imported late, since `demosnap --help` needs neither SQLAlchemy nor Alembic.
        if name not in __all__:
            raise AttributeError(f"module 'demosnap' has no attribute {name!r}")
        import importlib

        from demosnap.requirements import check

        check()
        home = "errors" if name.endswith("Error") else _HOMES.get(name, "results")
        return getattr(importlib.import_module(f"demosnap.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
