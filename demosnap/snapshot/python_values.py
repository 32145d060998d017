"""Decoded values as Python types, by the declared type of the column.

A value is None, bool, int, float, Decimal, str or bytes by its literal (`model.Value`). Beyond
that, text in a column declared DATE, TIME, DATETIME or TIMESTAMP becomes a date, time or datetime
if Python can represent it (no year 0, no infinity, no 25 hours), and 0 or 1 in a column declared
BOOLEAN becomes a bool. All other values, such as JSON and UUID, stay text.
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

from demosnap.model import Column, Value

PythonValue = (
    bool | int | float | Decimal | str | bytes | datetime.date | datetime.time | datetime.datetime
)
"""The types of values other than NULL."""

_KIND = re.compile(r"(date|time|datetime|timestamp|bool|boolean)\b", re.IGNORECASE)
_DAY = r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
_CLOCK = (
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d{1,6}))?"
    r"(?P<zone>Z|(?P<sign>[+-])(?P<off>\d\d):?(?P<minutes>\d\d)?)?"
)
_DATE = re.compile(_DAY)
_TIME = re.compile(_CLOCK)
_MOMENT = re.compile(f"{_DAY}[ T]{_CLOCK}")


def python_value(value: Value, column: Column) -> PythonValue | None:
    """Return the Python value of a decoded value of a column."""
    kind = _KIND.match(column.type)
    name = kind[1].lower() if kind else ""
    if name in ("bool", "boolean") and isinstance(value, int) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and name:
        try:
            return _moment(name, value)
        except (ValueError, OverflowError):
            return value
    assert value is None or isinstance(value, (bool, int, float, Decimal, str, bytes))
    return value


def _moment(name: str, text: str) -> PythonValue:
    if name == "date" and (found := _DATE.fullmatch(text)):
        return datetime.date(**_numbers(found, "year", "month", "day"))
    if name == "time" and (found := _TIME.fullmatch(text)):
        return datetime.time(**_clock(found))
    if name in ("datetime", "timestamp") and (found := _MOMENT.fullmatch(text)):
        return datetime.datetime(**_numbers(found, "year", "month", "day"), **_clock(found))
    return text


def _numbers(found: re.Match[str], *names: str) -> dict[str, Any]:
    return {name: int(found[name]) for name in names}


def _clock(found: re.Match[str]) -> dict[str, Any]:
    clock = _numbers(found, "hour", "minute", "second")
    if found["fraction"]:
        clock["microsecond"] = int(found["fraction"].ljust(6, "0"))
    if found["zone"]:
        east = int(found["off"] or 0) * 60 + int(found["minutes"] or 0)
        offset = datetime.timedelta(minutes=-east if found["sign"] == "-" else east)
        clock["tzinfo"] = datetime.timezone(offset) if offset else datetime.timezone.utc
    return clock
