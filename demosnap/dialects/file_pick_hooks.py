"""Hooks by which a file notes the rows that a user's predicate picks, before any row changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from demosnap.dialects.name_hooks import NameHooks
from demosnap.model import Table


@dataclass(frozen=True, slots=True)
class FilePick:
    """The statement that notes rows, the predicate of these rows, and what drops the note."""

    note: str
    predicate: str
    forget: str


class FilePickHooks(NameHooks):
    """The part of a dialect for picked rows in files."""

    temporary_namespace: ClassVar[str] = "temp"
    """The namespace of temporary tables."""

    locks_picked: ClassVar[str] = ""
    """The end of a query that locks its rows against changes by other sessions."""

    def file_begin_picking(
        self, notes: Sequence[str], predicates: Iterable[str] = ()
    ) -> Sequence[str]:
        """Return `file_begin` with statements that note rows, under the client's own settings."""
        return (*self.file_begin(predicates), *notes)

    def places(self, table: Table) -> Sequence[str]:
        """Return expressions that identify the rows of a table without a key; empty without any."""
        return ()

    def file_pick(self, table: Table, where: str, number: int) -> FilePick | None:
        """Return how a file notes the rows of a predicate; None: no expression identifies a row.

        `number` is unique for each note of the file.
        """
        name = f"demosnap_picked_{number}"
        if table.identified:
            left = noted = shown = self.quote_columns(table.key)
        else:
            places = self.places(table)
            names = [f"place_{n}" for n in range(len(places))]
            left, noted = ",".join(places), ",".join(names)
            shown = ",".join(f"{one} AS {n}" for one, n in zip(places, names, strict=True))
        if not left:
            return None
        if "," in left:
            left = f"({left})"
        whole = f"{self.temporary_namespace}.{name}"
        return FilePick(
            f"CREATE TEMPORARY TABLE {name} AS SELECT {shown} FROM {self.rows_of(table)}"
            f" WHERE {where}{self.locks_picked};",
            f"{left} IN (SELECT {noted} FROM {whole})",
            f"DROP TABLE {whole};",
        )
