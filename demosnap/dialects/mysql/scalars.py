"""The codecs of numbers, dates, times, and of MariaDB's UUID and addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from demosnap.dialects.mysql import values as values
from demosnap.dialects.numbers import exact_number
from demosnap.dialects.patterns import TEXT, integer_pattern
from demosnap.model import Value

HEX_PAIRS = rb"(?:[0-9A-F]{2})*"


def on_each(mariadb: str, mysql: str) -> str:
    """Join SQL for each server, which the other reads as a comment; neither may contain one."""
    return f"/*M!100005 {mariadb}*//*!80000 {mysql}*/"


def quoted(expression: str) -> str:
    """Render the SQL of a literal from the SQL of text without quotes."""
    return f"CONCAT('''',{expression},'''')"


def _all_digits(number: str) -> str:
    """Render the SQL of a double's text on MySQL, which truncates other forms at 22 characters."""
    return f"TRIM(TRAILING '.0' FROM CAST(CAST({number} AS JSON) AS CHAR))"


@dataclass(frozen=True)
class Codec:
    """A declared type: its literals and values.

    `name` is the type's name in lower case, `args` the text between its parentheses, `rest` the
    text after them.
    """

    name: str
    args: str
    rest: str

    direct_order: ClassVar[bool] = False
    """Whether values have the same order as the bytes of their literals."""

    @property
    def pattern(self) -> bytes:
        """The regular expression of literals, except for NULL."""
        return b"'" + TEXT + b"'|_utf8mb4 X'" + HEX_PAIRS + b"(?:00|0D)" + HEX_PAIRS + b"'"

    @property
    def width(self) -> int | None:
        """The maximum number of bytes in a literal; None: it depends on the value."""
        return None

    @property
    def refusal(self) -> str | None:
        """The reason if `sql` may return NULL for a non-NULL value; None if it never does."""
        return None

    def sql(self, name: str) -> str:
        """Return the SQL of the literal of a quoted column's non-NULL value.

        By default it is the server's own text, in quotes.
        """
        return quoted(name)

    def plain_sql(self, name: str) -> str:
        """Return faster SQL of the same, in which text with a CR or a NUL may be in quotes."""
        return self.sql(name)

    def bulk(self, variable: str) -> str | None:
        """Return SQL of the value of a literal that LOAD DATA read as text; None: not needed."""
        return None

    def decode(self, literal: bytes) -> Value:
        """Convert a non-NULL literal to a value."""
        return values.text_of(literal)

    def encode(self, value: Value) -> bytes:
        """Render a value that is not None.

        Raises:
            ValueError: the type cannot hold it.
        """
        raise NotImplementedError

    @property
    def fraction(self) -> int:
        """The number of fractional digits of a time."""
        return int(self.args) if self.args.isdigit() else 0


class Integer(Codec):
    """TINYINT to BIGINT, bare."""

    _BITS: ClassVar[dict[str, int]] = {"tinyint": 8, "smallint": 16, "mediumint": 24, "bigint": 64}

    @property
    def limits(self) -> tuple[int, int]:
        """The lowest and the highest value."""
        bits = self._BITS.get(self.name, 32)
        if "unsigned" in self.rest:
            return 0, 2**bits - 1
        return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1

    @property
    def pattern(self) -> bytes:
        return integer_pattern(*self.limits)

    def sql(self, name: str) -> str:
        return f"{name}+0" if "zerofill" in self.rest else name

    def decode(self, literal: bytes) -> Value:
        return int(literal)

    def encode(self, value: Value) -> bytes:
        number = values.integer(value)
        low, high = self.limits
        if not low <= number <= high:
            raise ValueError(f"is not between {low} and {high}")
        return str(number).encode()


class Bit(Integer):
    """BIT(n), as a bare number."""

    @property
    def limits(self) -> tuple[int, int]:
        return 0, 2 ** int(self.args or 1) - 1

    def sql(self, name: str) -> str:
        return f"{name}+0"

    def bulk(self, variable: str) -> str:
        return f"CAST({variable} AS UNSIGNED)"

    def encode(self, value: Value) -> bytes:
        if isinstance(value, str) and re.fullmatch(f"[01]{{{self.args or 1}}}", value):
            value = int(value, 2)
        return super().encode(value)


