"""Values as MySQL and MariaDB write them: the text that the server would give, made in Python."""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
import struct
import uuid
from decimal import Decimal
from typing import Any

from demosnap.dialects.numbers import exact_number, packs_to, whole_number
from demosnap.dialects.numbers import nearest_single as nearest_single
from demosnap.dialects.numbers import single as single
from demosnap.model import Value
from demosnap.visible import shortened

_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d+))?\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?"
)
_TIME = re.compile(r"(-?)(\d{1,3}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


# ---------------------------------------------------------------------- text


def text_of(literal: bytes) -> str:
    """Return the text that a quoted or hex literal stands for."""
    if literal.startswith(b"_"):
        return bytes.fromhex(literal[literal.index(b"'") + 1 : -1].decode()).decode()
    return literal[1:-1].replace(b"''", b"'").decode()


def text_literal(text: str) -> bytes:
    """Render text as a literal."""
    if "\r" in text or "\0" in text:
        return b"_utf8mb4 X'" + text.encode().hex().upper().encode() + b"'"
    return b"'" + text.encode().replace(b"'", b"''") + b"'"


def text(value: Value) -> str:
    """Return a value as text; numbers are text too, bytes and booleans are not."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return shortest(double(value))
    raise ValueError("is binary, not text" if isinstance(value, bytes) else "is not text")


def json_text(value: Value) -> str:
    """Return a value as JSON text, as it was written if it is text."""
    if isinstance(value, (bool, int)):
        return json.dumps(value)
    document = text(value)
    try:
        json.loads(document, parse_constant=_no_constant, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise ValueError("is not valid JSON") from None
    return document


def normal_json(document: str) -> str:
    """Return JSON text as MySQL's own type gives it back: shorter keys first, the last wins.

    Raises:
        ValueError: it holds a number that a double does not keep.
    """
    return _dump_json(json.loads(document, parse_float=_number, parse_int=_whole_number))


def _number(written: str) -> float:
    try:
        return double(written) or float(written)
    except ValueError as error:
        sign = error.args[0].startswith("is -0")
        if sign:
            return -0.0
        raise ValueError(f"holds the number {shortened(written, 40)}, which {error}") from None


def _whole_number(written: str) -> int | float:
    # Where it has not more digits than an integer has, which Python reads for sure.
    number = int(written) if len(written) <= 20 else 2**64
    return number if -(2**63) <= number < 2**64 else _number(written)


def _dump_json(value: Any) -> str:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        pairs = (f"{_dump_json(key)}: {_dump_json(value[key])}" for key in keys)
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_dump_json, value)) + "]"
    if isinstance(value, float):
        number = "-0" if repr(value) == "-0.0" else shortest(value)
        return number if re.search("[.e]", number) else f"{number}.0"
    return json.dumps(value, ensure_ascii=False)


def _no_constant(name: str) -> None:
    raise ValueError(name)


NO_UUID = "^.{14}[89a-f].{3}-(0[1-9a-f]|[1-7][0-9a-f]|80)"
"""The pattern of canonical UUIDs that MariaDB refuses, since it could not store them in order."""


def bare_uuid(value: str) -> str:
    """Return a UUID as 32 hex digits, any other text as it is."""
    return value.replace("-", "").lower() if _UUID.fullmatch(value) else value


def packed_uuid(value: Value) -> Value:
    """Return a UUID's 16 bytes, anything else as it is."""
    if isinstance(value, str) and re.fullmatch("[0-9a-fA-F]{32}", bare_uuid(value)):
        return uuid.UUID(value).bytes
    return value


def address(value: str) -> str:
    """Return an IP address as INET4 and INET6 write it."""
    try:
        found = ipaddress.ip_address(value)
    except ValueError:
        raise ValueError("is not an IP address") from None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return f"::ffff:{found.ipv4_mapped}"
    return str(found)


# ---------------------------------------------------------------------- numbers


def integer(value: Value) -> int:
    """Return a whole number; booleans are 1 and 0."""
    if isinstance(value, str) and not re.fullmatch(r"-?\d+", value):
        raise ValueError("is not a number")
    return whole_number(value)


def fixed(number: Decimal, before: int, after: int) -> str:
    """Render a decimal with exactly `after` fractional digits."""
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    if not any(digits):
        return "0." + "0" * after if after else "0"
    written = "".join(map(str, digits)) + "0" * max(exponent, 0)
    places = max(-exponent, 0)
    written = written.rjust(places + 1, "0")
    whole, part = written[: len(written) - places], written[len(written) - places :]
    whole, part = whole.lstrip("0"), part.rstrip("0")
    if len(part) > after or len(whole) > before:
        raise ValueError(f"has more digits than DECIMAL({before + after},{after}) keeps")
    return f"{'-' if sign else ''}{whole or '0'}" + (f".{part.ljust(after, '0')}" if after else "")


def double(value: Value) -> float:
    """Return a finite double that is exactly the value."""
    exact = exact_number(value)
    number = float(exact)
    if number in (float("inf"), float("-inf")):
        raise ValueError("is beyond what a double can be")
    if isinstance(value, (int, Decimal, str)) and Decimal(repr(number)) != exact != Decimal(number):
        raise ValueError("has more digits than a double keeps")
    if number == 0 and str(number).startswith("-"):
        raise ValueError("is -0, whose sign is not kept")
    return number


def shortest(number: float) -> str:
    """Render a double as the server does: the shortest digits that give it back."""
    if number == 0:
        return "0"
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, part = mantissa.partition(".")
    digits = (whole + part).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + part) - len(digits))
    digits = digits.rstrip("0")
    if -15 < point <= 15 or 0 < point < len(digits):
        if point <= 0:
            written = "0." + "0" * -point + digits
        elif point >= len(digits):
            written = digits.ljust(point, "0")
        else:
            written = f"{digits[:point]}.{digits[point:]}"
    else:
        written = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "") + f"e{point - 1}"
    return f"-{written}" if number < 0 else written


