"""Regular expressions that the literals of several dialects share."""

from __future__ import annotations

TEXT = rb"[^']*(?:''[^']*)*"
"""The pattern of a text between its quotes.

It excludes only a single byte, which matches several times as fast as two; so `Dialect.absent` is
searched separately, in many rows at once.
"""


def integer_pattern(low: int, high: int) -> bytes:
    """Return the pattern of canonical integers (no leading zero, no `-0`) from low to high.

    `low` is 0 or negative, `high` positive.
    """

    def up_to(limit: int) -> str:
        digits = str(limit)
        longest = len(digits)
        parts = [f"[1-9][0-9]{{0,{longest - 2}}}"] if longest > 1 else []
        for i, digit in enumerate(digits):
            lowest = "1" if i == 0 else "0"
            if digit > lowest:
                below = f"[{lowest}-{chr(ord(digit) - 1)}]"
                parts.append(f"{digits[:i]}{below}[0-9]{{{longest - i - 1}}}")
        return "|".join([*parts, digits])

    negative = f"|-(?:{up_to(-low)})" if low else ""
    return f"(?:0|{up_to(high)}{negative})".encode()
