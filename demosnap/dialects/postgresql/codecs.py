"""The form of PostgreSQL's types: a codec per type, chosen by the declared type's name.

Booleans and the three integer types are bare; every other value is the text of its type's output
function in single quotes, including numbers: a bare `-0` would lose its sign, and `NaN` is not
SQL.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from demosnap.dialects.numbers import whole_number
from demosnap.dialects.patterns import TEXT, integer_pattern
from demosnap.dialects.postgresql import values as values
from demosnap.model import Column, Value

_DAY = rb"[0-9]{4,7}-[0-9]{2}-[0-9]{2}"
_CLOCK = rb"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
_FLOAT = rb"-?[0-9]+(?:\.[0-9]+)?(?:e[+-][0-9]+)?|NaN|-?Infinity"
_ENDLESS = rb"|-?infinity"


@dataclass(frozen=True, slots=True)
class Codec:
    """The conversions between a type's literals and values.

    `pattern` matches the text between the quotes, or the whole literal if `quoted` is False.
    `decode` and `encode` convert between that text and a value. `select` renders the column `{}`;
    empty: COPY renders it. `bulk`: COPY can read the literal back.
    """

    pattern: bytes
    decode: Callable[[str], Value]
    encode: Callable[[Any, Column], str]
    quoted: bool = True
    select: str = ""
    bulk: bool = True


def codec(column: Column) -> Codec:
    """Return the codec of the column's type; an unknown type is treated as text."""
    return _CODECS.get(values.base_type(column), _OTHER)


def _integer(low: int, high: int, quoted: bool = False) -> Codec:
    def encode(value: Any, column: Column) -> str:
        number = whole_number(value)
        if not low <= number <= high:
            raise ValueError(f"is beyond {column.type} ({low} to {high})")
        return str(number)

    return Codec(integer_pattern(low, high), int, encode, quoted)


def _decode_money(text: str) -> Value:
    return Decimal(re.sub("[$,]", "", text))


def _decode_single_char(literal: str) -> Value:
    number = int(literal[len("CAST(") : -len(' AS "char")')])
    return chr(number) if number > 0 else (struct.pack("b", number) if number else "")


def _decode_zone(text: str) -> str:
    """Complete an offset of whole hours with its minutes."""
    return re.sub(r"([+-]\d\d)(?= BC$|$)", r"\1:00", text)


_CODECS: dict[str, Codec] = {
    "smallint": _integer(-(2**15), 2**15 - 1),
    "integer": _integer(-(2**31), 2**31 - 1),
    "bigint": _integer(-(2**63), 2**63 - 1),
    "oid": _integer(0, 2**32 - 1, quoted=True),
    "boolean": Codec(
        b"true|false", lambda text: text == "true", values.boolean, quoted=False, select="{}::text"
    ),
    # A single byte above 127 is not valid text, and COPY cannot read casts.
    '"char"': Codec(
        rb'CAST\((?:0|-?[1-9][0-9]{0,2}) AS "char"\)',
        _decode_single_char,
        values.single_char,
        quoted=False,
        select="'CAST('||{}::integer||' AS \"char\")'",
        bulk=False,
    ),
    "numeric": Codec(rb"-?[0-9]+(?:\.[0-9]+)?|NaN|-?Infinity", Decimal, values.numeric),
    "real": Codec(_FLOAT, float, values.float_encoder(values.float4_text)),
    "double precision": Codec(_FLOAT, float, values.float_encoder(values.float8_text)),
    "money": Codec(rb"-?\$[0-9,]+\.[0-9]{2}", _decode_money, values.money),
    "uuid": Codec(rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", str, values.uuid_text),
    "bytea": Codec(rb"\\x(?:[0-9a-f]{2})*", lambda text: bytes.fromhex(text[2:]), values.bytea),
    "bit": Codec(b"[01]*", str, values.bits),
    "bit varying": Codec(b"[01]*", str, values.bits),
    "date": Codec(
        _DAY + b"(?: BC)?" + _ENDLESS, str, values.moment_encoder(day=True, clock=False, zone=False)
    ),
    "timestamp without time zone": Codec(
        _DAY + b" " + _CLOCK + b"(?: BC)?" + _ENDLESS,
        str,
        values.moment_encoder(day=True, clock=True, zone=False),
    ),
    "timestamp with time zone": Codec(
        _DAY + b" " + _CLOCK + rb"\+00(?: BC)?" + _ENDLESS,
        _decode_zone,
        values.moment_encoder(day=True, clock=True, zone=True),
    ),
    "time without time zone": Codec(
        _CLOCK, str, values.moment_encoder(day=False, clock=True, zone=False)
    ),
    "time with time zone": Codec(
        _CLOCK + rb"[+-][0-9]{2}(?::[0-9]{2}){0,2}",
        _decode_zone,
        values.moment_encoder(day=False, clock=True, zone=True),
    ),
    "character varying": Codec(TEXT, str, values.varchar),
    "character": Codec(TEXT, str, values.char),
    "json": Codec(TEXT, str, values.json_text),
    "jsonb": Codec(TEXT, str, values.jsonb_text),
    # The output function of xml drops a declared encoding.
    "xml": Codec(TEXT, str, values.text_of, select="{}::text"),
    "xml[]": Codec(TEXT, str, values.text_of, select="{}::text[]"),
}
_OTHER = Codec(TEXT, str, values.text_of)
