"""The function to call at the end of an application's seeder."""

from __future__ import annotations

import os

from sqlalchemy import Connection

from demosnap.project import Project
from demosnap.results import RevisionResult


def after_seed(
    scenario: str,
    config_file: str | os.PathLike[str] | None = None,
    *,
    connection: Connection | None = None,
) -> RevisionResult:
    """Capture a scenario at the end of a seeder, if `auto_export` is on.

    Raises:
        DemosnapError: the capture failed or was refused.
    """
    return Project(config_file).revision(scenario, auto=True, connection=connection)
