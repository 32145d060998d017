"""MySQL and MariaDB: what is marked, and with which scenario."""

from __future__ import annotations

import json

from demosnap.dialects.base import execute
from demosnap.model import Column, Marker
from support.mysql_server import DIALECT, Server, read, table_of
from support.mysql_server import server_fixture as server_fixture
from support.mysql_zoo import text

KEY = Marker(column="m", key="demo_seed", scenario_key="scenario")


def test_markers_in_json(server: Server) -> None:
    values = {
        '{"demo_seed": true, "scenario": "general"}': (1, 0, "general"),
        '{"demo_seed": "true", "scenario": "general"}': (1, 0, "general"),
        '{"demo_seed": "\\u0074rue", "scenario": "general"}': (1, 0, "general"),
        '{"demo_seed": true}': (1, 0, None),
        '{"demo_seed": true, "scenario": null}': (1, 0, None),
        '{"demo_seed": true, "scenario": "General"}': (0, 0, "General"),
        '{"demo_seed": true, "scenario": "general "}': (0, 0, "general "),
        '{"demo_seed": true, "scenario": "writer"}': (0, 0, "writer"),
        '{"demo_seed": true, "scenario": 5}': (0, 0, "5"),
        '{"demo_seed": 1}': (0, 1, None),
        '{"demo_seed": "yes"}': (0, 1, None),
        '{"demo_seed": "TRUE"}': (0, 1, None),
        '{"demo_seed": "true "}': (0, 1, None),
        '{"demo_seed": [true]}': (0, 1, None),
        '{"demo_seed": {"a": true}}': (0, 1, None),
        '{"demo_seed": false}': (0, 0, None),
        '{"demo_seed": "false"}': (0, 0, None),
        '{"demo_seed": null}': (0, 0, None),
        '{"other": {"demo_seed": true}}': (0, 0, None),
        '{"demo_seed": true': (0, 0, None),
        "true": (0, 0, None),
        "[]": (0, 0, None),
        "": (0, 0, None),
        "nonsense \\ '": (0, 0, None),
        "[" * 40 + "]" * 40: (0, 0, None),
    }
    types = ("TEXT", "LONGTEXT", "TEXT CHARACTER SET latin1", "TEXT CHARACTER SET utf16")
    for declared in (*types, "VARCHAR(200) COLLATE utf8mb4_general_ci"):
        rows = ",".join(f"({i},{text(v)})" for i, v in enumerate(values))
        server.run(
            f"CREATE TABLE marks (id INT PRIMARY KEY, m {declared})",
            f"INSERT INTO marks VALUES {rows},(-1,NULL)",
        )
        try:
            with server.connect(write=False) as connection:
                table = table_of(connection, "marks")
                column = table.column("m")
                assert DIALECT.can_hold_marker(KEY, column)
                marked = DIALECT.marked(KEY, column, "general", True, None)
                strict = DIALECT.marked(KEY, column, "general", False, None)
                odd = DIALECT.oddly_marked(KEY, column)
                scenario = DIALECT.scenario_of(KEY, column, None)
                sql = f"SELECT id, {marked}, {strict}, {odd}, {scenario} FROM marks ORDER BY id"
                found = [tuple(row) for row in execute(connection, sql)]
                assert found[0][1:] == (0, 0, 0, None)
                for (_, got, narrow, strange, named), (value, expected) in zip(
                    found[1:], values.items(), strict=True
                ):
                    assert (got, strange, named) == expected, (declared, value)
                    assert narrow == (got and named == "general"), (declared, value)
                assert len(read(connection, table, marked)) == 5
        finally:
            server.run("DROP TABLE marks")


def test_markers_with_odd_keys(server: Server) -> None:
    for key in ("a b", 'q"x', "x.y", "it's", "é", "a-b", "back\\slash", "$", "*"):
        document = json.dumps({key: True}, ensure_ascii=False)
        column = Column("m", "longtext")
        marked = DIALECT.marked(Marker(column="m", key=key), column, "general", True, None)
        with server.connect(write=False) as connection:
            sql = f"SELECT {marked} FROM (SELECT {text(document)} AS m) AS q"
            assert execute(connection, sql).scalar() == 1, key


def test_markers_in_columns(server: Server) -> None:
    server.run(
        "CREATE TABLE marks (id INT PRIMARY KEY, d TINYINT(1), b BIT(1), s VARCHAR(20))",
        "INSERT INTO marks VALUES (1,1,1,'general'),(2,0,0,'general'),(3,NULL,NULL,'general'),"
        "(4,1,1,'General'),(5,1,1,NULL),(6,1,1,'general '),(7,2,1,'général')",
    )
    try:
        with server.connect(write=False) as connection:
            table = table_of(connection, "marks")
            scenario = table.column("s")
            for name, ids in (("d", [1, 5]), ("b", [1, 5])):
                marker = Marker(column=name, scenario_column="s")
                column = table.column(name)
                assert DIALECT.can_hold_marker(marker, column)
                marked = DIALECT.marked(marker, column, "general", True, scenario)
                sql = f"SELECT id FROM marks WHERE {marked} ORDER BY id"
                assert [row[0] for row in execute(connection, sql)] == ids
                sql = f"SELECT COUNT(*) FROM marks WHERE NOT ({marked})"
                assert execute(connection, sql).scalar() == 7 - len(ids)
            odd = DIALECT.oddly_marked(Marker(column="d"), table.column("d"))
            assert execute(connection, f"SELECT id FROM marks WHERE {odd}").all() == [(7,)]
            name = DIALECT.scenario_of(Marker(column="d", scenario_column="s"), column, scenario)
            sql = f"SELECT {name} AS s, COUNT(*) FROM marks GROUP BY 1 ORDER BY 1"
            found = dict(tuple(row) for row in execute(connection, sql))
            assert found == {None: 1, "General": 1, "general": 3, "general ": 1, "général": 1}
    finally:
        server.run("DROP TABLE marks")
