"""Passwords are neither printed nor written, wherever in a URL or a driver's error they stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import make_url

from demosnap.cli.program import cli
from demosnap.config import passwords

HERE = "127.0.0.1:1/x"
FORMS = [
    f"postgresql://me:hunter2@{HERE}",
    f"postgresql://:hunter2@{HERE}",
    f"postgresql://me%3Ahunter2@{HERE}",
    f"postgresql://me:ab#hunter2@{HERE}",
    f"postgresql://me:ab/hunter2@{HERE}",
    f"postgresql://me:ab?hunter2@{HERE}",
    f"postgresql://me:ab:hunter2@{HERE}",
    f"postgresql://me:ab@hunter2@{HERE}",
    f"postgresql://me:ab@%hunter2@{HERE}",
    f"postgresql://me:ab%40hunter2@{HERE}",
    f"postgresql://me/hunter2@{HERE}",
    f"mysql://me:ab@hunter2@{HERE}",
    f"mysql://me:hunter2@{HERE}",
    f"mysql+pymysql://me:hunter2@{HERE}",
    "postgresql://me:hunter2@127.0.0.1:port/x",
    "postgresql://me:hunter2@[::1/x",
    "postgresql://me:hunter2 @127.0.0.1/x",
    "postgresql:/me:hunter2@127.0.0.1/x",
    "me:hunter2@127.0.0.1/x",
    "postgresql://me:hunter2@127.0.0.1:1,127.0.0.1:2/x",
    "postgresql://me:hunter2@one,me:hunter2@two/x",
    "postgresql://one,hunter2@two/x",
    "postgresql://127.0.0.1:1/x;password=hunter2",
    "postgresql://127.0.0.1:1/x%20password%3Dhunter2",
    "oracle://me:hunter2@127.0.0.1:1/x",
    "mssql+pyodbc:///?odbc_connect=DRIVER%3DX%3BUID%3Dme%3BPWD%3Dhunter2",
    "nothing+at+all://me:hunter2@127.0.0.1:1/x",
    "mysql+nothing://me:hunter2@127.0.0.1:1/x",
    "sqlite:///app.db?key=hunter2",
    "sqlite:///file:app.db?uri=true&key=hunter2",
    "sqlite+pysqlcipher://:hunter2@/app.db",
    *(
        f"{scheme}://me@{HERE}?{option}"
        for scheme in ("postgresql", "mysql")
        for option in (
            "password=hunter2",
            "PASSWORD=hunter2",
            "passwd=hunter2",
            "pw=hunter2",
            "pwd=hunter2",
            "bogus=hunter2",
            "sslpassword=hunter2",
            "passfile=/hunter2",
            "passfile=hunter2&sslmode=hunter2",
            "ssl-mode=hunter2",
            "ssl_key=/hunter2",
            "options=-csome.secret%3Dhunter2",
            "host=me:hunter2@127.0.0.1",
            "user=me&password=h%75nter2",
            "charset=hunter2",
            "connect_timeout=hunter2",
        )
    ),
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("DEMOSNAP_DATABASE_URL", "DATABASE_URL", "PGSERVICE", "PGHOST"):
        monkeypatch.delenv(name, raising=False)
    CliRunner().invoke(cli, ["init"])
    return tmp_path


@pytest.mark.parametrize("url", FORMS)
def test_no_form_of_url_shows_its_password(project: Path, url: str) -> None:
    """Neither do the errors with --debug, nor does `init` write it."""
    for words in (
        ["status", "--url", url],
        ["upgrade", "general@head", "--debug", "--url", url],
        ["revision", "general", "--url", url],
        ["status", url],
        ["init", "sub", "--yes", "--url", url],
    ):
        result = CliRunner().invoke(cli, words)
        assert "hunter2" not in result.output, (words, result.output)
        assert "error: unexpected " not in result.output.replace("unexpected extra", "")
    for file in (project / "sub").rglob("*"):
        assert file.is_dir() or b"hunter2" not in file.read_bytes()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me@h:5/x?sslmode=require", "postgresql://me@h:5/x?sslmode=require"),
        ("postgresql://me:a@h/x?a=b&b=c", "postgresql://me:***@h/x?a=***&b=***"),
        ("mysql://h/x?charset=utf8mb4", "mysql://h/x?charset=utf8mb4"),
        ("sqlite:////srv/my@home/a.db", "sqlite:////srv/my%40home/a.db"),
        ("sqlite:///file:a.db?mode=ro&uri=true", "sqlite:///file%3Aa.db?mode=ro&uri=true"),
        ("postgresql://me@/x?host=/var/run", "postgresql://me@/x?host=%2Fvar%2Frun"),
    ],
)
def test_options_are_shown_by_name(url: str, shown: str) -> None:
    assert passwords.rendered(make_url(url)) == shown
    assert passwords.is_public(make_url(url)) == ("***" not in shown)


def test_a_driver_may_say_what_it_likes() -> None:
    passwords.remember("postgresql://ada:tr0ub%26dor@db.internal/app")
    for said in (
        'FATAL: no tr0ub&dor for "ada"',
        "tr0ub%26dor",
        "{'user': 'ada', 'password': 'other1'}",
        "user=ada password='oth er1' host=h",
        "postgresql://ada:other1@db.internal/app?x=other1",
    ):
        told = passwords.redacted(said)
        assert "***" in told
        assert not any(secret in told for secret in ("tr0ub", "other1", "er1"))
    plain = 'connection to server at "db.internal" failed: password authentication failed for "ada"'
    assert passwords.redacted(plain) == plain
