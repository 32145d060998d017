"""Errors that no border has translated are a sentence each: what it was, and no traceback."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
import sqlalchemy as sa

from demosnap.cli import failure
from demosnap.cli.session import Session
from support.workspaces import Workspace


def unreadable() -> Exception:
    with pytest.raises(UnicodeDecodeError) as caught:
        b"caf\xe9".decode()
    return caught.value


def too_deep() -> Exception:
    with pytest.raises(RecursionError) as caught:
        json.loads("[" * (sys.getrecursionlimit() + 10**6))
    return caught.value


def too_long() -> Exception:
    with pytest.raises(ValueError, match="integer string conversion") as caught:
        int("1" * 10_000)
    return caught.value


def with_nul() -> Exception:
    with pytest.raises(ValueError, match="null") as caught:
        Path("a\0b").read_text()
    return caught.value


def of_sqlite() -> Exception:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.Error) as caught:
        connection.execute("SELECT * FROM missing")
    connection.close()
    return caught.value


def of_sqlalchemy() -> Exception:
    with pytest.raises(sa.exc.SQLAlchemyError) as caught:
        sa.create_engine("nothing://x")
    return caught.value


SENTENCES = [
    (MemoryError(), "there is not enough memory"),
    (too_deep, "the settings, a script or a snapshot are nested too deeply"),
    (unreadable, "cannot read or write a text in its encoding: 'utf-8' codec can't decode"),
    (UnicodeEncodeError("ascii", "é", 0, 1, "no"), "cannot read or write a text in its"),
    (ModuleNotFoundError("No module named 'x'"), "cannot import a module: No module named"),
    (OSError("timed out"), "the operating system refused: timed out"),
    (OSError(), "the operating system refused: OSError"),
    (with_nul, "a name or a path holds a NUL character ("),
    (too_long, "a number has too many digits (Exceeds the limit"),
    (of_sqlite, "the database refused: no such table: missing"),
    (of_sqlalchemy, "the database refused: Can't load plugin"),
    (psycopg.errors.UndefinedTable("no x\nLINE 1"), "the database refused: no x"),
    (pymysql.err.OperationalError(1064, "no"), "the database refused: (1064, 'no')"),
]


@pytest.mark.parametrize(("error", "sentence"), SENTENCES, ids=[says for _, says in SENTENCES])
def test_each_kind_has_its_sentence(
    error: Any, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    raised = error if isinstance(error, BaseException) else error()
    assert failure.report(raised, Session()) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {sentence}")
    assert said.count("\n") == 1


def test_a_password_in_what_a_driver_says_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    error = sqlite3.OperationalError("cannot open postgresql://app:s3cret@db/x")
    assert failure.report(error, Session()) == 1
    assert "s3cret" not in capsys.readouterr().err


def test_settings_that_are_nested_too_deeply(sqlite_workspace: Workspace) -> None:
    """By the command itself, from where the error really comes."""
    sqlite_workspace.configure(f"marker: {'[' * 5000}{']' * 5000}\n")
    done = sqlite_workspace.run("history", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "nested too deeply" in done.stderr
    assert done.stderr.count("\n") == 1
