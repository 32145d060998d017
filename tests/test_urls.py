"""Database URLs of other tools."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demosnap.dialects import urls
from demosnap.errors import ConfigError, MissingDriverError


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Say which driver modules are installed."""

    def only(*modules: str) -> None:
        monkeypatch.setattr(urls, "_is_installed", lambda module: module in modules)

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
    installed("psycopg2", "MySQLdb")
    assert _normal("postgres://h/db") == "postgresql+psycopg2://h/db"
    assert _normal("mysql://h/db?ssl-mode=required") == (
        "mysql+mysqldb://h/db?charset=utf8mb4&ssl_mode=REQUIRED"
    )


def test_a_driver_that_is_named_is_kept(installed: Callable[..., None]) -> None:
    installed("psycopg", "psycopg2", "pymysql", "MySQLdb")
    assert _normal("postgresql+psycopg2://h/db") == "postgresql+psycopg2://h/db"
    assert _normal("mysql+mysqldb://h/db") == "mysql+mysqldb://h/db?charset=utf8mb4"


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