def single_text(number: float, decimals: int | None) -> str:
    """Render a number of single precision: the six digits that FLOAT prints if they are exact."""
    written = shortest(float(f"{number:.6g}")) if decimals is None else f"{number:.{decimals}f}"
    return written if packs_to(float(written), struct.pack("<f", number)) else shortest(number)


# ---------------------------------------------------------------------- dates and times


def year(value: Value) -> int:
    """Return a year that YEAR can be: 0, or 1901 to 2155."""
    number = integer(value)
    if number != 0 and not 1901 <= number <= 2155:
        raise ValueError("is not a year between 1901 and 2155")
    return number


def date(value: str) -> str:
    """Return a date; a time of zero after it is left out."""
    match = _MOMENT.fullmatch(value)
    if not match or (match[2] and re.search("[1-9]", f"{match[2]}{match[3] or ''}")):
        raise ValueError("is not a date between the years 0 and 9999")
    return match[1]


def moment(value: str, fraction: int) -> str:
    """Return date and time in UTC, with exactly `fraction` fractional digits."""
    match = _MOMENT.fullmatch(value)
    if not match:
        raise ValueError("is not a date and time between the years 0 and 9999")
    day, clock, part, zone = match.groups()
    clock = clock or "00:00:00"
    clock = clock if clock.count(":") == 2 else f"{clock}:00"
    if zone and zone not in ("Z", "+00", "+00:00", "+0000", "-00:00"):
        sign, digits = zone[0], zone[1:].replace(":", "").ljust(4, "0")
        offset = datetime.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        try:
            local = datetime.datetime.fromisoformat(f"{day} {clock}")
            day, clock = str(local - offset if sign == "+" else local + offset).split(" ")
        except (ValueError, OverflowError):
            raise ValueError("is not a date and time between the years 0 and 9999") from None
    return f"{day} {clock}{_fraction(part, fraction)}"


def time(value: str, fraction: int) -> str:
    """Return a time of day or a span, with exactly `fraction` fractional digits."""
    match = _TIME.fullmatch(value)
    if not match or int(match[2]) > 838:
        raise ValueError("is not a time between -838:59:59 and 838:59:59")
    sign, hours, minutes, seconds, part = match.groups()
    return f"{sign}{int(hours):02}:{minutes}:{seconds or '00'}{_fraction(part, fraction)}"


def _fraction(part: str | None, fraction: int) -> str:
    part = (part or "").rstrip("0")
    if len(part) > fraction:
        raise ValueError(f"has more than {fraction} fractional digits")
    return f".{part.ljust(fraction, '0')}" if fraction else ""
