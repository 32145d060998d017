"""Database URLs of other tools."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demosnap.dialects import url_rules, urls
from demosnap.errors import ConfigError, MissingDriverError


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Say which driver modules are installed."""

    def only(*modules: str) -> None:
        monkeypatch.setattr(url_rules, "is_installed", lambda module: module in modules)

    only("psycopg", "pymysql")
    return only


def _normal(url: str) -> str:
    return urls.normalise(url).render_as_string(hide_password=False)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://u:p@h:5433/db", "postgresql+psycopg://u:p@h:5433/db"),
        ("postgresql://u@/db", "postgresql+psycopg://u@/db"),
        ("pgsql://u:p@h/db?charset=utf8", "postgresql+psycopg://u:p@h/db?client_encoding=utf8"),
        ("postgres://h/db?sslmode=require", "postgresql+psycopg://h/db?sslmode=require"),
        (
            "postgresql://h/db?schema=app&connection_limit=5&pgbouncer=true",
            "postgresql+psycopg://h/db?options=-csearch_path%3Dapp",
        ),
        ("postgis://h/db?conn_max_age=600", "postgresql+psycopg://h/db"),
        ("postgres://u:p@%2Fvar%2Frun/db", "postgresql+psycopg://u:p@/db?host=%2Fvar%2Frun"),
        (" POSTGRES://h/db\n", "postgresql+psycopg://h/db"),
        ("mysql://u:p%40s%2Fs@h/db", "mysql+pymysql://u:p%40s%2Fs@h/db?charset=utf8mb4"),
        ("mariadb://h/db", "mariadb+pymysql://h/db?charset=utf8mb4"),
        (
            "mysql2://u@localhost/db?encoding=utf8&pool=5&socket=/run/my.sock",
            "mysql+pymysql://u@localhost/db?charset=utf8&unix_socket=%2Frun%2Fmy.sock",
        ),
        ("mysql://h/db?charset=latin1", "mysql+pymysql://h/db?charset=latin1"),
        (
            "mysql://u@%2Fcloudsql%2Fp/db",
            "mysql+pymysql://u@/db?charset=utf8mb4&unix_socket=%2Fcloudsql%2Fp",
        ),
        (
            "mysql://h/db?ssl-mode=REQUIRED",
            "mysql+pymysql://h/db?charset=utf8mb4&ssl_check_hostname=false",
        ),
        (
            "mysql://h/db?sslmode=verify-full&ssl-ca=/ca.pem",
            "mysql+pymysql://h/db?charset=utf8mb4&ssl_ca=%2Fca.pem&ssl_check_hostname=true",
        ),
        ("mysql://h/db?sslmode=disable", "mysql+pymysql://h/db?charset=utf8mb4&ssl_disabled=true"),
        ("mysql://h/db?ssl_mode=preferred", "mysql+pymysql://h/db?charset=utf8mb4"),
        ("mysql://u:a/b#c?d@h/db", "mysql+pymysql://u:a%2Fb%23c%3Fd@h/db?charset=utf8mb4"),
        ("sqlite:///app.db", "sqlite:///app.db"),
        ("sqlite3:db/app.sqlite3", "sqlite:///db/app.sqlite3"),
        ("sqlite3:/srv/app.db", "sqlite:////srv/app.db"),
        ("sqlite::memory:", "sqlite://"),
        ("sqlite://:memory:", "sqlite://"),
        ("sqlite+pysqlite:///app.db", "sqlite+pysqlite:///app.db"),
    ],
)
def test_urls_of_other_tools(installed: Callable[..., None], url: str, expected: str) -> None:
    assert _normal(url) == expected
    assert _normal(expected) == expected


def test_a_driver_that_is_installed_is_picked(installed: Callable[..., None]) -> None:
    installed("psycopg", "psycopg2", "MySQLdb")
    assert _normal("postgres://h/db") == "postgresql+psycopg://h/db"
    assert _normal("mysql://h/db?ssl-mode=required") == (
        "mysql+mysqldb://h/db?charset=utf8mb4&ssl_mode=REQUIRED"
    )


