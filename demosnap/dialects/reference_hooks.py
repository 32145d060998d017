"""Hooks for references that no database declares: in JSON, and between types that differ."""

from __future__ import annotations

import re

from demosnap.dialects.name_hooks import NameHooks
from demosnap.json_path import Steps
from demosnap.model import Column

_KINDS = (
    ("number", r"(?:tiny|small|medium|big)?int(?:eger|[248])?\b|(?:dec(?:imal)?|numeric|number)\b"),
    ("text", r"(?:n?(?:var)?char|character|varchar2|clob|citext|(?:tiny|medium|long)?text)\b"),
    ("uuid", r"uuid\b"),
)

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
"""The pattern of a UUID in canonical text."""


class ReferenceHooks(NameHooks):
    """The part of a dialect for references in JSON and between columns of different types."""

    def kind_of(self, column: Column) -> str:
        """Return "number", "text", "uuid", "any" (equal to all), or another type in lower case.

        Values of the same kind are compared as they are.
        """
        kind = column.type.strip().lower()
        found = (name for name, pattern in _KINDS if re.match(pattern, kind))
        return next(found, re.sub(r"\s*\(.*", "", kind))

    def convertible(self, column: Column, referred: Column) -> bool:
        """Return whether values of a column can reference a column of this type."""
        kinds = self.kind_of(column), self.kind_of(referred)
        others = {*kinds} - {"text"}
        return kinds[0] == kinds[1] or "any" in kinds or others in ({"number"}, {"uuid"})

    def converted(self, value: str, column: Column, referred: Column) -> str:
        """Return an expression of a column's value in the kind of the column that it references.

        A text references a number, or a UUID, only if it is its canonical text; NULL otherwise,
        and never an error.
        """
        kind = self.kind_of(referred)
        if kind == "text":
            return self.as_text(value, column)
        if kind == "number":
            return self.as_number(value)
        return self.as_uuid(value)

    def as_text(self, value: str, column: Column) -> str:
        """Return an expression of a number or a UUID as text."""
        return f"CAST({value} AS VARCHAR(40))"

    def as_number(self, value: str) -> str:
        """Return an expression of a text as a whole number; NULL unless it is canonical."""
        number = f"CAST({value} AS BIGINT)"
        return f"(CASE WHEN {value} SIMILAR TO '0|-?[1-9][0-9]{{0,17}}' THEN {number} END)"

    def as_uuid(self, value: str) -> str:
        """Return an expression of a text as a UUID; NULL unless it is canonical."""
        return f"(CASE WHEN {value} SIMILAR TO '{UUID}' THEN CAST({value} AS UUID) END)"

    def holds_json(self, column: Column) -> bool:
        """Return whether references can be read in JSON in a column of this type."""
        return False

    def json_texts(self, column: Column, path: Steps, source: str | None = None) -> tuple[str, str]:
        """Return what stands after FROM for the values at a path, and a value as text.

        The values are those in a column of the row around the subquery, or those in all rows of
        `source`, the text after FROM. Texts and whole numbers are values; others are NULL or
        left out. Malformed JSON has no values, and is never an error.
        """
        raise NotImplementedError
