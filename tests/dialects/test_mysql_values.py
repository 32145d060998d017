"""MySQL and MariaDB: values of other dialects, and the text that the server would give."""

from __future__ import annotations

import random
import re
import struct
import subprocess
import sys
from decimal import Decimal

import pytest

from demosnap import dialects
from demosnap.dialects.mysql import values
from demosnap.model import Column, Marker
from support.mysql_server import DIALECT, Server, read, table_of
from support.mysql_server import server_fixture as server_fixture

KEY = Marker(column="m", key="demo_seed", scenario_key="scenario")


def _encode(value: object, declared: str, dialect: str = "mariadb") -> bytes:
    return dialects.get(dialect).encode(value, Column("c", declared))


@pytest.mark.parametrize(
    ("value", "declared", "literal"),
    [
        (True, "tinyint(1)", b"1"),
        (False, "bit(1)", b"0"),
        ("0101", "bit(4)", b"5"),
        (Decimal("5.0"), "int(11)", b"5"),
        (Decimal("1E+3"), "decimal(10,2)", b"'1000.00'"),
        (Decimal("-0.50"), "decimal(1,1)", b"'-0.5'"),
        (Decimal("-0"), "decimal(10,2)", b"'0.00'"),
        (0.1, "decimal(10,2)", b"'0.10'"),
        (0.1, "float", b"'0.1'"),
        (16777216, "float", b"'16777216'"),
        (1e16, "double", b"'1e16'"),
        ("2025-01-15", "datetime", b"'2025-01-15 00:00:00'"),
        ("2025-01-15 08:30:00.5", "datetime(3)", b"'2025-01-15 08:30:00.500'"),
        ("2025-01-15T08:30:00+05:30", "timestamp", b"'2025-01-15 03:00:00'"),
        ("2025-01-15 08:30:00+00", "datetime", b"'2025-01-15 08:30:00'"),
        ("2025-01-15 00:00:00", "date", b"'2025-01-15'"),
        ("8:30", "time(1)", b"'08:30:00.0'"),
        (2024, "year(4)", b"'2024'"),
        ("a\rb", "text", b"_utf8mb4 X'610D62'"),
        ("it's", "varchar(4)", b"'it''s'"),
        (b"A\0", "varbinary(2)", b"X'4100'"),
        ("00112233-4455-6677-8899-AABBCCDDEEFF", "char(32)", b"'00112233445566778899aabbccddeeff'"),
        ("00112233445566778899aabbccddeeff", "uuid", b"'00112233-4455-6677-8899-aabbccddeeff'"),
        (
            "00112233-4455-6677-8899-AABBCCDDEEFF",
            "binary(16)",
            b"X'00112233445566778899AABBCCDDEEFF'",
        ),
        ("b,a", "set('a','b')", b"'a,b'"),
        (5, "varchar(9)", b"'5'"),
        ('{"b":1,"a":2}', "json", b"""'{"b":1,"a":2}'"""),
        ("2001:DB8::1", "inet6", b"'2001:db8::1'"),
    ],
)
def test_values_of_other_dialects(value: object, declared: str, literal: bytes) -> None:
    assert _encode(value, declared) == literal
    assert re.fullmatch(DIALECT.literal_pattern(Column("c", declared)), literal)


