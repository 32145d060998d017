"""Render values of other dialects as the canonical text of PostgreSQL's types.

Each function renders a type as its output function would, and raises ValueError with the reason
why the column cannot hold the value ("is not a number").
"""

from __future__ import annotations

import datetime
import decimal
import json
import math
import re
import struct
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from demosnap.dialects.numbers import exact_number
from demosnap.model import Column

_TYPE = re.compile(r"(.*?)\(([0-9]+)(?:,(-?[0-9]+))?\)(.*)")
_MOMENT = re.compile(
    r"(?:(\d{4,7}-\d\d-\d\d))?(?:(?:^|[ T])(\d\d:\d\d:\d\d)(?:\.(\d+))?)?"
    r"(Z|[+-]\d\d(?::?\d\d(?::\d\d)?)?)?( BC)?"
)
INTEGERS = ("smallint", "integer", "bigint")
"""The types whose literals are bare numbers."""

NUMBERS = (*INTEGERS, "numeric")
"""The types whose columns a sequence may number."""

_DIGITS = 131_072
_WIDE = decimal.Context(prec=2 * _DIGITS)


def base_type(column: Column) -> str:
    """Return the declared type without its length or precision."""
    match = _TYPE.fullmatch(column.type)
    return match[1] + match[4] if match else column.type


def modifiers(column: Column) -> tuple[int, ...]:
    """Return the numbers in the declared type's parentheses."""
    match = _TYPE.fullmatch(column.type)
    return tuple(int(n) for n in (match[2], match[3]) if n is not None) if match else ()


def numeric(value: Any, column: Column) -> str:
    """Render a number for numeric, with the declared number of digits after the point."""
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal) and not value.is_finite():
        if modifiers(column) and not value.is_nan():
            raise ValueError("is infinite")
        return float8_text(float(value))
    number = exact_number(value)
    if limits := modifiers(column):
        precision, scale = (*limits, 0)[:2]
        rounded = number.quantize(Decimal((0, (1,), -scale)), context=_WIDE)
        if rounded != number:
            raise ValueError(f"has more than {scale} digits after the point")
        if number and number.adjusted() >= precision - scale:
            raise ValueError(f"is too large for {column.type}")
        number = rounded if number else Decimal((0, (0,), min(-scale, 0)))
    text = format(number, "f")
    return text if number else text.lstrip("-")


