"""Hooks for triggers: find them, and switch them off."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from demosnap.errors import DatabaseError
from demosnap.model import Table, Trigger

if TYPE_CHECKING:
    from sqlalchemy import Connection


class TriggerHooks:
    """The part of a dialect for triggers, and for trying them."""

    name: ClassVar[str]
    transactional_ddl: ClassVar[bool]

    def reflect_triggers(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, tuple[Trigger, ...]]:
        """Return the user triggers that are on, by table; tables without triggers are left out."""
        return {}

    def event_triggers(self, connection: Connection) -> tuple[Trigger, ...]:
        """Return the triggers that act when a table is created or altered."""
        return ()

    def can_disable_triggers(self, connection: Connection, tables: Sequence[Table]) -> bool:
        """Return whether this role may use `without_triggers` here."""
        return self.transactional_ddl

    @contextlib.contextmanager
    def without_triggers(self, connection: Connection, tables: Sequence[Table]) -> Iterator[None]:
        """Switch the user triggers of tables off, until the end or a rollback.

        Raises:
            DatabaseError: the database cannot do this, or the role lacks the right.
        """
        names = ", ".join(table.name for table in tables)
        raise DatabaseError(
            f"{self.name} cannot switch the triggers of {names} off inside a transaction",
            "Write `triggers: check` in demosnap.yaml: they act then, and what they may not change"
            " is found.",
        )
        yield
