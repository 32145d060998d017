"""The pure half of MySQL and MariaDB: literals, the text of files, predicates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from demosnap import json_path
from demosnap.dialects.base import Dialect
from demosnap.dialects.file_pick_hooks import FilePick
from demosnap.dialects.keywords import FORMAT_1
from demosnap.dialects.mysql import file_picks, session
from demosnap.dialects.mysql.codecs import Text, codec
from demosnap.dialects.mysql.keywords import MYSQL
from demosnap.dialects.mysql.scalars import Double, Integer
from demosnap.dialects.mysql.urls import MySQLUrls
from demosnap.dialects.mysql.values import NO_UUID, normal_json
from demosnap.dialects.reference_hooks import UUID
from demosnap.dialects.url_rules import UrlRules
from demosnap.json_path import Steps
from demosnap.model import Column, Marker, Table, Value

# Zero and impossible dates must come back as they were, an AUTO_INCREMENT of 0 too.
SQL_MODE = (
    "ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,NO_BACKSLASH_ESCAPES,NO_ENGINE_SUBSTITUTION,"
    "STRICT_ALL_TABLES"
)
_WIDE_CHARSETS = frozenset("ucs2 utf16 utf16le utf32".split())
_FILE_VARIABLES = {
    "sql_mode": f"'{SQL_MODE}'",
    "time_zone": "'+00:00'",
    "foreign_key_checks": "0",
    "unique_checks": "1",
    "sql_safe_updates": "0",
    "autocommit": "0",
    "completion_type": "'NO_CHAIN'",
}


class MySQLText(Dialect):
    """What needs neither driver nor server."""

    name: ClassVar[str] = "mysql"
    quote_character: ClassVar[str] = "`"
    reserved = MYSQL
    quoted_at_first = FORMAT_1
    url_rules: ClassVar[UrlRules] = MySQLUrls()
    enforces_foreign_keys: ClassVar[bool] = False
    transactional_ddl: ClassVar[bool] = False

    native_json: ClassVar[bool] = True
    """Whether JSON is a type of its own, which does not keep the text."""

    binary_collation: ClassVar[str] = "utf8mb4_0900_bin"
    """The collation that compares bytes and does not pad."""

    own_variables: ClassVar[Mapping[str, int | str]] = {}
    """Session variables that only this server has, as demosnap needs them."""

    # ------------------------------------------------------------------ text

    def literal_pattern(self, column: Column) -> bytes:
        pattern = codec(column.type).pattern
        return b"(?:" + pattern + (b"|NULL)" if column.nullable else b")")

    def decode(self, literal: bytes, column: Column) -> Value:
        return None if literal == b"NULL" else codec(column.type).decode(literal)

    def encode(self, value: Value, column: Column) -> bytes:
        if value is None:
            if not column.nullable:
                raise ValueError("is NULL, which the column does not allow")
            return b"NULL"
        found = codec(column.type)
        if self.native_json and isinstance(found, Double) and repr(value) == "-0.0":
            return b"'-0'"
        literal = found.encode(value)
        if self.native_json and found.name == "json":
            return found.encode(normal_json(str(found.decode(literal))))
        return literal

    def file_begin(self, predicates: Iterable[str] = ()) -> Sequence[str]:
        """Return lines that keep and set what changes the meaning of the file, and begin."""
        names = (*session.CHARSET_VARIABLES, *_FILE_VARIABLES)
        return (
            "SET " + ", ".join(f"@demosnap_{name} = @@SESSION.{name}" for name in names) + ";",
            "SET NAMES utf8mb4;",
            "SET " + ", ".join(f"{name} = {text}" for name, text in _FILE_VARIABLES.items()) + ";",
            "START TRANSACTION;",
        )

    def file_begin_picking(
        self, notes: Sequence[str], predicates: Iterable[str] = ()
    ) -> Sequence[str]:
        """Return the lines with the notes where only the text of the file is known to the client.

        A collation of the client's character set would take letters from literals.
        """
        keep, names, change, begin = self.file_begin(predicates)
        own = "@demosnap_collation_connection"
        collation = f"IF(LEFT({own}, 8) = 'utf8mb4_', {own}, @@SESSION.collation_connection)"
        theirs = f"SET collation_connection = {collation};"
        return (keep, names, theirs, begin, *notes, names, change)

    def file_pick(self, table: Table, where: str, number: int) -> FilePick | None:
        """Return how a file notes rows: by key, or by all values where there is none."""
        return file_picks.pick(self.quote, self.quote_table(table.name), table, where, number)

    def file_end(self) -> Sequence[str]:
        """Return the COMMIT, and lines that put back what `file_begin` kept."""
        names = (*_FILE_VARIABLES, *(session.CHARSET_VARIABLES if self.at_first else ()))
        return ("COMMIT;", _put_back(names))

    def file_last(self) -> Sequence[str]:
        """Return what puts the character set back: the query compares text under the file's own."""
        return () if self.at_first else ("", _put_back(session.CHARSET_VARIABLES))

    def compared(self, literal: bytes, column: Column) -> str:
        """Return a FLOAT as one: its digits, as those of a double, are another number."""
        text = literal.decode()
        single = codec(column.type).name == "float"
        return f"CAST({text} AS FLOAT)" if single and literal != b"NULL" else text

    # ------------------------------------------------------------------ predicates

    def as_text(self, value: str, column: Column) -> str:
        """Return a number or a UUID as text; a CAST would have a collation of its own."""
        return f"CONCAT({value})"

    def as_number(self, value: str) -> str:
        """Return a text as a whole number; a CAST of other text would warn."""
        return self._matched(value, "0|-?[1-9][0-9]{0,17}", f"CAST({value} AS SIGNED)")

    def as_uuid(self, value: str) -> str:
        """Return a text as a UUID; a CAST of one that the type refuses would warn."""
        fits = f"CAST({value} AS BINARY) NOT REGEXP '[A-F]' AND {value} NOT REGEXP '{NO_UUID}'"
        return self._matched(value, UUID, f"(CASE WHEN {fits} THEN CAST({value} AS UUID) END)")

    def _matched(self, value: str, pattern: str, result: str) -> str:
        # $ also matches before a final line break, and texts may ignore case.
        whole = f"{value} REGEXP '^({pattern})$' AND {value} NOT REGEXP '[^-0-9a-f]'"
        return f"(CASE WHEN {whole} THEN {result} END)"

    def holds_json(self, column: Column) -> bool:
        """Return whether the type is JSON or text."""
        return isinstance(codec(column.type), Text)

    def json_texts(self, column: Column, path: Steps, source: str | None = None) -> tuple[str, str]:
        """Return JSON_TABLE, which takes the whole path."""
        name = _unicode(self.quote(column.name), column)
        whole = "$" + "[*]".join(map(json_path.quoted, path))
        document = f"CASE WHEN JSON_VALID({name}) THEN {name} END"
        found = []
        if source:
            found.append(f"(SELECT {document} AS demosnap_json FROM {source}) demosnap_rows")
            document = "demosnap_rows.demosnap_json"
        value = "demosnap_values.demosnap_value"
        values = "COLUMNS (demosnap_value JSON PATH '$')"
        found.append(f"JSON_TABLE({document}, '{whole}' {values}) demosnap_values")
        kinds = "'STRING','INTEGER','UNSIGNED INTEGER'"
        text = f"(CASE WHEN JSON_TYPE({value}) IN ({kinds}) THEN JSON_UNQUOTE({value}) END)"
        return ", ".join(found), text

    def marked(
        self,
        marker: Marker,
        column: Column,
        scenario: str,
        default: bool,
        scenario_column: Column | None,
    ) -> str:
        """Return a predicate that is 0 or 1, never NULL, and compares bytes."""
        if marker.key is None:
            tests = [f"{self.quote(column.name)} <=> 1"]
            if scenario_column is not None:
                name = self.quote(scenario_column.name)
                text = f"CAST({_unicode(name, scenario_column)} AS BINARY)"
                none = f" OR {name} IS NULL" if default else ""
                tests.append(f"({text} <=> {self.string(scenario)}{none})")
            return " AND ".join(tests)
        name = _unicode(self.quote(column.name), column)
        tests = [f"{_bytes_at(name, marker.key)} <=> 'true'"]
        if marker.scenario_key is not None:
            kind = f"JSON_TYPE({_extract(name, marker.scenario_key)})"
            none = f" OR COALESCE({kind},'NULL') = 'NULL'" if default else ""
            same = f"{_bytes_at(name, marker.scenario_key)} <=> {self.string(scenario)}"
            tests.append(f"({same}{none})")
        return f"CASE WHEN JSON_VALID({name}) THEN {' AND '.join(tests)} ELSE 0 END"

    def holds_default(self, column: Column) -> str:
        """Return a comparison of bytes where it is text: collations take `Red` for `red`."""
        found = codec(column.type)
        if not isinstance(found, Text):
            return super().holds_default(column)
        text = found.unicode(self.quote(column.name))
        default = f"CONVERT({column.default} USING utf8mb4)"
        return f"CAST({text} AS BINARY) = CAST({default} AS BINARY)"

    def oddly_marked(self, marker: Marker, column: Column) -> str:
        """Return the predicate of markers such as 1, "yes" or "TRUE"."""
        if marker.key is None:
            return f"{self.quote(column.name)} NOT IN (0,1)"
        name = _unicode(self.quote(column.name), column)
        return (
            f"CASE WHEN JSON_VALID({name}) THEN"
            f" COALESCE(JSON_TYPE({_extract(name, marker.key)}),'NULL') <> 'NULL'"
            f" AND {_bytes_at(name, marker.key)} NOT IN ('true','false') ELSE 0 END"
        )

    def scenario_of(self, marker: Marker, column: Column, scenario_column: Column | None) -> str:
        """Return the scenario's name as text that is compared by its bytes."""
        if scenario_column is not None:
            name = self.quote(scenario_column.name)
            return f"CONVERT({name} USING utf8mb4) COLLATE {self.binary_collation}"
        if marker.scenario_key is None:
            return "NULL"
        name = _unicode(self.quote(column.name), column)
        value = _extract(name, marker.scenario_key)
        text = f"CONVERT(JSON_UNQUOTE({value}) USING utf8mb4) COLLATE {self.binary_collation}"
        return (
            f"CASE WHEN JSON_VALID({name}) THEN"
            f" CASE WHEN JSON_TYPE({value}) <> 'NULL' THEN {text} END END"
        )

    def load_text(self, table: Table) -> str:
        """Return what LOAD DATA says after the file's name to read canonical rows."""
        targets, changes = [], []
        for number, column in enumerate(table.captured):
            variable = f"@demosnap_{number}"
            value = codec(column.type).bulk(variable)
            targets.append(variable if value else self.quote(column.name))
            if value:
                changes.append(f"{self.quote(column.name)}={value}")
        return (
            f"INTO TABLE {self.quote_table(table.name)} CHARACTER SET utf8mb4"
            " FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '''' ESCAPED BY ''"
            f" LINES TERMINATED BY X'0A' ({','.join(targets)})"
            + (f" SET {','.join(changes)}" if changes else "")
        )

    def can_hold_marker(self, marker: Marker, column: Column) -> bool:
        """Return whether it is text or JSON for a JSON key, a number for a boolean."""
        kind = Integer if marker.key is None else Text
        return isinstance(codec(column.type), kind)


def _put_back(names: Iterable[str]) -> str:
    return "SET " + ", ".join(f"{name} = @demosnap_{name}" for name in names) + ";"


def _unicode(name: str, column: Column) -> str:
    """Return the SQL of text that JSON functions and bytes of ASCII can be compared with."""
    found = codec(column.type)
    wide = isinstance(found, Text) and found.charset in _WIDE_CHARSETS
    return f"CONVERT({name} USING utf8mb4)" if wide else name


def _extract(name: str, key: str) -> str:
    path = f"$.{key}"
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
        escaped = key.replace("\\", "\\\\").replace('"', '\\"')
        path = f'$."{escaped}"'
    path = path.replace("'", "''")
    return f"JSON_EXTRACT({name},'{path}')"


def _bytes_at(name: str, key: str) -> str:
    return f"CAST(JSON_UNQUOTE({_extract(name, key)}) AS BINARY)"


def unescaped(expression: str) -> str:
    """Return an expression of MySQL's information_schema, which escapes the quotes in it."""
    return expression.replace("\\'", "'")
