"""The column types of MySQL and MariaDB: making, matching, reading and rendering literals.

The server renders every literal itself (`Codec.sql`); `encode` renders the same text in Python. A
literal is `NULL`, a bare integer, quoted text in which only the quote is special (sql_mode has
NO_BACKSLASH_ESCAPES), `X'…'`, or `_utf8mb4 X'…'` for text with a NUL, or with a CR, which the
client drops before a newline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import ClassVar

from demosnap.dialects.mysql import values as values
from demosnap.dialects.mysql.scalars import (
    HEX_PAIRS,
    Bit,
    Codec,
    Double,
    Exact,
    Integer,
    Moment,
    Plain,
    Single,
    Time,
    on_each,
    quoted,
)
from demosnap.model import Value

_DECLARED = re.compile(
    r"(?P<name>[a-z]+[0-9]?)\s*(?:\((?P<args>(?:'(?:[^'\\]|''|\\.)*'|[^()'])*)\))?(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_MEMBER = re.compile(r"'((?:[^'\\]|''|\\.)*)'", re.DOTALL)
_ESCAPES = {"\\n": "\n", "\\r": "\r", "\\0": "\0", "\\Z": "\x1a", "''": "'"}

# Other character sets may change bytes on the way through UTF-8 and back.
_FAITHFUL_CHARSETS = frozenset("utf8mb4 utf8mb3 utf8 latin1 ucs2 utf16 utf16le utf32".split())

HEX_TEXT = b"_utf8mb4 X'"

# The server reads bytes undefined in cp1252 as control characters.
_UNDEFINED_IN_CP1252 = str.maketrans("", "", "\x81\x8d\x8f\x90\x9d")


def _has(charset: str, text: str) -> bool:
    """Return whether a character set has all characters; True for unknown sets."""
    if charset in ("utf8mb3", "utf8", "ucs2"):
        return all(ord(character) <= 0xFFFF for character in text)
    if charset == "latin1":
        try:
            text.translate(_UNDEFINED_IN_CP1252).encode("cp1252")
        except UnicodeEncodeError:
            return False
    return text.isascii() if charset == "ascii" else True


class Text(Codec):
    """Text of any length, and every type unknown to demosnap, as text."""

    _BYTES: ClassVar[dict[str, int]] = {"tinytext": 255, "text": 2**16 - 1, "mediumtext": 2**24 - 1}

    @property
    def charset(self) -> str:
        """The column's character set."""
        match = re.search(r"character set (\w+)", self.rest)
        return match[1] if match else "utf8mb4"

    @property
    def width(self) -> int | None:
        if self.name in ("char", "varchar"):
            return 8 * int(self.args or 1) + 14
        return 524 if self.name == "tinytext" else None

    @property
    def refusal(self) -> str | None:
        if self.charset in _FAITHFUL_CHARSETS:
            return None
        return f"holds text that {self.charset} does not get back from UTF-8 as it was"

    def sql(self, name: str) -> str:
        text = f"CAST({self.unicode(name)} AS BINARY)"
        return self._held(
            name,
            f"IF(INSTR({text},X'0D') OR INSTR({text},X'00'),"
            f"CONCAT('_utf8mb4 X''',HEX({text}),''''),{self._in_quotes(text, name)})",
        )

    def plain_sql(self, name: str) -> str:
        text = f"CAST({self.unicode(name)} AS BINARY)"
        return self._held(name, self._in_quotes(text, name))

    def _in_quotes(self, text: str, name: str) -> str:
        doubled = _doubled(text)
        if self.width is None and self.name != "text":
            longer = f"IF(LENGTH({name})>65535,{_by_pattern(text)},"
            doubled = f"/*M!100005 {longer}*/{doubled}/*M!100005 )*/"
        return quoted(doubled)

    def _held(self, name: str, literal: str) -> str:
        """Return the literal, or NULL if the value is refused."""
        if self.refusal is None:
            return literal
        back = f"CONVERT({self.unicode(name)} USING {self.charset})"
        return f"IF(CAST({back} AS BINARY)=CAST({name} AS BINARY),{literal},NULL)"

    def unicode(self, name: str) -> str:
        """Return the SQL of the text in UTF-8."""
        same = self.charset.startswith("utf8") and self.name in _PLAIN_TEXT
        return name if same else f"CONVERT({name} USING utf8mb4)"

    def encode(self, value: Value) -> bytes:
        text = values.text(value)
        if self.name in ("char", "varchar"):
            if self.args == "32":
                text = values.bare_uuid(text)
            if len(text) > int(self.args or 1):
                raise ValueError(f"is longer than {self.args or 1} characters")
            if self.name == "char" and text.endswith(" "):
                raise ValueError("ends with a space, which CHAR drops")
        limit = self._BYTES.get(self.name)
        if limit is not None and len(text.encode()) > limit:
            raise ValueError(f"is longer than {limit} bytes")
        if not _has(self.charset, text):
            raise ValueError(f"holds a character that {self.charset} does not have")
        return values.text_literal(text)


def _doubled(text: str) -> str:
    return f"REPLACE({text},'''','''''')"


def _by_pattern(text: str) -> str:
    # MariaDB's REPLACE moves the rest of the text at each quote, which takes minutes per megabyte.
    return f"REGEXP_REPLACE({text},'''','''''')"