def test_a_driver_of_demosnaps_own_that_is_named_is_kept(installed: Callable[..., None]) -> None:
    installed("psycopg", "pymysql", "MySQLdb")
    assert _normal("postgresql+psycopg://h/db") == "postgresql+psycopg://h/db"
    assert _normal("mysql+mysqldb://h/db") == "mysql+mysqldb://h/db?charset=utf8mb4"
    assert _normal("mysql+pymysql://h/db") == "mysql+pymysql://h/db?charset=utf8mb4"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        *(
            (f"postgresql+{driver}://u:p@h:5433/db", "postgresql+psycopg://u:p@h:5433/db")
            for driver in (
                *("asyncpg", "psycopg2", "psycopg2cffi", "pg8000", "psycopg_async"),
                *("aiopg", "psycopg3"),
            )
        ),
        *(
            (f"{backend}+{driver}://u:p@h/db", f"{backend}+pymysql://u:p@h/db?charset=utf8mb4")
            for backend in ("mysql", "mariadb")
            for driver in (
                *("aiomysql", "asyncmy", "mysqldb", "mysqlconnector", "mariadbconnector"),
                *("pyodbc", "cymysql"),
            )
        ),
        ("postgres+asyncpg://h/db", "postgresql+psycopg://h/db"),
        ("sqlite+aiosqlite:///app.db", "sqlite:///app.db"),
        ("sqlite+aiosqlite://", "sqlite://"),
        ("sqlite+aiosqlite:///app.db?timeout=5&iter_chunk_size=9", "sqlite:///app.db?timeout=5"),
        ("postgresql+asyncpg://h/db?ssl=require", "postgresql+psycopg://h/db?sslmode=require"),
        ("postgresql+asyncpg://h/db?ssl=true", "postgresql+psycopg://h/db?sslmode=require"),
        ("postgresql+asyncpg://h/db?ssl=0", "postgresql+psycopg://h/db?sslmode=disable"),
        (
            "postgresql+asyncpg://h/db?ssl=prefer&sslmode=verify-full",
            "postgresql+psycopg://h/db?sslmode=verify-full",
        ),
        (
            "postgresql+asyncpg://h/db?timeout=2.5&command_timeout=60"
            "&prepared_statement_cache_size=0&statement_cache_size=0&target_session_attrs=primary",
            "postgresql+psycopg://h/db?connect_timeout=3&target_session_attrs=primary",
        ),
        (
            "postgresql+asyncpg://u@/db?host=/var/run/postgresql",
            "postgresql+psycopg://u@/db?host=%2Fvar%2Frun%2Fpostgresql",
        ),
        (
            "postgresql+pg8000://u@/db?unix_sock=/run/.s.PGSQL.5432",
            "postgresql+psycopg://u@/db?host=%2Frun&port=5432",
        ),
        (
            "postgresql+psycopg2://h/db?sslmode=require&options=-csearch_path%3Da&cursor_factory=x",
            "postgresql+psycopg://h/db?options=-csearch_path%3Da&sslmode=require",
        ),
        (
            "mysql+aiomysql://h/db?charset=utf8mb4&echo=1&unix_socket=/run/my.sock",
            "mysql+pymysql://h/db?charset=utf8mb4&unix_socket=%2Frun%2Fmy.sock",
        ),
        (
            "mysql+asyncmy://h/db?ssl=true",
            "mysql+pymysql://h/db?charset=utf8mb4&ssl_check_hostname=false",
        ),
        (
            "mysql+asyncmy://h/db?ssl=false",
            "mysql+pymysql://h/db?charset=utf8mb4&ssl_disabled=true",
        ),
        (
            "mysql+mysqlconnector://h/db?connection_timeout=3&use_pure=true&ssl_ca=/ca.pem",
            "mysql+pymysql://h/db?charset=utf8mb4&connect_timeout=3&ssl_ca=%2Fca.pem",
        ),
    ],
)
def test_another_driver_is_replaced_and_its_options_translated(
    installed: Callable[..., None], url: str, expected: str
) -> None:
    found = urls.normalise(url)
    wanted = urls.normalise(expected)
    assert (found, dict(found.query)) == (wanted, dict(wanted.query))
    assert found.drivername == expected.partition(":")[0]
    assert urls.left_out(url) == ()


@pytest.mark.parametrize(
    ("url", "missed"),
    [
        ("postgresql+asyncpg://h/db?ssl=require&server_settings=x&direct_tls=1", 2),
        ("postgresql+pg8000://h/db?ssl_context=true", 1),
        ("mysql+mysqlconnector://h/db?auth_plugin=x&pool_name=a", 1),
        ("mysql+pyodbc://h/db?driver=MySQL+ODBC", 1),
        ("sqlite+aiosqlite:///app.db?passphrase=x", 1),
        ("postgresql://h/db?no_such=1", 0),
    ],
)
def test_what_is_left_out_and_may_be_missed_is_named(
    installed: Callable[..., None], url: str, missed: int
) -> None:
    found = urls.left_out(url)
    assert len(found) == missed
    assert not set(found) & set(urls.normalise(url).query)


def test_another_format_of_file_keeps_its_driver() -> None:
    assert _normal("sqlite+pysqlcipher:///app.db") == "sqlite+pysqlcipher:///app.db"


@pytest.mark.parametrize(
    ("url", "extra"),
    [
        ("postgres://u:secret@h/db", "demosnap[postgresql]"),
        ("mysql://u:secret@h/db", "demosnap[mysql]"),
        ("mariadb+mysqldb://u:secret@h/db", "demosnap[mysql]"),
        ("mysql+mysqlconnector://u:secret@h/db", "demosnap[mysql]"),
    ],
)
def test_a_missing_driver_names_the_extra(
    installed: Callable[..., None], url: str, extra: str
) -> None:
    installed()
    with pytest.raises(MissingDriverError) as missing:
        urls.normalise(url)
    assert extra in str(missing.value)
    assert "secret" not in str(missing.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "secret",
        "mysql:secret",
        "mysql://u:secret@h:port/db",
        "postgres://u:secret @h/db",
        "mysql://u:secret\n@h/db",
        "://u:secret@h/db",
        "no-such+://u:secret@h/db",
        "mysql://u:secret@h/db?ssl-mode=sometimes",
        "mysql://u:secret@h/db?ssl-mode=verify_ca",
        "postgres://u:secret@[::1/db",
    ],
)
def test_what_is_no_url_is_not_shown(installed: Callable[..., None], url: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        urls.normalise(url)
    assert "secret" not in str(wrong.value)
    assert "secret" not in repr(wrong.value.__cause__)
    assert wrong.value.__suppress_context__ or wrong.value.__context__ is None


def test_other_backends_are_left_to_others(installed: Callable[..., None]) -> None:
    assert _normal("oracle://u@h/db") == "oracle://u@h/db"


def test_the_path_of_a_file_may_hold_a_space_and_nothing_else_may() -> None:
    assert urls.normalise("sqlite:////tmp/my demo/app.db").database == "/tmp/my demo/app.db"
    for url in ("sqlite:///app\n.db", "postgresql://user@localhost/my app"):
        with pytest.raises(ConfigError):
            urls.normalise(url)
