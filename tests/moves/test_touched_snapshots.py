"""A snapshot that was touched is not loaded, and one clear message says so."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demosnap.errors import SnapshotError
from support.small import Chain
from support.unchanged import nothing_changes

pytestmark = pytest.mark.long


def _cut(text: bytes, at: bytes) -> bytes:
    return text[: text.index(at)]


DAMAGE: dict[str, Callable[[bytes], bytes | None]] = {
    "a value": lambda text: text.replace(b"'Five'", b"'Four'"),
    "a key": lambda text: text.replace(b"\n(5,1,", b"\n(6,1,"),
    "a row less": lambda text: b"\n".join(
        line for line in text.split(b"\n") if not line.startswith(b"(3,1,")
    ),
    "a row more": lambda text: text.replace(b"\n(5,1,", b"\n(4,1,NULL,NULL,NULL,NULL),\n(5,1,"),
    "an expression": lambda text: text.replace(b"'Five'", b"upper('Five')"),
    "a statement at the end": lambda text: text + b"DROP TABLE users;\n",
    "a statement in the middle": lambda text: text.replace(
        b"\nINSERT INTO cards", b"\nDELETE FROM users;\nINSERT INTO cards"
    ),
    "a wider purge": lambda text: text.replace(
        b"DELETE FROM checks WHERE", b"DELETE FROM users --"
    ),
    "a table that is not selected": lambda text: text.replace(b"INTO cards", b"INTO users"),
    "another scenario": lambda text: text.replace(b"-- Scenario: general", b"-- Scenario: writer"),
    "CRLF": lambda text: text.replace(b"\n", b"\r\n"),
    "not UTF-8": lambda text: text.replace(b"'Five'", b"'F\xfcnf'"),
    "cut in a row": lambda text: _cut(text, b"'Five'"),
    "cut after a row": lambda text: _cut(text, b"(5,1,"),
    "cut in the definitions": lambda text: text[:400],
    "without its last line": lambda text: text[: text.rstrip().rindex(b"\n") + 1],
    "conflict markers": lambda text: b"<<<<<<< HEAD\n" + text,
    "empty": lambda text: b"",
    "missing": lambda text: None,
}


def _damaged(path: Path, damage: Callable[[bytes], bytes | None]) -> Iterator[None]:
    original = path.read_bytes()
    changed = damage(original)
    assert changed != original
    path.unlink()
    if changed is not None:
        path.write_bytes(changed)
    yield
    path.write_bytes(original)


def test_a_snapshot_that_was_touched_is_not_loaded(chain: Chain) -> None:
    """Edited, truncated, converted or gone: refused with the file's name, nothing changed."""
    chain.project.downgrade("general", "-1")
    path = chain.workspace.revisions / "general" / "general_v2_2025-01-20.sql"
    for name, damage in DAMAGE.items():
        with contextlib.contextmanager(_damaged)(path, damage), nothing_changes(chain):
            with pytest.raises(SnapshotError) as caught:
                chain.project.upgrade("general@head")
            assert str(path) in str(caught.value), name
            with pytest.raises(SnapshotError):
                chain.project.load("general", discard=True)
    chain.project.upgrade("general@head")
    assert chain.database.dump() == chain.at["v2"]


def test_a_touched_snapshot_gets_one_clear_message(sqlite_chain: Chain) -> None:
    """On the command line: exit 1, the file, and no traceback."""
    sqlite_chain.project.downgrade("general", "-1")
    path = sqlite_chain.workspace.revisions / "general" / "general_v2_2025-01-20.sql"
    for name in ("a value", "CRLF", "not UTF-8", "cut in a row", "missing"):
        with contextlib.contextmanager(_damaged)(path, DAMAGE[name]), nothing_changes(sqlite_chain):
            done = sqlite_chain.workspace.run("upgrade", "general@head", check=False)
        assert done.returncode == 1, name
        assert done.stdout == "", name
        assert "general_v2_2025-01-20.sql" in done.stderr, name
        assert "Traceback" not in done.stderr, name
        assert "unexpected" not in done.stderr, name
