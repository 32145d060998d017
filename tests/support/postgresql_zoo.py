"""Tables of PostgreSQL with values that other tools lose, and what the tests of it share."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator

import sqlalchemy as sa

from demosnap.database import reflect
from demosnap.dialects.postgresql.dialect import PostgreSQLDialect
from demosnap.model import Table
from support.databases import Database

DIALECT = PostgreSQLDialect()

EXTENSIONS = ("citext", "hstore", "ltree", "cube", "isn", "seg")

SETUP = (
    'CREATE SCHEMA "Other Space"',
    "CREATE TYPE mood AS ENUM ('sad', 'it''s', 'Ünï \\ \"q\"', ' ')",
    "CREATE TYPE pair AS (a integer, b text, c boolean)",
    "CREATE TYPE nest AS (p pair, l pair[])",
    "CREATE TYPE \"Other Space\".\"Odd Type\" AS ENUM ('x', 'y')",
    "CREATE DOMAIN positive AS integer CHECK (VALUE > 0)",
    "CREATE DOMAIN more_positive AS positive CHECK (VALUE > 1)",
    "CREATE DOMAIN flag AS boolean",
    "CREATE DOMAIN short AS varchar(5)",
    "CREATE TYPE floats AS RANGE (subtype = float8)",
    "CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
)

_TEXTS = (
    "(SELECT string_agg(chr(c), '') FROM generate_series(1, 127) c)",
    "E'\\r\\n', E'\\n', E'\\r', E'a\\\\.\\n\\\\.\\n', '\\.', '\\N', '\\', '''', '''''', 'NULL', ''",
    "'a'',''b', '),(', '); DROP TABLE t_text; --', '$$', '$demosnap$', '%s %(x)s :name ? {} %%'",
    "U&'\\2028\\2029\\0085\\FEFF', U&'e\\0301', U&'\\+01F600', 'é', ' ', '  x  ', E'\\t', '\"'",
    "repeat('long '' text ', 50000), 'CAST(1 AS \"char\")', 'a', 'a!', 'a''', 'a(', 'A'",
    "'true', '1', '-- x', '/* x', 'a;b', 'select'",
)
_ALL_TEXTS = ", ".join(_TEXTS)


def _keyed(name: str, kind: str, values: str, extra: str = "") -> tuple[str, ...]:
    """Return a table that holds the values twice: as an attribute, and as an array's elements."""
    return (
        f"CREATE TABLE {name} (id serial PRIMARY KEY, v {kind}, w {kind}[]{extra})",
        f"INSERT INTO {name} (v, w) SELECT x, ARRAY[x, NULL, x] FROM unnest(ARRAY[{values}]::"
        f"{kind}[]) x",
        f"INSERT INTO {name} (v, w) VALUES (NULL, NULL), (NULL, '{{}}')",
    )