def float8_text(value: float) -> str:
    """Render a double precision value as PostgreSQL does."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    size = abs(value)
    digits = _shortest(
        size, math.nextafter(size, 0.0), len(Decimal(repr(size)).normalize().as_tuple().digits)
    )
    return _sign(value) + _point(digits, 15)


def float4_text(value: float) -> str:
    """Render a real value as PostgreSQL does.

    Raises:
        ValueError: a real cannot represent the value.
    """
    if not math.isfinite(value):
        return float8_text(value)
    try:
        (bits,) = struct.unpack("<i", struct.pack("<f", abs(value)))
    except OverflowError:
        raise ValueError("is beyond real") from None
    single, below = struct.unpack("<ff", struct.pack("<ii", bits, max(bits - 1, 0)))
    digits = _shortest(single, below, 1)
    if abs(value) not in (single, float(digits)):
        raise ValueError("has more digits than real keeps")
    return _sign(value) + _point(digits, 6)


def _sign(value: float) -> str:
    return "-" if math.copysign(1, value) < 0 else ""


def _shortest(value: float, below: float, places: int) -> Decimal:
    """Return the shortest number that is nearer to a float than to its neighbours.

    `below` is the next smaller float; the number has at least `places` digits after the point.
    Unlike Python's repr, PostgreSQL does not accept a number halfway between two floats.
    """
    exact = Decimal(value)
    if not exact:
        return exact
    low = _WIDE.divide(_WIDE.add(exact, Decimal(below)), Decimal(2))
    half = _WIDE.subtract(exact, low)
    # The gap above a power of two is twice the gap below.
    high = _WIDE.add(
        exact, _WIDE.multiply(half, Decimal(2)) if math.frexp(value)[0] == 0.5 else half
    )
    while True:
        unit = Decimal((0, (1,), exact.adjusted() - places + 1))
        near = [
            exact.quantize(unit, rounding=way, context=_WIDE)
            for way in (decimal.ROUND_HALF_EVEN, decimal.ROUND_FLOOR, decimal.ROUND_CEILING)
        ]
        if inside := [number for number in near if low < number < high]:
            nearest = min(inside, key=lambda number: abs(_WIDE.subtract(number, exact)))
            return nearest.normalize(_WIDE)
        places += 1


def _point(digits: Decimal, fixed_below: int) -> str:
    exponent = digits.adjusted()
    if not digits or -4 <= exponent < fixed_below:
        return format(digits, "f")
    mantissa = format(digits.scaleb(-exponent, _WIDE), "f")
    return f"{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def float_encoder(render: Callable[[float], str]) -> Callable[[Any, Column], str]:
    """Return the encoder of a type of floating point numbers."""

    def encode(value: Any, column: Column) -> str:
        if isinstance(value, float):
            return render(value)
        if isinstance(value, Decimal) and not value.is_finite():
            return render(float(value))
        number = exact_number(value)
        try:
            nearest = float(number)
        except OverflowError:
            raise ValueError(f"is beyond {column.type}") from None
        if number not in (Decimal(nearest), Decimal(repr(nearest))):
            raise ValueError(f"has more digits than {column.type} keeps")
        return render(nearest)

    return encode


def money(value: Any, column: Column) -> str:
    """Render a number for money, as under `lc_monetary` C."""
    cents = _WIDE.multiply(exact_number(value), Decimal(100))
    if cents != int(cents):
        raise ValueError("has more than 2 digits after the point")
    if not -(2**63) <= cents < 2**63:
        raise ValueError("is beyond money")
    units, rest = divmod(abs(int(cents)), 100)
    return f"{'-' if cents < 0 else ''}${units:,}.{rest:02d}"


def boolean(value: Any, column: Column) -> str:
    """Render true or false, accepting 1 and 0."""
    if value in (True, "true"):
        return "true"
    if value in (False, "false"):
        return "false"
    raise ValueError("is neither true nor false")


def text_of(value: Any, column: Column) -> str:
    """Render a value for a text type, or for a type that is only known as text."""
    if isinstance(value, bytes):
        raise ValueError(f"is binary, which {column.type} is not")
    if isinstance(value, bool):
        return "true" if value else "false"
    text = float8_text(value) if isinstance(value, float) else str(value)
    if "\0" in text:
        raise ValueError("holds a NUL character, which PostgreSQL's text cannot")
    return text


def varchar(value: Any, column: Column) -> str:
    """Render a text of limited length."""
    text = text_of(value, column)
    for limit in modifiers(column):
        if len(text) > limit:
            raise ValueError(f"is longer than {limit} characters")
    return text


def char(value: Any, column: Column) -> str:
    """Render a text padded to its length."""
    (limit,) = modifiers(column) or (1,)
    return varchar(text_of(value, column).rstrip(" "), column).ljust(limit)


def single_char(value: Any, column: Column) -> str:
    """Render the cast that makes a single byte."""
    data = value if isinstance(value, bytes) else text_of(value, column).encode()
    if len(data) > 1:
        raise ValueError('is longer than the one byte of "char"')
    return f'CAST({struct.unpack("b", data or bytes(1))[0]} AS "char")'


def bytea(value: Any, column: Column) -> str:
    """Render bytes as hex."""
    if not isinstance(value, bytes):
        raise ValueError("is not binary")
    return "\\x" + value.hex()


def bits(value: Any, column: Column) -> str:
    """Render a bit string, given as text or as the integer of its bits."""
    limit = (*modifiers(column), 1 if base_type(column) == "bit" else 0)[0]
    text = format(value, f"0{limit or 1}b") if isinstance(value, int) else str(value)
    if not re.fullmatch("[01]*", text):
        raise ValueError("is not a bit string")
    if limit and (len(text) > limit or (base_type(column) == "bit" and len(text) < limit)):
        raise ValueError(f"has not the {limit} bits of {column.type}")
    return text


def uuid_text(value: Any, column: Column) -> str:
    """Render a uuid, given as text or as its 16 bytes."""
    try:
        return str(uuid.UUID(bytes=value) if isinstance(value, bytes) else uuid.UUID(value))
    except (ValueError, AttributeError, TypeError):
        raise ValueError("is not a uuid") from None


class _Number(str):
    """A JSON number with its original digits."""


def _document(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if not isinstance(value, str):
        raise ValueError("is not JSON")
    return value


def _parse_json(value: Any) -> Any:
    def refuse(constant: str) -> None:
        raise ValueError(f"holds {constant}, which is no JSON")

    try:
        return json.loads(
            _document(value), parse_int=_Number, parse_float=_Number, parse_constant=refuse
        )
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error}") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def json_text(value: Any, column: Column) -> str:
    """Render a JSON document unchanged."""
    _parse_json(value)
    return _document(value)


def jsonb_text(value: Any, column: Column) -> str:
    """Render a JSON document like jsonb: keys by length and bytes, the last of equal keys."""

    def render(part: Any) -> str:
        if isinstance(part, _Number):
            number = Decimal(part)
            if abs(number.adjusted()) > _DIGITS:
                raise ValueError("holds a number beyond numeric")
            text = format(number, "f")
            return text if number else text.lstrip("-")
        if isinstance(part, str):
            if re.search("[\0\ud800-\udfff]", part):
                raise ValueError("holds a character that jsonb cannot")
            return json.dumps(part, ensure_ascii=False)
        if isinstance(part, list):
            return f"[{', '.join(map(render, part))}]"
        if isinstance(part, dict):
            shown = {key: f"{render(key)}: {render(part[key])}" for key in part}
            keys = sorted(part, key=lambda key: (len(key.encode()), key.encode()))
            return "{" + ", ".join(shown[key] for key in keys) + "}"
        return json.dumps(part)

    return render(_parse_json(value))


def moment_encoder(*, day: bool, clock: bool, zone: bool) -> Callable[[Any, Column], str]:
    """Return the encoder of a date or time type with these parts."""

    def encode(value: Any, column: Column) -> str:
        if day and value in ("infinity", "-infinity"):
            return str(value)
        match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
        if match is None or not (match[1] if day else match[2] and not match[1]):
            raise ValueError(f"is not a {base_type(column)}")
        date, time, fraction, offset, era = match.groups()
        fraction = (fraction or "").rstrip("0")
        if not clock and (fraction or time not in (None, "00:00:00")):
            raise ValueError("has a time of day")
        if len(fraction) > (*modifiers(column), 6)[0]:
            raise ValueError(f"has more digits of a second than {column.type} keeps")
        if day and not era:
            date, time = _checked(date, time or "00:00:00", offset if clock else None)
        elif offset not in (None, "Z", "+00", "+00:00") and day:
            raise ValueError("has an offset other than UTC")
        elif not day and time > "24:00:00":
            raise ValueError("is beyond 24 hours")
        parts = [date] if day else []
        if clock:
            parts.append(f"{time or '00:00:00'}{'.' if fraction else ''}{fraction}")
        shown = " ".join(parts)
        if zone:
            shown += "+00" if day else re.sub("Z|:00$", "", offset or "") or "+00"
        return shown + (era or "")

    return encode


def _checked(date: str, time: str, offset: str | None) -> tuple[str, str]:
    """Return day and time in UTC.

    Raises:
        ValueError: the moment does not exist.
    """
    year, month, day = map(int, date.split("-"))
    hour, minute, second = map(int, time.split(":"))
    if year > 9999:
        if offset not in (None, "Z", "+00", "+00:00"):
            raise ValueError("has an offset other than UTC")
        return date, time
    try:
        moment = datetime.datetime(year, month, day, hour, minute, second)
        if offset not in (None, "Z"):
            parts = [*map(int, re.findall(r"\d\d", str(offset))), 0, 0][:3]
            away = datetime.timedelta(hours=parts[0], minutes=parts[1], seconds=parts[2])
            moment = moment + away if str(offset).startswith("-") else moment - away
    except (ValueError, OverflowError):
        raise ValueError("is not a moment that PostgreSQL knows") from None
    shown = moment.isoformat(sep=" ")
    return shown[:10], shown[11:]
