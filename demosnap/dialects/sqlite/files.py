"""Check whether a file is an SQLite database, before SQLite opens or creates it."""

from __future__ import annotations

from pathlib import Path

from demosnap.errors import DatabaseError

_MAGIC = b"SQLite format 3\0"
_URL = "Correct the URL."


def check(file: str) -> None:
    """Check that a file can be a database.

    Raises:
        DatabaseError: it is missing, has another format, or is not readable.
    """
    path = Path(file)
    if not path.exists():
        raise DatabaseError(
            f"there is no database file {file}",
            "Create it with your application's own migrations, or correct the URL.",
        )
    if path.is_dir():
        raise DatabaseError(f"{file} is a folder, not a database file", _URL)
    if not path.is_file():
        return
    try:
        with path.open("rb") as stream:
            start = stream.read(len(_MAGIC))
    except OSError as error:
        raise DatabaseError(
            f"the database file {file} cannot be read: {(error.strerror or str(error)).lower()}"
        ) from error
    if not start:
        raise DatabaseError(
            f"the database file {file} is empty",
            "Create its tables with your application's own migrations, or correct the URL.",
        )
    if start != _MAGIC:
        raise DatabaseError(f"{file} is not an SQLite database", f"{_kind(start)} {_URL}".strip())


def _kind(start: bytes) -> str:
    if start.isascii() and all(byte >= 32 or byte in b"\t\r\n" for byte in start):
        return "It is a text file."
    return "An encrypted database is one that demosnap cannot read."
