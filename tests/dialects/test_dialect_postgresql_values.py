"""Values of other dialects in PostgreSQL's types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from struct import pack, unpack
from typing import Any

import pytest

from demosnap.dialects.base import execute
from demosnap.model import Column
from support.databases import Database, make_database
from support.postgresql_zoo import DIALECT


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    yield from make_database("postgresql", tmp_path)


VALUES = [
    ("integer", True, "1"),
    ("integer", Decimal("5.0"), "5"),
    ("integer", "7", "7"),
    ("integer", 2**31, "is beyond"),
    ("smallint", 1.5, "is not a whole number"),
    ("bigint", "x", "is not a number"),
    ("boolean", 1, "true"),
    ("boolean", 0, "false"),
    ("boolean", 2, "is neither"),
    ("numeric(10,2)", 1, "'1.00'"),
    ("numeric(10,2)", Decimal("-0.50"), "'-0.50'"),
    ("numeric(10,2)", 0.125, "more than 2 digits"),
    ("numeric(4,2)", 100, "is too large"),
    ("numeric(3,-2)", 12300, "'12300'"),
    ("numeric(3,-2)", 0, "'0'"),
    ("numeric(10,2)", float("inf"), "is infinite"),
    ("numeric", Decimal("1E+3"), "'1000'"),
    ("numeric", float("nan"), "'NaN'"),
    ("double precision", Decimal("0.1"), "'0.1'"),
    ("double precision", Decimal("0.12345678901234567890"), "more digits"),
    ("double precision", 2**53 + 1, "more digits"),
    ("double precision", 1e15, "'1e+15'"),
    ("real", 0.1, "'0.1'"),
    ("real", 0.1234567891, "more digits"),
    ("real", 1e300, "is beyond real"),
    ("text", 5, "'5'"),
    ("text", "a\0b", "NUL"),
    ("text", b"x", "is binary"),
    ("character varying(3)", "abcd", "longer than 3"),
    ("character(3)", "a", "'a  '"),
    ("bytea", b"\x00\xff", r"'\x00ff'"),
    ("bytea", "text", "is not binary"),
    ("bit(4)", 5, "'0101'"),
    ("bit(2)", 5, "has not the 2 bits"),
    ("bit varying", "01", "'01'"),
    ("uuid", "00112233445566778899AABBCCDDEEFF", "'00112233-4455-6677-8899-aabbccddeeff'"),
    ("uuid", bytes(16), "'00000000-0000-0000-0000-000000000000'"),
    ("uuid", "x", "is not a uuid"),
    ("json", '{"b": 1,  "a":2}', """'{"b": 1,  "a":2}'"""),
    ("json", "{", "is not JSON"),
    ("json", "NaN", "holds NaN"),
    ("jsonb", '{"bb":1.10,"a":1e2,"a":-0,"é":"\\u00e9\\n"}',
     """'{"a": 0, "bb": 1.10, "é": "é\\n"}'"""),
    ("jsonb", '"\\u0000"', "character that jsonb cannot"),
    ("jsonb", "1e999999", "beyond numeric"),
    ("date", "2025-01-15", "'2025-01-15'"),
    ("date", "2025-01-15 00:00:00.000000", "'2025-01-15'"),
    ("date", "2025-01-15 01:00:00", "has a time of day"),
    ("date", "0000-00-00", "not a moment"),
    ("timestamp without time zone", "2025-01-15T10:30:00.500000", "'2025-01-15 10:30:00.5'"),
    ("timestamp without time zone", "2025-01-15 10:30:00+00:00", "'2025-01-15 10:30:00'"),
    ("timestamp(1) without time zone", "2025-01-15 10:30:00.25", "more digits of a second"),
    ("timestamp with time zone", "2025-01-15 10:30:00", "'2025-01-15 10:30:00+00'"),
    ("timestamp with time zone", "2025-01-15 23:30:00-02:00", "'2025-01-16 01:30:00+00'"),
    ("timestamp with time zone", "x", "is not a timestamp with time zone"),
    ("time without time zone", "10:30:00.250000", "'10:30:00.25'"),
    ("time without time zone", "838:59:59", "is not a time"),
    ("time without time zone", "25:00:00", "beyond 24 hours"),
    ("money", Decimal("-1234.5"), "'-$1,234.50'"),
    ("oid", 2**32, "is beyond oid"),
    ('"char"', "A", 'CAST(65 AS "char")'),
    ("mood", "sad", "'sad'"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "expected"), VALUES)
def test_values_of_other_dialects(kind: str, value: Any, expected: str) -> None:
    column = Column("c", kind)
    if expected.startswith(("'", "CAST")) or expected in ("1", "5", "7", "true", "false"):
        literal = DIALECT.encode(value, column)
        assert literal == expected.encode()
        assert re.fullmatch(DIALECT.literal_pattern(column), literal)
    else:
        with pytest.raises(ValueError, match=expected):
            DIALECT.encode(value, column)


def test_null_in_a_column_that_allows_none() -> None:
    with pytest.raises(ValueError, match="NULL"):
        DIALECT.encode(None, Column("c", "text", nullable=False))


def test_moments_are_decoded_with_their_offset() -> None:
    decode = DIALECT.decode
    zoned = Column("c", "timestamp with time zone")
    assert decode(b"'2025-01-15 10:30:00+00'", zoned) == "2025-01-15 10:30:00+00:00"
    assert decode(b"'0044-03-15 10:30:00+00 BC'", zoned) == "0044-03-15 10:30:00+00:00 BC"
    assert decode(b"'infinity'", zoned) == "infinity"


def test_canonical_text_is_the_servers(database: Database) -> None:
    """Random values that Python renders are rendered alike by the server."""
    random = Random(5)
    floats = [unpack("d", random.randbytes(8))[0] for _ in range(2000)]
    singles = [unpack("f", random.randbytes(4))[0] for _ in range(2000)]
    singles += [s * 10.0**e for s in (1.0, 1.5) for e in range(-6, 9)]
    singles = [unpack("f", pack("f", s))[0] for s in singles]
    floats += [s * 10.0**e for s in (1.0, 1.5, -123456789.0) for e in range(-8, 20)]
    with database.engine.connect() as connection, DIALECT.session(connection, write=False):
        for kind, numbers in (("double precision", floats), ("real", singles)):
            texts = [DIALECT.encode(n, Column("c", kind)).decode() for n in numbers]
            sql = f"SELECT x::{kind}::text FROM unnest(ARRAY[{', '.join(texts)}]) x"
            assert [f"'{text}'" for (text,) in execute(connection, sql)] == texts