@pytest.mark.parametrize(
    ("value", "declared", "reason"),
    [
        (128, "tinyint(4)", "between"),
        (-1, "bigint(20) unsigned", "between"),
        (1.5, "int(11)", "whole"),
        ("x", "int(11)", "number"),
        (Decimal("1.234"), "decimal(10,2)", "digits"),
        (Decimal("123"), "decimal(4,2)", "digits"),
        (Decimal("NaN"), "decimal(4,2)", "NaN"),
        (float("inf"), "double", "Infinity"),
        (-0.0, "double", "-0"),
        (0.1234567890123, "float", "digits"),
        (1e39, "float", "beyond"),
        (Decimal("0.12345678901234567890"), "double", "digits"),
        ("infinity", "timestamp", "date"),
        ("1969-12-31 23:59:59", "timestamp", "1970"),
        ("2025-01-15 08:30:00.1234", "datetime(3)", "fractional"),
        ("2025-01-15 08:30:00", "date", "date"),
        ("0044-03-15 BC", "date", "date"),
        ("900:00:00", "time", "838"),
        (1800, "year(4)", "year"),
        ("abcd", "varchar(3)", "longer"),
        ("a ", "char(3)", "space"),
        ("x" * 256, "tinytext", "longer"),
        ("😀", "text character set utf8mb3", "utf8mb3"),
        (b"x", "text", "binary"),
        ("x", "blob", "not binary"),
        (b"x", "binary(2)", "exactly"),
        ("c", "enum('a','b')", "member"),
        ("c", "set('a','b')", "member"),
        ("{", "json", "JSON"),
        ("NaN", "json", "JSON"),
        ("x", "uuid", "UUID"),
        ("x", "inet6", "address"),
        (True, "text", "not text"),
    ],
)
def test_values_that_do_not_fit(value: object, declared: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        _encode(value, declared)
    with pytest.raises(ValueError, match="NULL"):
        DIALECT.encode(None, Column("c", declared, nullable=False))
    assert DIALECT.encode(None, Column("c", declared)) == b"NULL"


def test_mysql_writes_json_its_own_way() -> None:
    document = '{"bb": 1, "a": [1.0, 1e20, true, null], "a": {"é": "\\u00e9\\n"}, "c":1}'
    expected = '\'{"a": {"é": "é\\n"}, "c": 1, "bb": 1}\''.encode()
    assert _encode(document, "json", "mysql") == expected
    assert _encode("[1.0, 1e20, 18446744073709551616]", "json", "mysql") == (
        b"'[1.0, 1e20, 1.8446744073709552e19]'"
    )


def test_types_as_mysql_8_spells_them() -> None:
    mysql = dialects.get("mysql")
    for declared, literal in (("int", b"5"), ("bigint unsigned", b"18446744073709551615")):
        assert re.fullmatch(mysql.literal_pattern(Column("c", declared)), literal)
    assert mysql.quote("Key") == "`Key`"
    assert "utf8mb4_0900_bin" in mysql.scenario_of(KEY, Column("m", "json"), None)


def test_numbers_are_written_as_the_server_does(server: Server) -> None:
    source = random.Random(7)
    doubles = [struct.unpack("<d", source.randbytes(8))[0] for _ in range(500)]
    doubles += [source.uniform(-1, 1) * 10 ** source.randint(-22, 22) for _ in range(500)]
    doubles = [d for d in doubles if d == d and abs(d) != float("inf") and d]
    singles = [struct.unpack("<f", source.randbytes(4))[0] for _ in range(500)]
    singles += [
        float(f"{source.uniform(-1, 1) * 10 ** source.randint(-9, 9):.5g}") for _ in range(500)
    ]
    singles = [f for f in singles if f == f and abs(f) != float("inf") and f]
    server.run("CREATE TABLE numbers (id INT PRIMARY KEY, d DOUBLE, f FLOAT)")
    try:
        with server.connect() as connection:
            table = table_of(connection, "numbers")
            rows = [
                b"%d,%s,%s"
                % (
                    i,
                    DIALECT.encode(d, table.column("d")),
                    DIALECT.encode(values.nearest_single(f), table.column("f")),
                )
                for i, (d, f) in enumerate(zip(doubles, singles, strict=False))
            ]
            assert DIALECT.write_rows(connection, table, rows) == len(rows)
            assert read(connection, table) == rows
            connection.rollback()
    finally:
        server.run("DROP TABLE numbers")


def test_the_pure_half_needs_no_driver() -> None:
    code = (
        "import sys; from demosnap import dialects; d = dialects.get('mariadb');"
        "from demosnap.model import Column;"
        "d.encode(1, Column('a', 'int')), d.file_begin(), d.literal_pattern(Column('a', 'text'));"
        "assert not {'pymysql', 'MySQLdb', 'sqlalchemy'} & set(sys.modules), 'imported'"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
