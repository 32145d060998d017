"""The pure half of PostgreSQL: literals, the text of files, predicates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from demosnap.dialects.base import Dialect
from demosnap.dialects.keywords import FORMAT_1
from demosnap.dialects.postgresql import pick as picks
from demosnap.dialects.postgresql import session as sessions
from demosnap.dialects.postgresql.codecs import codec
from demosnap.dialects.postgresql.keywords import RESERVED
from demosnap.dialects.postgresql.urls import PostgreSQLUrls
from demosnap.dialects.postgresql.values import INTEGERS, base_type
from demosnap.dialects.url_rules import UrlRules
from demosnap.json_path import Steps
from demosnap.model import Column, Marker, Table, Value

_DEFAULT = re.compile(r"""('(?:[^']|'')*'|-?[0-9.]+|true|false)(?:::[\w ."()\[\],]+)?""")

_TEXTS = ("text", "character varying", "character", "bpchar")

# Keys of these characters need no escape in JSON.
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_ .-]+\Z")

# psql sets the encoding itself; servers before version 17 lack the timeout.
_NOT_IN_FILE = ("client_encoding", "transaction_timeout")
_IN_FILE = [name for name in sessions.SETTINGS if name not in _NOT_IN_FILE]
_BEGIN = ("\\set ON_ERROR_STOP on", "\\encoding UTF8", "BEGIN;")
# The query that counts rows follows the end of the transaction.
_LASTING = ("statement_timeout",)
_SEARCH_PATH = (
    "DO $$ BEGIN IF coalesce(current_schema(), 'pg_catalog') = 'pg_catalog'"
    " THEN SET search_path = public; END IF; END $$;"
)


