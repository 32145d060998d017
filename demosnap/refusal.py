"""A reason why a guard refuses, as a value: its kind, what it is about, and the ways on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from demosnap.visible import paragraph

Kind = Literal[
    # Demo rows, or changes of them, are in no revision and would be lost.
    "unsaved rows",
    # Rows that stay reference rows that would go.
    "referenced by non-demo rows",
    "cascaded rows are referenced",
    # A loaded scenario needs what would go.
    "needed by another scenario",
    # What rows of the version reference is not there.
    "missing reference",
    # The version and the tables of the database do not go together.
    "structure does not fit",
    "table cannot be used",
    "key taken",
    "row not accepted",
    # How the move would be made.
    "cannot change row by row",
    "not transactional",
    "stale full-text index",
    "no way back",
    "own table missing",
    # Rows that an edit has moved out of the selection.
    "no longer picked",
    "cannot release",
    # What the database is stamped with.
    "database differs",
    "unknown stamp",
    # Plans that are applied later.
    "plan out of date",
    # Captures.
    "head not loaded",
    "no demo rows",
    "far fewer rows",
    "overlap",
    "cannot undo",
]
"""The kinds of refusals: all that there are."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason why a guard refuses; `str()` is its text.

    `what` says what was found and `ways_out` what can be done, each as lines of text. `table`,
    `constraint` and `keys` say what it is about: the name of a table; of one of its foreign or
    unique keys, as far as it has one; the first of the rows' keys as text. They are empty where
    it is about something else.
    """

    kind: Kind
    what: str
    ways_out: tuple[str, ...] = ()
    table: str = ""
    constraint: str = ""
    keys: tuple[str, ...] = ()

    def also(self, *ways: str) -> Refusal:
        """Return the same with more ways out."""
        return replace(self, ways_out=(*self.ways_out, *ways))

    def __str__(self) -> str:
        return paragraph("\n".join((self.what, *self.ways_out)))
