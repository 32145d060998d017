"""Firebird's types: how their literals look, what they mean, and what the driver binds."""

from __future__ import annotations

import datetime
import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from demosnap.dialects.patterns import TEXT, integer_pattern
from demosnap.model import Value

_INTEGERS = {"SMALLINT": 15, "INTEGER": 31, "BIGINT": 63}
_DECIMAL = re.compile(r"(?:NUMERIC|DECIMAL)\((\d+),(\d+)\)")
_LENGTH = re.compile(r"(?:VAR)?(?:CHAR|BINARY)\((\d+)\)")
# The exponent makes a double of a number, which would be a decimal of 18 digits.
_FLOAT = rb"-?[0-9]+(?:\.[0-9]+)?e-?[0-9]+"
_DAY = rb"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = rb"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,4})?"


@dataclass(frozen=True)
class Codec:
    """What a type's literals match, and the ways between a literal and a value.

    A value is what the driver gives and takes, but for moments: those are texts in ISO 8601 for all
    others, and `bind` makes of them what the driver takes.
    """

    pattern: bytes
    decode: Callable[[str], Any]
    encode: Callable[[Any], str]
    bind: Callable[[Any], Any] = lambda value: value


@cache
def codec(declared: str) -> Codec | None:
    """Return the codec of a type as `reflect` renders it, None where there is none."""
    if declared in _INTEGERS:
        bits = _INTEGERS[declared]
        low, high = -(2**bits), 2**bits - 1
        return Codec(integer_pattern(low, high), int, lambda value: str(_whole(value, low, high)))
    if match := _DECIMAL.fullmatch(declared):
        return _decimal(int(match[1]), int(match[2]))
    if match := _LENGTH.fullmatch(declared):
        return _sized(declared, int(match[1]))
    return _CODECS.get(declared)


def _whole(value: Value, low: int, high: int) -> int:
    number = _number(value)
    if number != int(number):
        raise ValueError("has a fraction")
    if not low <= number <= high:
        raise ValueError(f"is not between {low} and {high}")
    return int(number)


def _number(value: Value) -> Decimal:
    if isinstance(value, (bool, int, Decimal)):
        number = Decimal(value)
    elif isinstance(value, float):
        number = Decimal(repr(value))
    else:
        raise ValueError("is no number")
    if not number.is_finite():
        raise ValueError("is no finite number")
    return number


def _decimal(precision: int, scale: int) -> Codec:
    def encode(value: Value) -> str:
        number = _number(value)
        scaled = number.scaleb(scale)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"has more than {scale} digits behind the point")
        # What is stored is an integer, of more digits than are declared.
        bits = 15 if precision < 5 else 31 if precision < 10 else 63
        if not -(2**bits) <= scaled < 2**bits:
            raise ValueError(f"has more than {precision} digits")
        # Zero has no sign.
        return f"{number + 0:.{scale}f}" if number else f"{Decimal(0):.{scale}f}"

    fraction = rf"\.[0-9]{{{scale}}}".encode() if scale else b""
    return Codec(rb"-?(?:0|[1-9][0-9]*)" + fraction, Decimal, encode)


def _sized(declared: str, length: int) -> Codec:
    if "BINARY" in declared:
        fixed = not declared.startswith("VAR")

        def encode(value: Value) -> str:
            found = _octets(value)
            if len(found) > length:
                raise ValueError(f"is longer than {length} bytes")
            return _hex(found.ljust(length, b"\0") if fixed else found)

        return Codec(_HEX, _unhex, encode)
    fixed = declared.startswith("CHAR")

    def encode_text(value: Value) -> str:
        found = _text(value)
        if len(found) > length:
            raise ValueError(f"is longer than {length} characters")
        return _quoted(found.ljust(length) if fixed else found)

    return Codec(_TEXT, _unquoted, encode_text)


_TEXT = b"'" + TEXT + b"'"
_HEX = b"x'(?:[0-9A-F]{2})*'"


def _text(value: Value) -> str:
    if isinstance(value, (bytes, float)):
        raise ValueError("is no text")
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    if "\0" in text:
        raise ValueError("holds a NUL, which no literal of Firebird's can hold")
    return text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _unquoted(literal: str) -> str:
    return literal[1:-1].replace("''", "'")


def _octets(value: Value) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, bytes):
        raise ValueError("are no bytes")
    return value


def _hex(value: bytes) -> str:
    return f"x'{value.hex().upper()}'"


def _unhex(literal: str) -> bytes:
    return bytes.fromhex(literal[2:-1])


def _float(value: Value) -> str:
    if isinstance(value, Decimal):
        value = float(value)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise ValueError("is no number")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("is no finite number")
    digits, _, exponent = repr(number).partition("e")
    return f"{digits}e{int(exponent or 0)}"


def _single(value: Value) -> str:
    text = _float(value)
    try:
        (nearest,) = struct.unpack("f", struct.pack("f", float(text)))
    except OverflowError:
        raise ValueError("is beyond FLOAT") from None
    return _float(nearest)


def _boolean(value: Value) -> str:
    if value not in (0, 1):
        raise ValueError("is neither true nor false")
    return "true" if value else "false"


def _moment(kind: type[Any]) -> Callable[[Value], str]:
    def encode(value: Value) -> str:
        if isinstance(value, str):
            fraction = re.search(r"\.(\d+)$", value)
            if fraction and len(fraction[1].rstrip("0")) > 4:
                raise ValueError("has more than 4 digits of a second")
            value = kind.fromisoformat(value)
        if not isinstance(value, kind) or getattr(value, "tzinfo", None) is not None:
            raise ValueError(f"is no {kind.__name__} without a time zone")
        text = str(value)
        return _quoted(text.rstrip("0") if "." in text else text)

    return encode


def _moment_codec(pattern: bytes, kind: type[Any]) -> Codec:
    return Codec(b"'" + pattern + b"'", _unquoted, _moment(kind), kind.fromisoformat)


_CODECS = {
    "DOUBLE PRECISION": Codec(_FLOAT, float, _float),
    "FLOAT": Codec(_FLOAT, float, _single),
    "BOOLEAN": Codec(b"true|false", lambda text: text == "true", _boolean),
    "DATE": _moment_codec(_DAY, datetime.date),
    "TIME": _moment_codec(_CLOCK, datetime.time),
    "TIMESTAMP": _moment_codec(_DAY + b" " + _CLOCK, datetime.datetime),
    "BLOB SUB_TYPE TEXT": Codec(_TEXT, _unquoted, lambda value: _quoted(_text(value))),
    "BLOB SUB_TYPE BINARY": Codec(_HEX, _unhex, lambda value: _hex(_octets(value))),
}
