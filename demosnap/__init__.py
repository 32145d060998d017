"""Versioned, reviewable snapshots of demo data, as Alembic revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demosnap.version import __version__

if TYPE_CHECKING:
    from demosnap.errors import DemosnapError
    from demosnap.project import Project
    from demosnap.seeding import after_seed

__all__ = ["DemosnapError", "Project", "__version__", "after_seed"]

_HOMES = {
    "DemosnapError": "demosnap.errors",
    "Project": "demosnap.project",
    "after_seed": "demosnap.seeding",
}


def __getattr__(name: str) -> Any:
    # Late, so that `demosnap --help` and `import demosnap` pull in neither SQLAlchemy nor Alembic.
    if name not in _HOMES:
        raise AttributeError(f"module 'demosnap' has no attribute {name!r}")
    import importlib

    from demosnap.requirements import check

    check()
    return getattr(importlib.import_module(_HOMES[name]), name)
