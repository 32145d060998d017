"""Tables of odd values for MariaDB or MySQL, with the INSERTs that fill them under a lax sql_mode.

Where MySQL stands in MariaDB's place, some are made in its own words.
"""

from __future__ import annotations

from typing import Any

import pytest

from support.databases import mysql_in_its_place

ODD_TEXTS = (
    "",
    " ",
    "plain",
    "NULL",
    "it's",
    "'",
    "''",
    "',",
    "','",
    "'),('",
    "a'\nb",
    "a',\nb",
    "end'",
    "\\",
    "\\\\",
    "\\'",
    "\\.",
    "\\N",
    "\\n",
    "\\0",
    "$$ $tag$",
    "%s :name ? %(x)s %%",
    "two\nlines",
    "\n",
    "crlf\r\nline",
    "\r",
    "\0",
    "nul\0in",
    "tab\t\b\v\f\x1a\x1b\x7f",
    "\u2028\u2029\u0085\ufeff",
    "e\u0301 é",
    "😀👩‍👩‍👧",
    "X'41'",
    "_utf8mb4 X'41'",
    "\r _utf8mb4 X'0D'",
    "-- comment",
    "/* */ # ; delimiter //",
    "x\ndelimiter //\nuse mysql;\n\\g\n\\q\nquit\n",
    "\U0010ffff\ud7ff\ue000",
    '"double" `tick`',
    "0",
    "-0",
)


def text(value: str) -> str:
    """Render a text for an INSERT, whatever the session's modes."""
    return f"CONVERT(X'{value.encode().hex()}' USING utf8mb4)"


def _texts(*columns: str) -> list[str]:
    return [f"{i},{','.join([text(v)] * len(columns))}" for i, v in enumerate(ODD_TEXTS)]


_LATIN1 = bytes(range(256)).decode("latin1")
_ALL_BYTES = bytes(range(256)).hex()
_LONG = "x" * 3000

