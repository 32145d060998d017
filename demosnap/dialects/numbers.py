"""Numbers for the codecs of several dialects: exact, whole, and of single precision."""

from __future__ import annotations

import struct
from decimal import Decimal, InvalidOperation
from typing import Any


def exact_number(value: Any) -> Decimal:
    """Return a finite number, given as a number or text, without rounding.

    Raises:
        ValueError: it is not a number, or NaN, or infinite.
    """
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, TypeError, ValueError):
        raise ValueError("is not a number") from None
    if not number.is_finite():
        raise ValueError(f"is {number}, which no number here can be")
    return number


def whole_number(value: Any) -> int:
    """Return a whole number; booleans are 1 and 0.

    Raises:
        ValueError: it is not a whole number.
    """
    number = exact_number(value)
    if number != int(number):
        raise ValueError("is not a whole number")
    return int(number)


def nearest_single(number: float) -> float:
    """Return the float with the fewest digits that is equal in single precision."""
    packed = struct.pack("<f", number)
    for digits in range(6, 10):
        short = float(f"{number:.{digits}g}")
        if packs_to(short, packed):
            return short
    return number


def packs_to(number: float, packed: bytes) -> bool:
    """Return whether a number has these bytes in single precision."""
    try:
        return struct.pack("<f", number) == packed
    except OverflowError:
        return False


def single(number: float) -> float:
    """Return, as a double, the number of single precision behind a value.

    Raises:
        ValueError: the value has more digits than single precision.
    """
    try:
        (stored,) = struct.unpack("<f", struct.pack("<f", number))
    except OverflowError:
        raise ValueError("is beyond what a FLOAT can be") from None
    assert isinstance(stored, float)
    if number not in (stored, nearest_single(stored)):
        raise ValueError("has more digits than a FLOAT keeps")
    return stored
