"""Alembic: apart from `config/`, the only room that imports it."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    # Checked on first access, as by an env.py, and not when this package is imported: the
    # application's Alembic, of whatever version, also imports it for the plugin.
    if name == "environment":
        from demosnap.requirements import problem

        if said := problem():
            from alembic.util import CommandError

            raise CommandError(said)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
