"""The types that every SQL database has: the form and meaning of their literals.

A type is identified by a text that `words` makes of SQLAlchemy's type, such as `VARCHAR(80)`.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from demosnap.dialects.numbers import exact_number, single, whole_number
from demosnap.dialects.patterns import TEXT, integer_pattern

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

_NAMES = {
    "SMALL_INTEGER": "SMALLINT", "BIG_INTEGER": "BIGINT", "DECIMAL": "NUMERIC", "REAL": "FLOAT",
    "DOUBLE": "DOUBLE PRECISION", "DOUBLE_PRECISION": "DOUBLE PRECISION", "DATETIME": "TIMESTAMP",
    "NCHAR": "CHAR", "STRING": "VARCHAR", "UNICODE": "VARCHAR", "NVARCHAR": "VARCHAR",
    "LARGE_BINARY": "BLOB",
}  # fmt: skip
_LONG = {"VARCHAR": "TEXT", "VARBINARY": "BLOB"}
_SIZED = ("CHAR", "VARCHAR", "BINARY", "VARBINARY")
_INTEGERS = {"SMALLINT": 15, "INTEGER": 31, "BIGINT": 63}
_DECLARED = re.compile(r"([A-Z ]+)(?:\((\d+)(?:,(\d+))?\))?")
# Without the exponent, the database would read a decimal.
_FLOAT = rb"-?[0-9]+(?:\.[0-9]+)?e-?[0-9]+"
_DAY = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = rb"[0-9]{2}:[0-9]{2}:[0-9]{2}"
_TEXT = b"'" + TEXT + b"'"
_HEX = b"x'(?:[0-9A-F]{2})*'"


@dataclass(frozen=True)
class Codec:
    """The pattern of a type's literals, and the conversions between literals and values.

    `encode` accepts values of the driver and of any other database. `decode` returns portable
    values, with dates and times as ISO 8601 text; `bind` converts these for the driver. Errors of
    `encode` are ValueErrors whose text continues after "it".
    """

    pattern: bytes
    decode: Callable[[str], Any]
    encode: Callable[[Any], str]
    bind: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True)
class Limits:
    """The limits in which databases differ.

    `second_digits`: the digits of a second's fraction. `float_is_single`: a FLOAT has 32 bits.
    `decimals`: the least and the greatest number without its point, by the declared precision.
    """

    second_digits: int = 6
    float_is_single: bool = False
    decimals: Callable[[int], tuple[int, int]] = lambda digits: (1 - 10**digits, 10**digits - 1)


def words(type_: TypeEngine[Any]) -> str:
    """Return the text that identifies a type of SQLAlchemy; for an unknown type, its own text."""
    from sqlalchemy.types import Text

    name = str(type_.__visit_name__).upper()
    name = "TEXT" if isinstance(type_, Text) else _NAMES.get(name, name)
    if name == "NUMERIC" and getattr(type_, "precision", None):
        return f"NUMERIC({getattr(type_, 'precision', 0)},{getattr(type_, 'scale', 0) or 0})"
    if name in _SIZED and getattr(type_, "length", None):
        return f"{name}({getattr(type_, 'length', 0)})"
    if getattr(type_, "timezone", False):
        return f"{name} WITH TIME ZONE"
    name = _LONG.get(name, name)
    return name if name in (*_INTEGERS, *_PLAIN) else str(type_)


@cache
def of(declared: str, limits: Limits) -> Codec | None:
    """Return the codec of a type by its text; None: it has no literals."""
    match = _DECLARED.fullmatch(declared)
    if match is None:
        return None
    name, size, scale = match[1], int(match[2] or 0), int(match[3] or 0)
    if name in _INTEGERS:
        return _integer(-(2 ** _INTEGERS[name]), 2 ** _INTEGERS[name] - 1)
    if name == "NUMERIC" and size:
        return _decimal(size, scale, *limits.decimals(size))
    if name in _SIZED and size:
        sized = _binary if "BINARY" in name else _text
        return sized(size, fixed=not name.startswith("VAR"))
    if name == "FLOAT" and limits.float_is_single:
        return Codec(_FLOAT, float, lambda value: _float(single(_real(value))))
    if name in _MOMENTS:
        pattern, kind = _MOMENTS[name]
        fraction = rf"(?:\.[0-9]{{1,{limits.second_digits}}})?".encode()
        pattern = pattern if name == "DATE" else pattern + fraction
        encode = _moment(kind, limits.second_digits)
        return Codec(b"'" + pattern + b"'", unquoted, encode, partial(_parsed, kind))
    return _PLAIN.get(declared)


def quoted(text: str) -> str:
    """Return the literal of a text."""
    return "'" + text.replace("'", "''") + "'"


def unquoted(literal: str) -> str:
    """Return the text of a literal."""
    return literal[1:-1].replace("''", "'")


# ---------------------------------------------------------------------- numbers


def _integer(low: int, high: int) -> Codec:
    def encode(value: Any) -> str:
        number = whole_number(value)
        if not low <= number <= high:
            raise ValueError(f"is not between {low} and {high}")
        return str(number)

    return Codec(integer_pattern(low, high), int, encode)


def _decimal(precision: int, scale: int, low: int, high: int) -> Codec:
    def encode(value: Any) -> str:
        sign, digits, exponent = exact_number(value).as_tuple()
        assert isinstance(exponent, int)
        whole = int("".join(map(str, digits))) * (-1) ** sign
        scaled, rest = divmod(whole, 10 ** max(-exponent - scale, 0))
        if rest:
            raise ValueError(f"has more than {scale} digits behind the point")
        scaled *= 10 ** max(exponent + scale, 0)
        if not low <= scaled <= high:
            raise ValueError(f"has more than {precision} digits")
        written = str(abs(scaled)).rjust(scale + 1, "0")
        point = len(written) - scale
        part = f".{written[point:]}" if scale else ""
        return f"{'-' if scaled < 0 else ''}{written[:point]}{part}"

    fraction = rf"\.[0-9]{{{scale}}}".encode() if scale else b""
    return Codec(rb"-?(?:0|[1-9][0-9]*)" + fraction, Decimal, encode)


def _real(value: Any) -> float:
    number = exact_number(value)
    nearest = float(number)
    if not math.isfinite(nearest):
        raise ValueError("is beyond what a double can be")
    if number not in (Decimal(nearest), Decimal(repr(nearest))):
        raise ValueError("has more digits than a double keeps")
    # A Decimal made from a float may have lost its sign.
    return value if isinstance(value, float) else nearest


def _float(number: float) -> str:
    digits, _, exponent = repr(number).partition("e")
    return f"{digits}e{int(exponent or 0)}"


def _boolean(value: Any) -> str:
    if value not in (0, 1):
        raise ValueError("is neither true nor false")
    return "true" if value else "false"


# ---------------------------------------------------------------------- texts, bytes, moments


def _text_of(value: Any) -> str:
    if isinstance(value, (bytes, float)):
        raise ValueError("is not a text")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if "\0" in text:
        raise ValueError("holds a NUL, which no literal can hold")
    return text


def _text(length: int, *, fixed: bool) -> Codec:
    def encode(value: Any) -> str:
        text = _text_of(value)
        if len(text) > length:
            raise ValueError(f"is longer than {length} characters")
        return quoted(text.ljust(length) if fixed else text)

    return Codec(_TEXT, unquoted, encode)


def _bytes_of(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise ValueError("is not binary")
    return bytes(value)


def _hex(value: bytes) -> str:
    return f"x'{value.hex().upper()}'"


def _unhex(literal: str) -> bytes:
    return bytes.fromhex(literal[2:-1])


def _binary(length: int, *, fixed: bool) -> Codec:
    def encode(value: Any) -> str:
        found = _bytes_of(value)
        if len(found) > length:
            raise ValueError(f"is longer than {length} bytes")
        return _hex(found.ljust(length, b"\0") if fixed else found)

    return Codec(_HEX, _unhex, encode)


def _parsed(kind: type[Any], text: str) -> Any:
    # Older Pythons read only three or six digits of a second; all drop further digits.
    return kind.fromisoformat(re.sub(r"\.(\d{1,6})", lambda part: f".{part[1]:0<6}", text))


def _moment(kind: type[Any], second_digits: int) -> Callable[[Any], str]:
    def encode(value: Any) -> str:
        text = str(value)
        try:
            found = _parsed(kind, text)
        except ValueError:
            found = None
        if found is None or getattr(found, "tzinfo", None) is not None:
            raise ValueError(f"is not a {kind.__name__} without a time zone")
        fraction = text.partition(".")[2].rstrip("0")
        if len(fraction) > second_digits:
            raise ValueError(f"has more than {second_digits} digits of a second")
        return quoted(str(found).partition(".")[0] + (f".{fraction}" if fraction else ""))

    return encode


_MOMENTS: dict[str, tuple[bytes, type[Any]]] = {
    "DATE": (_DAY, datetime.date),
    "TIME": (_CLOCK, datetime.time),
    "TIMESTAMP": (_DAY + b" " + _CLOCK, datetime.datetime),
}
_DOUBLE = Codec(_FLOAT, float, lambda value: _float(_real(value)))
_PLAIN: dict[str, Codec | None] = {
    **dict.fromkeys(_MOMENTS),
    "FLOAT": _DOUBLE,
    "DOUBLE PRECISION": _DOUBLE,
    "BOOLEAN": Codec(b"true|false", lambda text: text == "true", _boolean),
    "TEXT": Codec(_TEXT, unquoted, lambda value: quoted(_text_of(value))),
    "BLOB": Codec(_HEX, _unhex, lambda value: _hex(_bytes_of(value))),
}
