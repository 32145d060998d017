"""What Alembic loads of demosnap at its start, by the entry point `alembic.plugins`.

Kept to what must be there before env.py runs. It is loaded into the application's Alembic too, with
whatever versions that has: this module imports nothing that could be too old.
"""

from __future__ import annotations

import sys
import types
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from demosnap.database.own_names import OWN_TABLES

LINKS = r"File .*\.sql loaded twice! ignoring"
"""Alembic's warning of a snapshot that it meets twice."""

COMPARATOR = "alembic.autogenerate.demosnap"
"""The name of the plugin that hides demosnap's tables; what is called so is on by default."""


class _Plugin(types.ModuleType):
    """This module, and the list of it alone: Alembic before 1.20.1 loops over what it loads."""

    def __iter__(self) -> Iterator[types.ModuleType]:
        yield self


sys.modules[__name__].__class__ = _Plugin


def setup(plugin: Any) -> None:
    """Let a `latest.sql` link stand beside its snapshot, and hide demosnap's own tables."""
    ignore_links()
    hide_own_tables(type(plugin)(COMPARATOR))


def ignore_links() -> None:
    """Ignore Alembic's warning of a snapshot that it meets twice.

    It looks through all files of a version location, and warns even of what is no script.
    """
    warnings.filterwarnings("ignore", message=LINKS, category=UserWarning)


def hide_own_tables(plugin: Any) -> None:
    """Hide demosnap's own tables from the application's `alembic check` and autogenerate.

    Beside what its env.py excludes.
    """
    from alembic.util import DispatchPriority

    plugin.add_autogenerate_comparator(
        _exclude_own, "autogenerate", priority=DispatchPriority.FIRST
    )


def _exclude_own(context: Any, *_: Any) -> Any:
    from alembic.util import PriorityDispatchResult

    # Alembic has made the list of env.py's include_name by now, and has no public way into it.
    filters = getattr(context, "_name_filters", None)
    if filters is not None:
        filters.append(_is_theirs)
    return PriorityDispatchResult.CONTINUE


def _is_theirs(name: str | None, kind: str, parents: Mapping[str, str | None]) -> bool:
    return kind != "table" or name not in OWN_TABLES