# By name, the statements that make each table.
ZOO: dict[str, tuple[str, ...]] = {
    "t_small": _keyed("t_small", "smallint", "-32768, -1, 0, 32767"),
    "t_int": _keyed("t_int", "integer", "-2147483648, 0, 2147483647"),
    "t_big": _keyed("t_big", "bigint", "-9223372036854775808, 0, 9223372036854775807"),
    "t_numeric": _keyed(
        "t_numeric",
        "numeric",
        "'NaN', 'Infinity', '-Infinity', 0, -0.0, 1.10, 1e-30, -1e40,"
        " 1234567890123456789012345678901234567890.0123456789, repeat('9', 1000)::numeric",
    ),
    "t_decimal": _keyed("t_decimal", "numeric(12,3)", "0, 1.5, -999999999.999, 'NaN'"),
    "t_float4": _keyed(
        "t_float4", "real", "'-0', 'NaN', 'Infinity', '-Infinity', 0.1, 1e6, 123456, 1e-45, 3.4e38"
    ),
    "t_float8": _keyed(
        "t_float8",
        "double precision",
        "'-0', 'NaN', 'Infinity', '-Infinity', 0.1::float8 + 0.2::float8, 1e15, 999999999999999,"
        " 5e-324, 1.7976931348623157e308, 1e-5, 0.0001, 123456789012345680",
    ),
    "t_money": _keyed("t_money", "money", "0, -1234567.89, '92233720368547758.07'"),
    "t_oid": _keyed("t_oid", "oid", "0, 4294967295"),
    "t_bool": _keyed("t_bool", "boolean", "true, false"),
    "t_text": _keyed("t_text", "text", _ALL_TEXTS),
    "t_varchar": _keyed("t_varchar", "varchar(20)", "'', ' ', 'it''s', repeat('é', 20)"),
    "t_char": _keyed("t_char", "char(5)", "'', 'ab', 'é', 'a''b', '     '"),
    "t_name": _keyed("t_name", "name", "'', 'x', repeat('n', 63)"),
    "t_citext": _keyed("t_citext", "citext", "'Abc', 'it''s', 'ABC'"),
    "t_single": (
        'CREATE TABLE t_single (id serial PRIMARY KEY, v "char")',
        'INSERT INTO t_single (v) SELECT i::"char" FROM generate_series(-128, 127) i',
        "INSERT INTO t_single (v) VALUES (NULL)",
    ),
    "t_bytea": _keyed(
        "t_bytea",
        "bytea",
        "'', '\\x00', '\\x5c78', (SELECT string_agg(set_byte('\\x00', 0, i), '')"
        " FROM generate_series(0, 255) i)",
    ),
    "t_bit": _keyed("t_bit", "bit(3)", "B'000', B'101'"),
    "t_varbit": _keyed("t_varbit", "bit varying(70)", "B'', B'0', repeat('01', 35)::varbit"),
    "t_date": _keyed(
        "t_date", "date", "'4713-01-01 BC', '0001-01-01', '5874897-12-31', 'infinity', '-infinity'"
    ),
    "t_time": _keyed("t_time", "time", "'00:00', '24:00', '12:34:56.789', '23:59:59.999999'"),
    "t_timetz": _keyed("t_timetz", "timetz", "'12:00+05:30', '24:00-15:59', '01:02:03.4+00:00:01'"),
    "t_timestamp": _keyed(
        "t_timestamp",
        "timestamp",
        "'0044-03-15 12:00 BC', '294276-12-31 23:59:59.999999', 'infinity', '-infinity',"
        " '2025-01-15 10:30:00', '2025-01-15 10:30:00.120'",
    ),
    "t_timestamptz": _keyed(
        "t_timestamptz",
        "timestamptz(3)",
        "'0044-03-15 12:00+00 BC', '1883-11-18 12:03:58 America/New_York', 'infinity',"
        " '2025-07-01 12:00 Asia/Kathmandu', '2025-01-15 10:30:00.125+00'",
    ),
    "t_interval": _keyed(
        "t_interval",
        "interval",
        "'-1 year -2 months 3 days -04:05:06.789', '1 mon -1 day', '00:00', '-00:00:00.000001',"
        " '178000000 years', '@ 1 year 2 mons -3 days 4 hours 5 mins 6.789 secs ago'",
    ),
    "t_json": (
        "CREATE TABLE t_json (id serial PRIMARY KEY, v json, w jsonb)",
        """INSERT INTO t_json (v, w) VALUES
        ('{"b": 1,   "a": 2, "a": 3}', '{"b": 1, "a": 2, "a": 3}'), ('null', 'null'),
        (E'{"x":\\n\\t"\\\\u00e9 \\\\n \\\\\\\\ \\\\" ''"}', '"\\u00e9 \\n ''"'),
        ('{"n": "\\u0000", "s": "\\ud800"}', '[1.10, 1e2, -0.0]'), (' [ ] ', '[]'), (NULL, NULL)""",
    ),
    "t_uuid": (
        "CREATE TABLE t_uuid (id uuid PRIMARY KEY, w uuid[])",
        "INSERT INTO t_uuid SELECT md5(i::text)::uuid, ARRAY[md5(i::text)::uuid]"
        " FROM generate_series(1, 50) i",
    ),
    "t_inet": _keyed("t_inet", "inet", "'1.2.3.4', '1.2.3.4/24', '::1', 'fe80::1/64'"),
    "t_cidr": _keyed("t_cidr", "cidr", "'1.2.3.0/24', '::/0', '1.2.3.4'"),
    "t_mac": _keyed("t_mac", "macaddr", "'08:00:2b:01:02:03'"),
    "t_mac8": _keyed("t_mac8", "macaddr8", "'08:00:2b:01:02:03:04:05'"),
    "t_array": (
        "CREATE TABLE t_array (id serial PRIMARY KEY, a text[], b integer[][], c float8[])",
        """INSERT INTO t_array (a, b, c) VALUES
        (ARRAY['a,b', 'q"q', 'b\\b', 'NULL', NULL, '', ' ', '{}', E'n\\nn', 'it''s'],
         '[-1:0][2:3]={{1,2},{3,NULL}}', '{-0,NaN,Infinity}'), ('[5:5]={x}', '{}', NULL)""",
    ),
    "t_range": (
        "CREATE TABLE t_range (id serial PRIMARY KEY, a int4range, b tstzrange, c numrange,"
        " d floats, e int4multirange, f daterange[])",
        """INSERT INTO t_range (a, b, c, d, e, f) VALUES
        ('[1,5)', '["2025-01-01 00:00+02",infinity)', '(,1.50]', '[-0,NaN]', '{[1,2),[5,9)}',
         ARRAY['[2025-01-01,2025-02-01)'::daterange, 'empty']),
        ('empty', '(,)', 'empty', 'empty', '{}', '{}')""",
    ),
    "t_composite": (
        "CREATE TABLE t_composite (id serial PRIMARY KEY, a pair, b nest, c pair[])",
        """INSERT INTO t_composite (a, b, c) VALUES
        (ROW(1, 'x, "y" \\ (z) ''', true), ROW(ROW(1, '', NULL), ARRAY[ROW(NULL, NULL, NULL)::pair,
         NULL]), ARRAY[ROW(1, E'\\n', false)::pair]),
        (ROW(NULL, NULL, NULL), ROW(NULL, NULL), '{}'), (NULL, NULL, NULL)""",
    ),
    "t_enum": _keyed("t_enum", "mood", "'sad', 'it''s', 'Ünï \\ \"q\"', ' '"),
    "t_domain": (
        "CREATE TABLE t_domain (id more_positive PRIMARY KEY, f flag, s short, l positive[])",
        "INSERT INTO t_domain VALUES (2, true, 'it''s', '{1,2}'), (10, NULL, NULL, NULL),"
        " (9, false, '', '{}')",
    ),
    "t_hstore": _keyed("t_hstore", "hstore", "'', 'a=>1, \"b c\"=>NULL', '\"q\\\"\"=>\"it''s\"'"),
    "t_xml": _keyed(
        "t_xml",
        "xml",
        "'<a/>', 'content <b>&amp;''</b>', '<?xml version=\"1.0\" encoding=\"latin1\"?><a>é</a>',"
        " '<!DOCTYPE x><x/>', E'<a>\\n\\n</a>', ''",
    ),
    "t_search": (
        "CREATE TABLE t_search (id serial PRIMARY KEY, a tsvector, b tsquery)",
        "INSERT INTO t_search (a, b) VALUES (to_tsvector('simple', 'The ''quoted'' \\ cat: 5'),"
        " '''it''''s'' & !b:*'), ('', '')",
    ),
    "t_geometric": (
        "CREATE TABLE t_geometric (id serial PRIMARY KEY, a point, b line, c lseg, d box, e path,"
        " f polygon, g circle)",
        """INSERT INTO t_geometric (a, b, c, d, e, f, g) VALUES
        ('(0.1,-0)', '{1,2.5,-3}', '[(1,2),(3,4)]', '(1,2),(3,4)', '[(1,2),(3,4)]',
         '((0,0),(1,1),(2,0))', '<(1,2),1e-300>'),
        ('(NaN,Infinity)', '{0,1,0}', NULL, NULL, '((1,2),(3,4))', NULL, NULL)""",
    ),
    "t_extension": (
        "CREATE TABLE t_extension (id serial PRIMARY KEY, a ltree, b cube, c isbn13, d seg)",
        "INSERT INTO t_extension (a, b, c, d) VALUES"
        " ('Top.Science', '(1.5,2),(3,-0)', '978-0-393-04002-9', '1.50 .. 2.5')",
    ),
    "t_regclass": _keyed("t_regclass", "regclass", "'pg_class', 't_text', 0"),
    "t_lsn": _keyed("t_lsn", "pg_lsn", "'0/0', 'FFFFFFFF/FFFFFFFF'"),
    "t_generated": (
        "CREATE TABLE t_generated (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
        " a integer, b integer GENERATED ALWAYS AS (a * 2) STORED, c text DEFAULT 'given')",
        "INSERT INTO t_generated (a, c) VALUES (1, NULL), (2, ''), (NULL, DEFAULT)",
    ),
    "t_text_key": (
        "CREATE TABLE t_text_key (k text PRIMARY KEY, v integer)",
        f"INSERT INTO t_text_key SELECT x, 1 FROM unnest(ARRAY[{_ALL_TEXTS}]::text[]) x"
        " WHERE length(x) < 200",
    ),
    "t_char_key": (
        "CREATE TABLE t_char_key (k char(4) PRIMARY KEY)",
        "INSERT INTO t_char_key VALUES (''), ('a'), ('a!'), ('a''b'), ('é'), ('ab')",
    ),
    "t_folded_key": (
        "CREATE TABLE t_folded_key (k text COLLATE folded PRIMARY KEY, l citext UNIQUE)",
        "INSERT INTO t_folded_key VALUES ('B', 'x'), ('a', 'Y'), ('C''', 'z')",
    ),
    "t_odd_key": (
        'CREATE TABLE t_odd_key (n numeric, i inet, t timestamptz, b boolean, "c" "char",'
        " PRIMARY KEY (n, i, t, b, c))",
        'INSERT INTO t_odd_key SELECT n, i::inet, t::timestamptz, b, c::"char" FROM'
        " unnest('{-1,10,9,0.5,NaN}'::numeric[]) n, unnest('{1.2.3.4,1.2.3.4/8}'::text[]) i,"
        " unnest('{infinity,2025-01-01,12025-01-01,0044-01-01 BC}'::text[]) t,"
        " unnest('{t,f}'::boolean[]) b, unnest('{-5,0,5,100}'::integer[]) c",
    ),
    "t_composite_key": (
        "CREATE TABLE t_composite_key (b integer, a date, v text, PRIMARY KEY (a, b))",
        "INSERT INTO t_composite_key SELECT b, '2025-01-01'::date + a, 'x' FROM"
        " generate_series(-3, 12) b, generate_series(0, 9) a",
    ),
    "t_no_key": (
        "CREATE TABLE t_no_key (f boolean, i integer, t text, n numeric, p pair, x inet)",
        "INSERT INTO t_no_key VALUES (NULL, NULL, NULL, NULL, NULL, NULL),"
        " (true, 10, 'a', 1, ROW(NULL, NULL, NULL), '::1'), (true, 9, 'a', 1, NULL, NULL),"
        " (false, 10, '''', -1, ROW(1, '', NULL), '1.2.3.4'), (NULL, 1, '', 'NaN', NULL, NULL),"
        " (true, 9, 'a', 1, NULL, NULL), (true, 9, 'a!', 1, NULL, NULL)",
    ),
    '"Other Space"."Select ""me"". :x %s"': (
        'CREATE TABLE "Other Space"."Select ""me"". :x %s" ("User Id" serial PRIMARY KEY,'
        ' "from" "Other Space"."Odd Type", "ünï\'$$" text, "{}" boolean, "%s" integer)',
        'INSERT INTO "Other Space"."Select ""me"". :x %s" ("from", "ünï\'$$", "{}", "%s")'
        " VALUES ('x', 'it''s', true, 1), (NULL, NULL, NULL, NULL)",
    ),
    '"' + "N" * 62 + ' "': (
        f'CREATE TABLE "{"N" * 62} " (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY)',
        f'INSERT INTO "{"N" * 62} " DEFAULT VALUES',
    ),
    "t_partitioned": (
        "CREATE TABLE t_partitioned (id integer, at date, v text, PRIMARY KEY (id, at))"
        " PARTITION BY RANGE (at)",
        "CREATE TABLE t_partitioned_old PARTITION OF t_partitioned FOR VALUES FROM (MINVALUE) TO"
        " ('2025-01-01') PARTITION BY LIST (id)",
        "CREATE TABLE t_partitioned_old_1 PARTITION OF t_partitioned_old DEFAULT",
        "CREATE TABLE t_partitioned_new PARTITION OF t_partitioned DEFAULT",
        "INSERT INTO t_partitioned SELECT i, '2024-12-25'::date + i, 'x' FROM"
        " generate_series(1, 20) i",
    ),
    "t_parent": (
        "CREATE TABLE t_parent (id integer PRIMARY KEY, v text)",
        "CREATE TABLE t_child (w text, PRIMARY KEY (id)) INHERITS (t_parent)",
        "INSERT INTO t_parent VALUES (1, 'own'), (2, 'own')",
        "INSERT INTO t_child VALUES (2, 'child', 'x'), (3, 'child', NULL)",
    ),
    "t_child": (),
}


@contextlib.contextmanager
def changing(database: Database) -> Iterator[sa.Connection]:
    """Begin a transaction that changes rows, with the session's settings around it."""
    with database.engine.connect() as connection, DIALECT.session(connection, write=True):
        transaction = connection.begin()
        yield connection
        transaction.commit()


def definition(connection: sa.Connection, name: str) -> Table:
    return reflect.tables(connection)[name]


def psql(database: Database, text: bytes, **settings: str) -> subprocess.CompletedProcess[bytes]:
    file = database.folder / "plain.sql"
    file.write_bytes(text)
    url = sa.make_url(database.url)
    address = ["-h", url.host or "", "-p", str(url.port), "-U", url.username or ""]
    database.execute(*(f"ALTER ROLE CURRENT_USER IN DATABASE {url.database} SET {name} = '{value}'"
        for name, value in settings.items()))  # fmt: skip
    try:
        return subprocess.run(
            ["psql", "-X", "-q", *address, "-d", url.database or "", "-f", str(file)],
            capture_output=True,
            timeout=120,
        )
    finally:
        database.execute(*(f"ALTER ROLE CURRENT_USER IN DATABASE {url.database} RESET {name}"
            for name in settings))  # fmt: skip
