"""The form and meaning of SQLite's literals.

Text with a carriage return or a NUL is written as hex, since SQLite's shell drops the former
before a newline, and `quote()` truncates at the latter.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

from demosnap.dialects.patterns import TEXT, integer_pattern
from demosnap.model import Value

_INTEGER = integer_pattern(-(2**63), 2**63 - 1)
_REAL = rb"-?(?:[0-9]+\.[0-9]+(?:e[+-][0-9]+)?|[0-9]+e[+-][0-9]+|9e999)"
_TEXT = b"'" + TEXT + b"'"
# Python's re keeps a state for every repetition of a group, so repetitions are few and long.
_PAIRS = rb"(?:[0-9A-F]{256})*(?:[0-9A-F]{2}){0,127}"
_BLOB = rb"X'" + _PAIRS + rb"'"
_HEX_TEXT = rb"CAST\(X'(?:(?!00|0D)[0-9A-F]{2})*(?:00|0D)" + _PAIRS + rb"' AS TEXT\)"
# The most likely first, which is considerably faster.
_EXACT = b"|".join((_TEXT, b"NULL", _INTEGER, _BLOB))

EXACT = b"(?:" + _EXACT + b")"
"""The pattern of literals that every version of SQLite reads exactly, as valid text."""

LITERAL = b"(?:" + b"|".join((_EXACT, _REAL, _HEX_TEXT)) + b")"
"""The pattern of every literal."""

_VALUE = re.compile(r"'([^']*(?:''[^']*)*)'|([^,']+(?:'[0-9A-F]*'[^,']*)?)")


def parse_row(row: bytes) -> list[Any]:
    """Convert a canonical row to the values that sqlite3 binds."""
    return [
        _bare(bare) if bare else text.replace("''", "'")
        for text, bare in _VALUE.findall(row.decode())
    ]


def _bare(literal: str) -> Value:
    if literal == "NULL":
        return None
    if literal[0] == "X":
        return bytes.fromhex(literal[2:-1])
    if literal[0] == "C":
        return bytes.fromhex(literal.split("'")[1]).decode()
    try:
        return int(literal)
    except ValueError:
        return float(literal)


def real_literal(value: float) -> str:
    """Render a REAL so that reading it gives the same bits, on any version of SQLite."""
    if math.isinf(value):
        return "9e999" if value > 0 else "-9e999"
    return repr(value)


def number(value: Decimal) -> int | float | str:
    """Return a number of the same value that SQLite can store.

    Raises:
        ValueError: it has more digits than SQLite keeps.
    """
    if value.is_nan() or value.is_infinite():
        return float(value)
    if value == value.to_integral_value() and abs(value) < 2**63:
        return int(value)
    nearest = float(value)
    if Decimal(repr(nearest)) != value:
        raise ValueError("has more digits than SQLite's numbers keep")
    return nearest
