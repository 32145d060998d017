"""The plugin that Alembic loads at its start, by the entry point `alembic.plugins`.

It has only what must be in place before env.py runs. The application's Alembic loads it too, with
unknown versions of libraries, so this module imports nothing that could be too old.
"""

from __future__ import annotations

import sys
import types
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from demosnap.database.own_names import OWN_TABLES

LINKS = r"File .*\.sql loaded twice! ignoring"
"""Alembic's warning about a snapshot that it finds twice."""

COMPARATOR = "alembic.autogenerate.demosnap"
"""The name of the plugin that hides demosnap's tables; its prefix enables it by default."""


class _Plugin(types.ModuleType):
    """This module as a list of itself, since Alembic before 1.20.1 iterates over what it loads."""

    def __iter__(self) -> Iterator[types.ModuleType]:
        yield self


sys.modules[__name__].__class__ = _Plugin


def setup(plugin: Any) -> None:
    """Allow a `latest.sql` link next to its snapshot, and hide demosnap's own tables."""
    ignore_links()
    hide_own_tables(type(plugin)(COMPARATOR))


def ignore_links() -> None:
    """Ignore Alembic's warning about a snapshot that it finds twice.

    Alembic warns about all files in a version location, even if they are not scripts.
    """
    warnings.filterwarnings("ignore", message=LINKS, category=UserWarning)


def hide_own_tables(plugin: Any) -> None:
    """Hide demosnap's own tables from the application's `alembic check` and autogenerate.

    The exclusions of its env.py stay in force.
    """
    from alembic.util import DispatchPriority

    plugin.add_autogenerate_comparator(
        _exclude_own, "autogenerate", priority=DispatchPriority.FIRST
    )


def _exclude_own(context: Any, *_: Any) -> Any:
    from alembic.util import PriorityDispatchResult

    # Alembic has already built this list from env.py, and offers no public access to it.
    filters = getattr(context, "_name_filters", None)
    if filters is not None:
        filters.append(_is_theirs)
    return PriorityDispatchResult.CONTINUE


def _is_theirs(name: str | None, kind: str, parents: Mapping[str, str | None]) -> bool:
    return kind != "table" or name not in OWN_TABLES