class Exact(Codec):
    """DECIMAL, quoted, with all its fractional digits."""

    @property
    def digits(self) -> tuple[int, int]:
        """The digits before and after the point."""
        precision, _, scale = self.args.partition(",")
        return int(precision or 10) - int(scale or 0), int(scale or 0)

    @property
    def width(self) -> int:
        return 70

    @property
    def pattern(self) -> bytes:
        before, after = self.digits
        point = rf"\.[0-9]{{{after}}}" if after else ""
        if "zerofill" in self.rest:
            return rf"'[0-9]+{point}'".encode()
        whole = f"0|[1-9][0-9]{{0,{before - 1}}}" if before else "0"
        return f"'-?(?:{whole}){point}'".encode()

    def decode(self, literal: bytes) -> Value:
        return Decimal(literal[1:-1].decode())

    def encode(self, value: Value) -> bytes:
        before, after = self.digits
        text = values.fixed(exact_number(value), before, after)
        if "zerofill" in self.rest:
            text = text.zfill(before + after + (1 if after else 0))
        return f"'{text}'".encode()


class Double(Codec):
    """DOUBLE, quoted: the shortest text that gives the same bits."""

    width = 40

    @property
    def pattern(self) -> bytes:
        return rb"'-?[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?'"

    def sql(self, name: str) -> str:
        return quoted(on_each(f"{name}+0e0", _all_digits(name)))

    def decode(self, literal: bytes) -> Value:
        return float(literal[1:-1])

    def encode(self, value: Value) -> bytes:
        return f"'{values.shortest(values.double(value))}'".encode()


class Single(Double):
    """FLOAT, quoted: the six digits that it prints if they suffice, else those of the double."""

    def sql(self, name: str) -> str:
        if "zerofill" in self.rest:
            return super().sql(name)
        exact = f"CAST(CONCAT({name}) AS FLOAT)={name}"
        mariadb = f"IF({exact},CONCAT({name}),CONCAT({name}+0e0))"
        short = (
            f"CONCAT({name})"
            if "," in self.args
            else _all_digits(f"CAST(CONCAT({name}) AS DOUBLE)")
        )
        return quoted(on_each(mariadb, f"IF({exact},{short},{_all_digits(name)})"))

    def decode(self, literal: bytes) -> Value:
        return values.nearest_single(float(literal[1:-1]))

    def encode(self, value: Value) -> bytes:
        number = values.single(values.double(value))
        decimals = int(self.args.partition(",")[2]) if "," in self.args else None
        if "zerofill" in self.rest:
            text = values.shortest(number)
        else:
            text = values.single_text(number, decimals)
        return f"'{text}'".encode()


class Moment(Codec):
    """DATE, DATETIME, TIMESTAMP (in UTC) and YEAR, quoted; all of fixed length."""

    direct_order = True

    width = 30

    @property
    def pattern(self) -> bytes:
        if self.name == "year":
            return b"'[0-9]{4}'"
        date = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
        if self.name == "date":
            return f"'{date}'".encode()
        fraction = rf"\.[0-9]{{{self.fraction}}}" if self.fraction else ""
        return f"'{date} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}{fraction}'".encode()

    def decode(self, literal: bytes) -> Value:
        text = literal[1:-1].decode()
        if self.name == "year":
            return int(text)
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        return f"{text}+00:00" if self.name == "timestamp" else text

    def encode(self, value: Value) -> bytes:
        if self.name == "year":
            return f"'{values.year(value):04}'".encode()
        text = values.text(value)
        if self.name == "date":
            return f"'{values.date(text)}'".encode()
        moment = values.moment(text, self.fraction)
        if self.name == "timestamp" and moment < "1970-01-01 00:00:01" and moment[:4] != "0000":
            raise ValueError("is before 1970, where TIMESTAMP begins")
        return f"'{moment}'".encode()


class Time(Codec):
    """TIME, quoted: from -838:59:59 to 838:59:59."""

    width = 30

    @property
    def pattern(self) -> bytes:
        fraction = rf"\.[0-9]{{{self.fraction}}}" if self.fraction else ""
        return rf"'-?[0-9]{{2,3}}:[0-5][0-9]:[0-5][0-9]{fraction}'".encode()

    def decode(self, literal: bytes) -> Value:
        text = literal[1:-1].decode()
        return text.rstrip("0").rstrip(".") if "." in text else text

    def encode(self, value: Value) -> bytes:
        return f"'{values.time(values.text(value), self.fraction)}'".encode()


class Plain(Codec):
    """MariaDB's UUID, INET4 and INET6, as text."""

    width = 48

    @property
    def pattern(self) -> bytes:
        if self.name == "uuid":
            return b"'[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'"
        return b"'[0-9a-f:.]+'"

    def encode(self, value: Value) -> bytes:
        text = values.text(value)
        make = values.bare_uuid if self.name == "uuid" else values.address
        text = make(text)
        if self.name == "uuid":
            if not re.fullmatch("[0-9a-f]{32}", text):
                raise ValueError("is not a UUID")
            text = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
            if re.match(values.NO_UUID, text):
                raise ValueError("is a UUID that MariaDB refuses")
        return f"'{text}'".encode()
