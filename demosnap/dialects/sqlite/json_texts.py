"""References in JSON, by SQLite's table-valued functions."""

from __future__ import annotations

from demosnap import json_path
from demosnap.dialects.base import Dialect
from demosnap.json_path import Steps
from demosnap.model import Column


class SQLiteJson(Dialect):
    """The part of the dialect that reads references in JSON."""

    def holds_json(self, column: Column) -> bool:
        """Return True, since any column can hold text."""
        return True

    def json_texts(self, column: Column, path: Steps, source: str | None = None) -> tuple[str, str]:
        """Return a chain of `json_each`, one for each array."""
        name = self.quote(column.name)
        valid = f"CASE WHEN typeof({name})='text' AND json_valid({name}) THEN {name} END"
        # Only this name, since the columns of json_each are called id, key, value and so on.
        rows = f" FROM {source}" if source else ""
        found = [f"(SELECT {valid} AS demosnap_json{rows}) demosnap_rows"]
        value = "demosnap_rows.demosnap_json"
        kind = ""
        for n, keys in enumerate(path):
            if n:
                array = f"CASE WHEN {kind}='array' THEN {value} END"
                found.append(f"json_each({array}) demosnap_{n}")
                kind, value = f"demosnap_{n}.type", f"demosnap_{n}.value"
            if keys or not n:
                if n:
                    value = f"CASE WHEN {kind}='object' THEN {value} END"
                at = f"'${json_path.quoted(keys)}'"
                kind, value = f"json_type({value},{at})", f"json_extract({value},{at})"
        text = (
            f"(CASE {kind} WHEN 'text' THEN {value} WHEN 'integer' THEN CAST({value} AS TEXT) END)"
        )
        return ", ".join(found), text