ZOO: dict[str, tuple[str, list[str]]] = {
    "integers": (
        "id INT PRIMARY KEY, a TINYINT, b SMALLINT, c MEDIUMINT, d INT, e BIGINT",
        [
            "1,-128,-32768,-8388608,-2147483648,-9223372036854775808",
            "2,127,32767,8388607,2147483647,9223372036854775807",
            "-3,0,0,0,0,0",
            "4,NULL,NULL,NULL,NULL,NULL",
        ],
    ),
    "unsigned": (
        "id BIGINT UNSIGNED PRIMARY KEY, a TINYINT UNSIGNED, b SMALLINT UNSIGNED,"
        " c MEDIUMINT UNSIGNED, d INT UNSIGNED",
        ["0,0,0,0,0", "18446744073709551615,255,65535,16777215,4294967295", "9,9,9,9,9"],
    ),
    "zerofill": (
        "id INT(6) ZEROFILL PRIMARY KEY, a INT(3) ZEROFILL, b DECIMAL(8,2) ZEROFILL,"
        " c FLOAT ZEROFILL, d DOUBLE ZEROFILL, e DOUBLE(10,3) ZEROFILL, f BIGINT ZEROFILL",
        ["0,7,1.5,1.5,1e100,1.5,1", "10,12345,NULL,0.1,0.1,0.001,18446744073709551615"],
    ),
    "booleans": ("id INT PRIMARY KEY, a TINYINT(1), b BIT(1)", ["1,1,1", "2,0,0", "3,NULL,NULL"]),
    "bits": (
        "id BIT(12) PRIMARY KEY, a BIT(8), b BIT(64)",
        ["b'1',b'0',b'0'", "b'1010',b'11111111',b'1'", "b'10',NULL," + "b'" + "1" * 64 + "'"],
    ),
    "decimals": (
        "id INT PRIMARY KEY, a DECIMAL(65,30), b DECIMAL(10,0), c DECIMAL(5,5), d DECIMAL(65,0)",
        [
            f"1,-{'9' * 35}.{'9' * 30},-9999999999,-0.99999,-{'9' * 65}",
            f"2,0.{'0' * 29}1,0,0.00001,{'9' * 65}",
            "3,-0,-0,-0,-0",
            "4,1.5,NULL,NULL,1",
        ],
    ),
    "doubles": (
        "id INT PRIMARY KEY, a DOUBLE",
        [
            f"{i},'{v}'"
            for i, v in enumerate(
                "0 -0 1 -1 0.1 0.30000000000000004 5e-324 2.2250738585072014e-308"
                " 1.7976931348623157e308 -1.7976931348623157e308 1e15 1e16 123456789012345680"
                " 1e-5 1e-14 1e-15 1.5e-15 3880672334708492.5 9007199254740993 1e22 1e23".split()
            )
        ],
    ),
    "floats": (
        "id INT PRIMARY KEY, a FLOAT, b FLOAT UNSIGNED",
        [
            f"{i},'{v}',ABS('{v}')"
            for i, v in enumerate(
                "0 -0 0.1 16777216 16777217 3.4028234663852886e38 1.17549435e-38 1e-45 123456.7"
                " 1234567 0.3 0.333333343 1e15 1e16 1e-15 -2.5 999999.5 1.0000001".split()
            )
        ],
    ),
    "scaled_floats": (
        "id INT PRIMARY KEY, a FLOAT(7,4), b DOUBLE(10,3), c FLOAT(20,2), d DOUBLE(60,3)",
        ["1,0.1234,1234567.891,123456789.12,1e50", "2,-999.9999,0.001,0.1,0.1", "3,1,NULL,2,3"],
    ),
    "dates": (
        "id INT PRIMARY KEY, a DATE",
        ["1,'0000-00-00'", "2,'2024-02-31'", "3,'2024-00-15'", "4,'9999-12-31'", "5,'0001-01-01'"],
    ),
    "moments": (
        "id INT PRIMARY KEY, a DATETIME, b DATETIME(3), c DATETIME(6)",
        [
            "1,'0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00 00:00:00'",
            "2,'9999-12-31 23:59:59','2025-01-15 08:30:00.5','2025-01-15 08:30:00.123456'",
            "3,'1000-01-01 00:00:00','2024-02-31 01:02:03.004','2024-12-00 00:00:00.000001'",
            "4,NULL,NULL,NULL",
        ],
    ),
    "timestamps": (
        "id INT PRIMARY KEY, a TIMESTAMP NULL, b TIMESTAMP(6) NULL,"
        " c TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP",
        [
            "1,'1970-01-01 00:00:01','2038-01-19 03:14:07.999999','2025-07-01 12:00:00'",
            "2,'0000-00-00 00:00:00','0000-00-00 00:00:00','0000-00-00 00:00:00'",
            "3,NULL,'2025-10-26 01:30:00.5','2025-03-30 02:30:00'",
        ],
    ),
    "times": (
        "id INT PRIMARY KEY, a TIME, b TIME(6)",
        [
            "1,'-838:59:59','-838:59:59.000000'",
            "2,'838:59:59','838:59:59'",
            "3,'00:00:00','-00:00:00.000001'",
            "4,'100:00:00','08:30:00.5'",
            "5,NULL,NULL",
        ],
    ),
    "years": ("id INT PRIMARY KEY, a YEAR", ["1,0", "2,1901", "3,2155", "4,'2024'", "5,NULL"]),
    "texts": (
        "id INT PRIMARY KEY, a VARCHAR(200), b TEXT, c LONGTEXT NOT NULL, d CHAR(60), e TINYTEXT",
        _texts("a", "b", "c", "d", "e"),
    ),
    "one_column": ("a VARCHAR(200) NOT NULL", [text(v) for v in ODD_TEXTS]),
    "long_texts": (
        "id INT PRIMARY KEY, a MEDIUMTEXT, b LONGTEXT",
        ["1,REPEAT('é'',',300000),REPEAT('x',3000000)", "2,NULL,''"],
    ),
    "latin1": (
        "id INT PRIMARY KEY, a VARCHAR(300) CHARACTER SET latin1, b TEXT CHARACTER SET latin1",
        [
            f"1,CONVERT(X'{_ALL_BYTES}' USING latin1),{text('€uro „quoted“')}",
            f"2,{text(_LATIN1[:128])},''",
        ],
    ),
    "charsets": (
        "id INT PRIMARY KEY, a VARCHAR(90) CHARACTER SET utf8mb3, b TEXT CHARACTER SET utf16,"
        " c VARCHAR(90) CHARACTER SET ucs2, d VARCHAR(90) CHARACTER SET utf32,"
        " e VARCHAR(90) CHARACTER SET utf16le, f CHAR(9) CHARACTER SET ascii",
        [
            "1," + ",".join([text("é'\r\0 ü")] * 5) + ",'a'",
            f"2,'x',{text('😀')},'x',{text('😀')},{text('😀')},''",
        ],
    ),
    "old_charsets": (
        "id INT PRIMARY KEY, a VARCHAR(90) CHARACTER SET cp1251, b VARCHAR(90) CHARACTER SET"
        " koi8r, c VARCHAR(90) CHARACTER SET sjis, d VARCHAR(90) CHARACTER SET gbk,"
        " e VARCHAR(90) CHARACTER SET big5",
        [f"1,{text('Привет')},{text('Привет')},{text('日本ソ')},{text('中文')},{text('中文')}"],
    ),
    "binaries": (
        "id INT PRIMARY KEY, a BINARY(4), b VARBINARY(300), c BLOB, d TINYBLOB, e LONGBLOB",
        [
            f"1,X'41',X'{_ALL_BYTES}',X'{_ALL_BYTES}',X'0D0A00',X'{_ALL_BYTES * 9}'",
            "2,X'00000000','','','',''",
            "3,NULL,NULL,NULL,NULL,NULL",
            "4,'NULL','X''41''','NULL','\\\\N',REPEAT('a',1000000)",
        ],
    ),
    "enums": (
        "id INT PRIMARY KEY, a ENUM('a','it''s','b\\\\c','',' x','é😀','1','comma,(paren)'),"
        " b ENUM('x\r\ny','n')",
        [f"{i},{i},{i % 2 + 1}" for i in range(1, 9)] + ["9,NULL,NULL"],
    ),
    "sets": (
        "id INT PRIMARY KEY, a SET('a','b','it''s','é') NOT NULL",
        ["1,''", "2,'a,b'", "3,15", "4,'it''s'"],
    ),
    "json": (
        "id INT PRIMARY KEY, a JSON, b LONGTEXT CHECK (JSON_VALID(b))",
        [
            """1,'{"b": 1,  "a" :2, "a":3}','[]'""",
            "2," + ",".join([text('{"t": "q\'\\" \\\\ \\u0000 é😀 %s :n"}')] * 2),
            "3," + ",".join([text('{\r\n"a": 1.0e5, "n": null}')] * 2),
            "4,'true','1e400'",
            "5,NULL,NULL",
        ],
    ),
    "shapes": (
        "id INT PRIMARY KEY, a GEOMETRY, b POINT NOT NULL, c POLYGON, d GEOMETRYCOLLECTION",
        [
            "1,ST_GeomFromText('LINESTRING(0 0,1 1)',4326),POINT(1.5,-2),"
            "ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))'),"
            "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1))')",
            "2,NULL,POINT(0,0),NULL,NULL",
        ],
    ),
    "addresses": (
        "id UUID PRIMARY KEY, a UUID, b INET6, c INET4",
        [
            "'00112233-4455-6677-8899-aabbccddeeff',NULL,'::','0.0.0.0'",
            "'f0112233-4455-1677-8899-aabbccddeeff',id,'2001:db8::ff00:42:8329','255.255.255.255'",
            "'00000000-0000-0000-0000-000000000000',id,'::ffff:1.2.3.4',NULL",
            "'a0112233-4455-1677-0899-aabbccddeeff',id,'1::','127.0.0.1'",
        ],
    ),
    "text_keys": (
        "k VARCHAR(200) COLLATE utf8mb4_nopad_bin PRIMARY KEY, v INT",
        [f"{text(v)},{i}" for i, v in enumerate(ODD_TEXTS)],
    ),
    "sliding_keys": (
        "k VARCHAR(700) COLLATE utf8mb4_bin PRIMARY KEY",
        [text(_LONG[:600] + c) for c in "baéc!'\"~"] + [text(_LONG[:n]) for n in (1, 599, 601)],
    ),
    "latin1_keys": (
        "k VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_bin PRIMARY KEY",
        [text(v) for v in ("z", "é", "E", "a", "ß", "'q", "Z z")],
    ),
    "date_keys": (
        "k DATE, t DATETIME(3), v INT, PRIMARY KEY (k,t)",
        [
            "'2024-02-31','2024-01-01',1",
            "'0000-00-00','2025-01-01 00:00:00.5',2",
            "'2024-02-31',0,3",
        ],
    ),
    "timed_keys": (
        "k TIME PRIMARY KEY, y YEAR NOT NULL, UNIQUE (y)",
        ["'-10:00:00',2000", "'09:00:00',1999", "'100:00:00',0", "'-09:00:00',2155"],
    ),
    "number_keys": (
        "k DECIMAL(8,2), d DOUBLE, v INT, PRIMARY KEY (k,d)",
        ["10,1,1", "9,2,2", "-1,3,3", "-1,20,4", "100,1e300,5", "9,10,6"],
    ),
    "enum_keys": ("k ENUM('z','a','m') PRIMARY KEY", ["'a'", "'m'", "'z'"]),
    "binary_keys": (
        "k VARBINARY(700) PRIMARY KEY, v INT",
        [
            "'',0",
            "X'00',1",
            "X'0000',2",
            "X'FF',3",
            "X'41',4",
            "X'4142',5",
            "REPEAT('a',600),6",
            "CONCAT(REPEAT('a',600),'b'),7",
        ],
    ),
    "mixed_keys": (
        "v VARCHAR(9), b VARCHAR(20), a INT, PRIMARY KEY (a,b)",
        ["NULL,'x',10", "'','y',9", "'q','X! ',10", "'r','Xa',-10", "'s','x y',10"],
    ),
    "keyless": (
        "a INT, b VARCHAR(20), c VARBINARY(9), d DATE, e BIGINT NOT NULL",
        [
            "NULL,NULL,NULL,NULL,1",
            "NULL,NULL,NULL,NULL,1",
            "1,'',X'','2024-01-01',0",
            "10,'b',X'41','2024-01-01',3",
            "9,'b',NULL,NULL,10",
            "9,'b',X'4100',NULL,9",
            "9,NULL,X'4100',NULL,9",
            "9,'\r',X'4100',NULL,9",
            "-1,'b',X'4100',NULL,9",
        ],
    ),
    "keyless_long": (
        "a LONGTEXT, b LONGBLOB, c JSON",
        [
            *(f"{text(_LONG + t)},REPEAT('b',{n}),NULL" for n in (9000, 8000) for t in "zay"),
            *(f"CONCAT(REPEAT('q',100000),'{t}'),NULL,'[1]'" for t in "zay"),
            "NULL,X'00',NULL",
        ],
    ),
    "generated": (
        "id INT PRIMARY KEY, a INT, v INT AS (a+1) VIRTUAL, s VARCHAR(9) AS (CONCAT('x',a)) STORED",
        ["1,5,DEFAULT,DEFAULT", "2,NULL,DEFAULT,DEFAULT"],
    ),
    "invisible": (
        "id INT PRIMARY KEY, a INT INVISIBLE DEFAULT 7, b INT NOT NULL INVISIBLE DEFAULT 8",
        ["1", "2"],
    ),
    "numbered": ("id INT AUTO_INCREMENT PRIMARY KEY, a INT", ["0,1", "5,2", "-7,3"]),
    "defaults": (
        "id INT PRIMARY KEY, a VARCHAR(20) DEFAULT 'it''s', b TIMESTAMP NULL DEFAULT"
        " CURRENT_TIMESTAMP, c INT DEFAULT (1+1), d UUID DEFAULT UUID(), e DOUBLE DEFAULT 1.5",
        ["1,NULL,NULL,NULL,NULL,NULL", "2,DEFAULT,DEFAULT,DEFAULT,DEFAULT,DEFAULT"],
    ),
    "partitioned": (
        "id INT PRIMARY KEY, a VARCHAR(9)) PARTITION BY HASH (id) PARTITIONS 4 -- (",
        [f"{i},'v{i}'" for i in range(20)],
    ),
    "compressed": (
        "id INT PRIMARY KEY, a VARCHAR(2000) COMPRESSED, b BLOB COMPRESSED",
        ["1,REPEAT('a',1900),REPEAT('b',5000)", "2,NULL,''"],
    ),
    'Order `of` "odd" na.mes é': (
        "`select` INT PRIMARY KEY, `with space` INT, `ti``ck` INT, `quo\"te` INT, `it's` INT,"
        " `UPPER` INT, `dot.ted` INT, `ünïcode` INT, `%s :x` INT, `back\\slash` INT",
        ["1,2,3,4,5,6,7,8,9,10"],
    ),
    "n" * 64: ("`" + "c" * 64 + "` INT PRIMARY KEY", ["1"]),
    "wide": (
        "id INT PRIMARY KEY," + ",".join(f"c{i} VARCHAR(4)" for i in range(400)),
        ["1," + ",".join(f"'v{i}'" for i in range(400)), "2" + ",NULL" * 400],
    ),
    "mixed": (
        "id INT PRIMARY KEY, a TEXT, b BLOB, c BIT(5), d POINT, e JSON, f FLOAT",
        [
            f"{i},{text(v)},X'0D27',{i % 32},POINT({i},1),'[]',{i}/7"
            for i, v in enumerate(ODD_TEXTS)
        ],
    ),
}

MARIADB_ALONE = {
    "addresses": "MySQL has no types UUID, INET6 and INET4",
    "compressed": "MySQL has no compressed columns",
}
MYSQL_WORDS: dict[str, tuple[str, list[str]]] = {
    # It takes a number for JSON only where a double holds it.
    "json": (ZOO["json"][0], [row.replace("1e400", "1e308") for row in ZOO["json"][1]]),
    "text_keys": (
        ZOO["text_keys"][0].replace("utf8mb4_nopad_bin", "utf8mb4_0900_bin"),
        ZOO["text_keys"][1],
    ),
    "defaults": (
        ZOO["defaults"][0].replace("UUID DEFAULT UUID()", "CHAR(36) DEFAULT (UUID())"),
        ZOO["defaults"][1],
    ),
}
NAMES: list[Any] = [
    pytest.param(name, marks=pytest.mark.mariadb_alone(MARIADB_ALONE[name]))
    if name in MARIADB_ALONE
    else name
    for name in ZOO
]
"""The tables' names, as parameters of tests."""

if mysql_in_its_place():
    ZOO.update(MYSQL_WORDS)
    for _name in MARIADB_ALONE:
        del ZOO[_name]
