"""Keys that a database could treat as equal although their literals differ.

In a database, a collation, an affinity or a type decides this. A file does not record it, so this
module errs on one side: keys are reported as different only if no database equates them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

from demosnap.dialects.base import Dialect
from demosnap.model import Column, Key

_MIDNIGHT = re.compile(r"[ T]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00(?::00)?)?\Z")
_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_OF_ITS_OWN = re.compile(r"interval|inet|cidr|json|xml|.*\[\]", re.IGNORECASE)

Folded = tuple[object, ...]


def apart(
    dialect: Dialect,
    wanted: Collection[Key],
    columns: Sequence[Column],
    existing: Iterable[Key],
    referred: Sequence[Column],
) -> set[Key]:
    """Return the keys that certainly differ from all existing keys.

    `wanted` are values of `columns`, `existing` those of `referred`; none contains
    NULL.
    """
    if not wanted:
        return set()
    known = {folded(dialect, referred, key) for key in existing}
    if None in known:
        return set()
    found = ((key, folded(dialect, columns, key)) for key in wanted)
    return {key for key, value in found if value not in known and (value or not known)}


def folded(dialect: Dialect, columns: Sequence[Column], key: Key) -> Folded | None:
    """Return a value shared by all possibly equal keys; None: unknown."""
    found = [_value(dialect, column, part) for column, part in zip(columns, key, strict=True)]
    return None if None in found else tuple(found)


def _value(dialect: Dialect, column: Column, literal: bytes) -> object:
    if _OF_ITS_OWN.match(column.type):
        return None
    try:
        value = dialect.decode(literal, column)
    except (ValueError, ArithmeticError, LookupError):
        return None
    if isinstance(value, bytes):
        return value.rstrip(b"\0")
    if isinstance(value, (int, float, Decimal)):
        return _number(value)
    text = str(value)
    if not text.isascii():
        # Collations differ in their rules for characters beyond these.
        return None
    text = _MIDNIGHT.sub("", text.strip())
    try:
        return _number(Decimal(text))
    except ArithmeticError:
        letters = re.sub(r"[^a-z0-9]", "", _ZEROS.sub("", text.casefold()))
        # Some collations ignore all remaining characters.
        return letters or None


def _number(value: int | float | Decimal) -> object:
    try:
        return float(value) if value == value else "nan"
    except (OverflowError, ArithmeticError):
        return str(value)