class PostgreSQLText(Dialect):
    """The half that needs neither driver nor server."""

    name: ClassVar[str] = "postgresql"
    reserved = RESERVED
    quoted_at_first = FORMAT_1
    absent: ClassVar[bytes] = b"\x00"
    temporary_namespace: ClassVar[str] = "pg_temp"
    locks_picked: ClassVar[str] = " FOR UPDATE"
    url_rules: ClassVar[UrlRules] = PostgreSQLUrls()

    # ------------------------------------------------------------------ text: literals

    def literal_pattern(self, column: Column) -> bytes:
        """Return the pattern of the column's type; other types are any text in quotes."""
        kind = codec(column)
        shape = b"'(?:%s)'" if kind.quoted else b"(?:%s)"
        pattern = shape % kind.pattern
        return b"(?:%s|NULL)" % pattern if column.nullable else pattern

    def decode(self, literal: bytes, column: Column) -> Value:
        """Convert a literal to a value; offsets have minutes."""
        if literal == b"NULL":
            return None
        kind = codec(column)
        text = literal.decode()
        return kind.decode(text[1:-1].replace("''", "'") if kind.quoted else text)

    def encode(self, value: Value, column: Column) -> bytes:
        """Render a value as the type's output function would."""
        if value is None:
            if not column.nullable:
                raise ValueError("is NULL, which the column does not allow")
            return b"NULL"
        kind = codec(column)
        text = kind.encode(value, column)
        return (self.string(text) if kind.quoted else text).encode()

    def default_literal(self, column: Column) -> bytes | None:
        """Return the literal before the type in a default such as `'low'::character varying`."""
        match = _DEFAULT.fullmatch(column.default or "")
        if match is None:
            return None
        text = match[1]
        if codec(column).quoted and not text.startswith("'"):
            text = self.string(text)
        return text.encode() if self.is_literal(text.encode(), column) else None

    # ------------------------------------------------------------------ text: statements of a file

    def file_namespace(self, namespace: str) -> Sequence[str]:
        """Return a block that puts the schema in front of the session's search path."""
        name = self.string(namespace)
        message = self.string(f"there is no namespace {namespace}")
        body = (
            f"PERFORM set_config('search_path', concat_ws(', ', quote_ident({name}),"
            " nullif(current_setting('search_path'), '')), false);"
            f" IF current_schema() IS DISTINCT FROM {name}"
            f" THEN RAISE EXCEPTION USING MESSAGE = {message}; END IF;"
        )
        tag = "$demosnap$"
        while tag in body:
            tag = f"{tag[:-1]}_$"
        return ("\\set ON_ERROR_STOP on", f"DO {tag} BEGIN {body} END {tag};")

    def file_begin(self, predicates: Iterable[str] = ()) -> Sequence[str]:
        """Return lines for psql, which otherwise continues after an error."""
        settings = (self._set(name) for name in _IN_FILE)
        return (*_BEGIN, *settings, _SEARCH_PATH, *_functions(predicates))

    def file_begin_picking(
        self, notes: Sequence[str], predicates: Iterable[str] = ()
    ) -> Sequence[str]:
        """Return the lines with the notes before the settings that change predicates."""
        first = (self._set(name) for name in _IN_FILE if name not in picks.MEANING)
        then = (self._set(name) for name in _IN_FILE if name in picks.MEANING)
        return (*_BEGIN, *first, _SEARCH_PATH, *notes, *then, *_functions(predicates))

    def _set(self, name: str) -> str:
        local = "" if name in _LASTING else "LOCAL "
        return f"SET {local}{name} = {self.string(sessions.SETTINGS[name])};"

    def places(self, table: Table) -> Sequence[str]:
        """Return the physical place of a row."""
        return ("tableoid", "ctid")

    def insert_head(self, table: Table) -> str:
        """Return the head of an INSERT that may set identity columns."""
        return f"INSERT INTO {self.block_name(table)}{_overriding(table)} VALUES"

    def file_staging(
        self, tables: Sequence[Table]
    ) -> tuple[Sequence[str], Mapping[str, str], Sequence[str]] | None:
        """Return how a file loads tables that reference each other or themselves.

        The result is statements before the rows, the INSERT heads by table name, and statements
        after the rows. Foreign keys are checked at the end of each statement, so the rows are
        inserted into temporary tables first, and from there in a single statement. None: this is
        not needed.
        """
        if len(tables) == 1 and not references_itself(tables[0]):
            return None
        before, heads, inserts, stages = [], {}, [], []
        for number, table in enumerate(tables, 1):
            stage = f"demosnap_{number}"
            columns = self.quote_columns(column.name for column in table.captured)
            before.append(
                f"CREATE TEMPORARY TABLE {stage} ON COMMIT DROP AS"
                f" SELECT {columns} FROM {self.quote_table(table.name)} WITH NO DATA;"
            )
            heads[table.name] = f"INSERT INTO pg_temp.{stage} ({columns}) VALUES"
            inserts.append(
                f"{stage} AS (INSERT INTO {self.block_name(table)}{_overriding(table)}"
                f" SELECT {columns} FROM pg_temp.{stage} RETURNING 1)"
            )
            stages.append(stage)
        counts = " + ".join(f"(SELECT count(*) FROM {stage})" for stage in stages)
        after = [
            f"WITH {', '.join(inserts)} SELECT {counts} AS inserted;",
            f"DROP TABLE {', '.join(f'pg_temp.{stage}' for stage in stages)};",
        ]
        return before, heads, after

    # ------------------------------------------------------------------ text: predicates

    def rows_of(self, table: Table) -> str:
        """Return the table without the rows of inheriting tables."""
        quoted = self.quote_table(table.name)
        return f"ONLY {quoted}" if table.inherited else quoted

    def own_rows(self, table: Table) -> str | None:
        """Return the predicate that excludes rows of inheriting tables."""
        if not table.inherited:
            return None
        return f"tableoid = {self.string(self.quote_table(table.name))}::regclass"

    def can_hold_marker(self, marker: Marker, column: Column) -> bool:
        """Return whether the type is JSON or text, or boolean if there is no key."""
        kind = base_type(column)
        if marker.key is None:
            return kind == "boolean" or kind in INTEGERS
        return kind in ("json", "jsonb", *_TEXTS) or _bare(kind) in ("citext", "hstore")

    def marked(
        self,
        marker: Marker,
        column: Column,
        scenario: str,
        default: bool,
        scenario_column: Column | None,
    ) -> str:
        """Return a predicate that compares by bytes and is never an error."""
        if marker.key is None:
            name = self.quote(column.name)
            tests = [name if base_type(column) == "boolean" else f"{name} = 1"]
        else:
            tests = [f"{self._member(column, marker.key)} = 'true'"]
        named = None
        if scenario_column is not None:
            named = f'{self.quote(scenario_column.name)}::text COLLATE "C"'
        elif marker.scenario_key is not None:
            named = self._member(column, marker.scenario_key)
        if named is not None:
            test = f"{named} = {self.string(scenario)}"
            tests.append(f"({test} OR {named} IS NULL)" if default else test)
        return " AND ".join(tests)

    def holds_default(self, column: Column) -> str:
        """Return a comparison as text, since some types cannot be compared.

        A sequence's next number is not requested, since that would use it up.
        """
        if "nextval(" in (column.default or ""):
            return "FALSE"
        default = f"CAST({column.default} AS {column.type})"
        return f'{self.quote(column.name)}::text COLLATE "C" = {default}::text'

    def oddly_marked(self, marker: Marker, column: Column) -> str:
        """Return the predicate of markers such as 1, "yes" or "TRUE"."""
        if marker.key is None:
            boolean = base_type(column) == "boolean"
            return "FALSE" if boolean else f"{self.quote(column.name)} NOT IN (0, 1)"
        return f"{self._member(column, marker.key)} NOT IN ('true', 'false')"

    def scenario_of(self, marker: Marker, column: Column, scenario_column: Column | None) -> str:
        """Return the scenario's name as text."""
        if scenario_column is not None:
            return f"{self.quote(scenario_column.name)}::text"
        if marker.scenario_key is None:
            return "NULL"
        return self._member(column, marker.scenario_key)

    def holds_json(self, column: Column) -> bool:
        """Return whether the type is JSON or text."""
        kind = base_type(column)
        return kind in ("json", "jsonb", *_TEXTS) or _bare(kind) == "citext"

    def json_texts(self, column: Column, path: Steps, source: str | None = None) -> tuple[str, str]:
        """Return a chain of `json_array_elements`; the type json keeps numbers as written."""
        name, kind = self.quote(column.name), base_type(column)
        document = f"{sessions.JSON_FUNCTION}({name}::text)"
        if kind == "jsonb":
            document = f"{name}::text::json"
        elif kind == "json":
            document = sessions.UNESCAPED.format(f"{name}::text")
        rows = f" FROM {source}" if source else ""
        found = [f"(SELECT {document} AS demosnap_json{rows}) demosnap_0"]
        for n, keys in enumerate(path):
            value = f"demosnap_{n}.demosnap_json" + "".join(f"->{_constant(key)}" for key in keys)
            if n + 1 < len(path):
                array = f"CASE json_typeof({value}) WHEN 'array' THEN {value} ELSE '[]'::json END"
                alias = f"demosnap_{n + 1}(demosnap_json)"
                found.append(f"LATERAL json_array_elements({array}) {alias}")
        text = f"({value})#>>'{{}}'"
        whole = f"CASE WHEN {text} ~ '^-?[0-9]+$' THEN {text} END"
        kind = f"json_typeof({value})"
        return ", ".join(
            found
        ), f"(CASE {kind} WHEN 'string' THEN {text} WHEN 'number' THEN {whole} END)"

    def _member(self, column: Column, key: str) -> str:
        """Return an expression of a JSON member as text: never an error; the last of equal keys."""
        name, kind = self.quote(column.name), base_type(column)
        if _bare(kind) == "hstore":
            return f"{name}->{_constant(key)}"
        if kind == "jsonb":
            document = name
        elif kind != "json":
            document = f"{sessions.JSON_FUNCTION}({name}{'' if kind == 'text' else '::text'})"
        elif _PLAIN_KEY.match(key):
            # Well-formed JSON may contain an escape at which the operator raises an error.
            document = f"replace({name}::text,E'\\\\u','/u')::json"
        else:
            document = sessions.UNESCAPED.format(f"{name}::text")
        return f"{document}->>{_constant(key)}"


def _functions(predicates: Iterable[str]) -> Sequence[str]:
    used = any(sessions.JSON_FUNCTION in predicate for predicate in predicates)
    return sessions.CREATE_JSON_FUNCTION if used else ()


def _bare(kind: str) -> str:
    """Return a type's name without its namespace."""
    return kind.rpartition(".")[2]


def _constant(text: str) -> str:
    """Render a text that does not depend on standard_conforming_strings."""
    quoted = text.replace("'", "''")
    return "E'" + quoted.replace("\\", "\\\\") + "'" if "\\" in text else f"'{quoted}'"


def _overriding(table: Table) -> str:
    always = any(column.identity == "always" for column in table.captured)
    return " OVERRIDING SYSTEM VALUE" if always else ""


def references_itself(table: Table) -> bool:
    """Return whether a row of the table may reference another row of it."""
    return any(key.table == table.name and not key.logical for key in table.foreign_keys)
