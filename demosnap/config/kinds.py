"""The kinds of text in settings, each declared for the reader and for the JSON Schema.

Each has a pattern, for editors, and a check, which says what is wrong; a test holds that both
take the same texts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from msgspec import Meta

from demosnap.config.names import RESERVED, SCENARIO_RULE, scenario_name_problem
from demosnap.errors import UsageError, did_you_mean
from demosnap.model import split_name


class Misfit(Exception):  # noqa: N818 - it is caught by the reader, which makes an error of it
    """A value that does not fit its setting.

    `at` is the path of keys to what is wrong, from the value that is checked. With `about`, also
    such a path, the message begins behind that key's name; without it it is a whole sentence.
    """

    def __init__(
        self,
        message: str,
        *at: str,
        about: tuple[str, ...] | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.about = about
        self.hint = hint


Check = Callable[[str], None]
"""Look at a text; raises `Misfit` if it cannot be meant."""

_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f"
_SOMETHING = r"(?=[\s\S]*\S)"
# Python's $ is also before a last line break.
_END = r"(?!\n)$"


ALSO = "also"
"""The key in a type's part of the JSON Schema, until that is published, for further types that
it takes."""


def _meta(
    title: str,
    pattern: str,
    wrong: str,
    check: Check | None = None,
    also: tuple[str, ...] = ("number",),
) -> Meta:
    # Editors that know patternErrorMessage show the text; others pass it over. YAML has numbers
    # where people see names, and the file's words are taken as they are written.
    return Meta(
        title=title,
        pattern=pattern,
        extra_json_schema={"patternErrorMessage": wrong, ALSO: list(also)},
        extra={} if check is None else {"check": check},
    )


def _table_name(name: str) -> None:
    try:
        split_name(name)
    except UsageError as error:
        nearest = did_you_mean(name, [f'"{name}"']) if " " in name else ""
        raise Misfit(f"{error.message}{nearest}", hint=error.hint) from None


def _json_key(key: str) -> None:
    # It becomes part of a JSON path, which databases do not escape in one way.
    if any(character in '"\\\n\t' for character in key):
        raise Misfit(" holds a double quote, a backslash or a control character", about=())


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

Sql = Annotated[str, _meta("SQL", _TEXT, "Must be an SQL expression.", also=("number", "boolean"))]
"""SQL of the user. It may be just `true`."""

Remark = Annotated[
    str,
    Meta(
        title="text",
        pattern=rf"^[^{_CONTROLS}]*$",
        extra_json_schema={ALSO: ["number", "boolean", "null"]},
        extra={"may_be_blank": True},
    ),
]
"""A text for readers. An empty one is a place to fill in."""

TableName = Annotated[
    str,
    _meta(
        "name",
        rf"^{_SOMETHING}(?:{_PART}\.)?{_PART}{_END}",
        "Must be table or namespace.table; double quotes around a part with a dot or a space.",
        _table_name,
    ),
]
"""The display name of a table, or of what is named alike; also a shell pattern of such names."""

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
