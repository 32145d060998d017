"""Numbers of single precision, which Python has none of."""

from __future__ import annotations

import struct


def nearest_single(number: float) -> float:
    """Return the float of fewest digits that is the same in single precision."""
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
    """Return, as a double, the number of single precision that is meant.

    Raises:
        ValueError: there is none: the number has more digits.
    """
    try:
        (stored,) = struct.unpack("<f", struct.pack("<f", number))
    except OverflowError:
        raise ValueError("is beyond what a FLOAT can be") from None
    assert isinstance(stored, float)
    if number not in (stored, nearest_single(stored)):
        raise ValueError("has more digits than a FLOAT keeps")
    return stored
