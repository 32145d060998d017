"""The kinds of text in settings, declared for both the reader and the JSON Schema.

Each kind has a pattern for editors and a check that explains errors; a test verifies that both
accept the same texts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from msgspec import Meta

from demosnap import columns, json_path
from demosnap.config.names import RESERVED, SCENARIO_RULE, scenario_name_problem
from demosnap.errors import UsageError, did_you_mean
from demosnap.model import display_name, split_name


class Misfit(Exception):  # noqa: N818 - it is caught by the reader, which makes an error of it
    """A value that does not fit its setting.

    `at` is the path of keys from the checked value to the invalid part. With `about`, also a path,
    the message continues that key's name; without it the message is a whole sentence.
    """

    def __init__(
        self, message: str, *at: str, about: tuple[str, ...] | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.about = about
        self.hint = hint


JSON_PATHS = (
    'Write "$.a.b" for the value of a key, "$.links[*]" or "$[*]" for all elements of an array, '
    '"$.links[*].id" for a key in each of them; keys are ASCII letters, digits, _ and -.'
)

Check = Callable[[str], None]
"""A function that checks a text, and raises `Misfit` if it is invalid."""

_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f"
_SOMETHING = r"(?=[\s\S]*\S)"
# Python's $ also matches before a final line break.
_END = r"(?!\n)$"


ALSO = "also"
"""The key, in a type's part of the unpublished JSON Schema, of further types that it accepts."""


def _meta(
    title: str,
    pattern: str,
    wrong: str,
    check: Check | None = None,
    also: tuple[str, ...] = ("number",),
    *,
    apart: Callable[[str], tuple[str | None, str]] | None = None,
) -> Meta:
    # Some editors show patternErrorMessage; others ignore it. Names such as `1` are numbers in
    # YAML, and the reader takes them as written.
    return Meta(
        title=title,
        pattern=pattern,
        extra_json_schema={"patternErrorMessage": wrong, ALSO: list(also)},
        extra={
            name: function
            for name, function in (("check", check), ("apart", apart))
            if function is not None
        },
    )


def _table_name(name: str) -> None:
    try:
        split_name(name)
    except UsageError as error:
        nearest = did_you_mean(name, [f'"{name}"']) if " " in name else ""
        raise Misfit(f"{error.message}{nearest}", hint=error.hint) from None


def _table_column(name: str) -> None:
    try:
        columns.parse(name)
    except UsageError as error:
        raise Misfit(error.message, hint=error.hint) from None


def _table_apart(name: str) -> tuple[str | None, str]:
    """Return the namespace in a table's name, and the name without it."""
    namespace, table = split_name(name)
    return namespace, display_name(None, table)


def _column_apart(name: str) -> tuple[str | None, str]:
    table, column = columns.parse(name)
    namespace, table = _table_apart(table)
    return namespace, f"{table}.{display_name(None, column)}"


def _json_key(key: str) -> None:
    # The key becomes part of a JSON path, for which databases have different escapes.
    if any(character in '"\\\n\t' for character in key):
        raise Misfit(" holds a double quote, a backslash or a control character", about=())


def _json_path(path: str) -> None:
    try:
        json_path.steps(path)
    except ValueError as error:
        raise Misfit(str(error), hint=JSON_PATHS) from None


def _target(pattern: str) -> None:
    host, _, database = pattern.partition("/")
    if not host or not database:
        raise Misfit(
            f": {pattern!r} is not of the form host/database",
            about=(),
            hint='Write host/database, for example "db.internal/demo_*".',
        )


def _scenario_name(name: str) -> None:
    if problem := scenario_name_problem(name):
        raise Misfit(f"scenario {name!r}: {problem}")


_TEXT = rf"^{_SOMETHING}[^{_CONTROLS}]*$"
_PART = rf'(?:"(?:[^"{_CONTROLS}]|"")*"|[^."\s{_CONTROLS}]+)'

Name = Annotated[str, _meta("column", _TEXT, "Must be a text that is not empty.")]
"""The name of a column."""

Collations = Annotated[
    dict[Name, Literal["nocase", "binary", "rtrim"]],
    Meta(
        description="SQLite: collations that only the application's connections have, each with "
        "one of SQLite's that stands for it on demosnap's own. Refused where an index or a "
        "constraint needs the collation.",
        examples=[{"unicase": "nocase"}],
    ),
]
"""SQLite's own collations, by the names of those that they stand for."""

Sql = Annotated[str, _meta("SQL", _TEXT, "Must be an SQL expression.", also=("number", "boolean"))]
"""SQL of the user, possibly just `true`."""

Command = Annotated[str, _meta("command", _TEXT, "Must be a text that is not empty.")]
"""A command line of the shell."""

Remark = Annotated[
    str,
    Meta(
        title="text",
        pattern=rf"^[^{_CONTROLS}]*$",
        extra_json_schema={ALSO: ["number", "boolean", "null"]},
        extra={"may_be_blank": True},
    ),
]
"""A text for readers. An empty text is a placeholder."""

TableName = Annotated[
    str,
    _meta(
        "name",
        rf"^{_SOMETHING}(?:{_PART}\.)?{_PART}{_END}",
        "Must be table or namespace.table; double quotes around a part with a dot or a space.",
        _table_name,
        apart=_table_apart,
    ),
]
"""The display name of a table or similar object; or a shell pattern of such names."""

PredicateName = Annotated[str, _meta("name", _TEXT, "Must be a text that is not empty.")]
"""The name of a predicate."""

TableColumn = Annotated[
    str,
    _meta(
        "table.column",
        rf"^{_SOMETHING}(?:{_PART}\.)?{_PART}\.{_PART}{_END}",
        "Must be table.column; double quotes around a part with a dot or a space.",
        _table_column,
        also=(),
        apart=_column_apart,
    ),
]
"""A column of a table, `table.column`."""

Namespace = Annotated[
    str, _meta("namespace", _TEXT, "Must be the name of a namespace, or a pattern of names.")
]
"""The name of a namespace as it is, without quotes; or a shell pattern of such names."""

Value = Annotated[
    str, _meta("value", _TEXT, "Must be a value that is not empty.", also=("number", "boolean"))
]
"""A value of a column, as text."""

JsonKey = Annotated[
    str,
    _meta(
        "JSON key",
        rf'^{_SOMETHING}[^"\\\x00-\x1f\x7f]*{_END}',
        "Holds a double quote, a backslash or a control character, or nothing.",
        _json_key,
    ),
]
"""A key in a JSON column."""

JsonPath = Annotated[
    str,
    _meta(
        "path",
        rf"^{json_path.PATTERN}{_END}",
        "Must be a path such as $.links[*].id.",
        _json_path,
        also=(),
    ),
]
"""The path to values in a JSON column."""

Target = Annotated[
    str,
    _meta(
        "host/database",
        rf"^{_SOMETHING}[^/{_CONTROLS}]+/[^{_CONTROLS}]+$",
        "Must be host/database.",
        _target,
        also=(),
    ),
]
"""A pattern of databases, `host/database`."""

ScenarioName = Annotated[
    str,
    _meta(
        "scenario",
        rf"^(?!(?:{'|'.join(RESERVED)})$)[a-z][a-z0-9_]{{0,99}}{_END}",
        f"{SCENARIO_RULE[0].upper()}{SCENARIO_RULE[1:]}; {', '.join(RESERVED)} are taken.",
        _scenario_name,
    ),
]
"""The name of a scenario."""
