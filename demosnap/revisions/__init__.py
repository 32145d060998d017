"""Alembic: the only room that imports it, beside config."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    # Called before the module is imported, as by an env.py. Not at the import of this package:
    # the plugin in it is loaded into the application's Alembic, which may be of any age.
    if name == "environment":
        from demosnap.requirements import problem

        if said := problem():
            from alembic.util import CommandError

            raise CommandError(said)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