class JSON(Text):
    """JSON as written; MySQL's own type changes its order and spelling.

    It also contains values that are not JSON: decimal numbers, dates, times and bytes that SQL
    inserted. They are read as their JSON text and restored like that: 1.10 becomes 1.1, a date a
    string.
    """

    @property
    def refusal(self) -> str | None:
        return (
            "holds JSON with bytes, or a number of more digits than a double keeps, which JSON text"
            " does not give back"
        )

    def _held(self, name: str, literal: str) -> str:
        text = f"CAST({name} AS CHAR)"
        lossy = (
            f"CAST({text} AS JSON)<>{name}"
            f" AND (INSTR({text},'base64:type') OR {text} REGEXP '[0-9.]{{17}}')"
        )
        return f"IF({on_each('FALSE', lossy)},NULL,{literal})"

    def unicode(self, name: str) -> str:
        return on_each(name, self._said_again(name))

    def _in_quotes(self, text: str, name: str) -> str:
        text = f"CAST({name} AS BINARY)"
        again = f"CAST({self._said_again(name)} AS BINARY)"
        return quoted(
            on_each(
                f"IF(LENGTH({name})>65535,{_by_pattern(text)},{_doubled(text)})", _doubled(again)
            )
        )

    def _said_again(self, name: str) -> str:
        return f"CAST(CAST(CAST({name} AS CHAR) AS JSON) AS CHAR)"

    def encode(self, value: Value) -> bytes:
        return values.text_literal(values.json_text(value))


class Enum(Text):
    """ENUM, by the member's name."""

    @property
    def members(self) -> tuple[str, ...]:
        """The names of the members."""
        return tuple(_members(self.args))

    @property
    def width(self) -> int | None:
        return 8 * max((len(member) for member in self.members), default=0) + 14

    @property
    def refusal(self) -> str | None:
        return "holds the ENUM value of index 0, which strict mode refuses to write"

    def _held(self, name: str, literal: str) -> str:
        return f"IF({name}+0=0,NULL,{literal})"

    def encode(self, value: Value) -> bytes:
        text = values.text(value)
        # MariaDB's information_schema replaces an emoji of a member by a question mark.
        if text not in self.members and "?" not in self.args:
            raise ValueError("is not a member of the ENUM")
        return values.text_literal(text)


class Set(Text):
    """SET, by its members' names, in declared order."""

    def encode(self, value: Value) -> bytes:
        members = list(_members(self.args))
        text = values.text(value)
        chosen = text.split(",") if text else []
        if not set(chosen) <= set(members):
            raise ValueError("has a part that is not a member of the SET")
        return values.text_literal(",".join(sorted(set(chosen), key=members.index)))


class Binary(Codec):
    """BINARY, VARBINARY, BLOB and VECTOR, in hex."""

    direct_order = True

    _BYTES: ClassVar[dict[str, int]] = {"tinyblob": 255, "blob": 2**16 - 1, "mediumblob": 2**24 - 1}

    @property
    def width(self) -> int | None:
        return 2 * int(self.args or 1) + 3 if self.name.endswith("binary") else None

    @property
    def pattern(self) -> bytes:
        return b"X'" + HEX_PAIRS + b"'"

    def sql(self, name: str) -> str:
        return f"CONCAT('X''',HEX({name}),'''')"

    def bulk(self, variable: str) -> str:
        return f"UNHEX(SUBSTRING({variable},3,CHAR_LENGTH({variable})-3))"

    def decode(self, literal: bytes) -> Value:
        return bytes.fromhex(literal[2:-1].decode())

    def encode(self, value: Value) -> bytes:
        if self.name == "binary" and self.args == "16":
            value = values.packed_uuid(value)
        if not isinstance(value, bytes):
            raise ValueError("is not binary")
        if self.name == "binary" and len(value) != int(self.args or 1):
            raise ValueError(f"does not have exactly {self.args or 1} bytes")
        limit = int(self.args) if self.name == "varbinary" else self._BYTES.get(self.name)
        if limit is not None and len(value) > limit:
            raise ValueError(f"is longer than {limit} bytes")
        return b"X'" + value.hex().upper().encode() + b"'"


class Geometry(Binary):
    """Spatial types: four bytes of SRID, then WKB."""

    direct_order = False


_PLAIN_TEXT = frozenset("char varchar tinytext text mediumtext longtext enum set json".split())
_CLASSES: dict[str, type[Codec]] = {
    **dict.fromkeys("tinyint smallint mediumint int integer bigint".split(), Integer),
    **dict.fromkeys("decimal numeric fixed".split(), Exact),
    **dict.fromkeys("double real".split(), Double),
    **dict.fromkeys("date datetime timestamp year".split(), Moment),
    **dict.fromkeys("binary varbinary tinyblob blob mediumblob longblob vector".split(), Binary),
    **dict.fromkeys(
        "geometry point linestring polygon multipoint multilinestring multipolygon"
        " geometrycollection geomcollection".split(),
        Geometry,
    ),
    **dict.fromkeys("uuid inet4 inet6".split(), Plain),
    "bit": Bit,
    "float": Single,
    "time": Time,
    "json": JSON,
    "enum": Enum,
    "set": Set,
}


@lru_cache(maxsize=4096)
def codec(declared: str) -> Codec:
    """Return the codec of a declared type."""
    match = _DECLARED.match(declared)
    if match is None:
        return Text(declared, "", "")
    name = match["name"].lower()
    return _CLASSES.get(name, Text)(name, match["args"] or "", match["rest"].lower())


def _members(args: str) -> Iterator[str]:
    # information_schema escapes backslashes and control characters in any sql_mode.
    for match in _MEMBER.finditer(args):
        yield re.sub(r"\\.|''", lambda m: _ESCAPES.get(m[0], m[0][-1:]), match[1], flags=re.DOTALL)
