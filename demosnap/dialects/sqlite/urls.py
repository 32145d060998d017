"""URLs of SQLite, which name files."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from demosnap.dialects.url_rules import UrlRules
from demosnap.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import URL

_OPTIONS = frozenset(
    "timeout detect_types isolation_level check_same_thread cached_statements uri mode cache vfs"
    " immutable nolock modeof psow".split()
)
# Other drivers may use another file format (SQLCipher), so only these are replaced.
_LIKE_OWN = ("pysqlite", "aiosqlite", "pysqlite_numeric", "pysqlite_dollar")


class SQLiteUrls(UrlRules):
    """URLs for Python's own driver."""

    name: ClassVar[str] = "sqlite"
    title: ClassVar[str] = "SQLite"
    schemes: ClassVar[tuple[str, ...]] = ("sqlite3",)
    example: ClassVar[str] = "sqlite:///app.db"
    commands: ClassVar[tuple[str, ...]] = ("sqlite3",)
    is_file: ClassVar[bool] = True
    options: ClassVar[frozenset[str] | None] = _OPTIONS

    def behind_scheme(self, rest: str, driver: str) -> str:
        """Return the path in SQLAlchemy's form; Rails writes `sqlite3:db/app.sqlite3`."""
        if driver not in ("", *_LIKE_OWN):
            return rest
        if rest in ("", ":memory:", "//:memory:", "///:memory:"):
            return "//"
        return rest if rest.startswith("//") else f"///{rest}"

    def check(self, url: URL) -> None:
        """Check that the file name is not in the place of the host, which SQLite lacks."""
        if url.host is None:
            return
        path = f"{url.host}/{url.database}" if url.database else url.host
        raise ConfigError(
            "the URL of an SQLite database has a / more",
            hint=f"Write {file_url(path)} for the file {path} in the current folder,"
            f" sqlite:////{path} for /{path}.",
        )

    def adapted(self, url: URL, name: str, driver: str) -> tuple[URL, tuple[str, ...]]:
        """Return the URL for Python's own driver, if the named driver reads the same files."""
        self.check(url)
        if driver not in _LIKE_OWN or driver == "pysqlite":
            return url, ()
        return self.without_unknown(url.set(drivername=name))


def file_url(path: str) -> str:
    """Return the URL of an SQLite database's file."""
    return f"sqlite:///{path.removeprefix('./') if not path.startswith('/') else path}"


def sqlite_file(url: URL) -> str | None:
    """Return the path of an SQLite database's file, None for a database in memory."""
    name = (url.database or "").removeprefix("file:").partition("?")[0]
    in_memory = name in ("", ":memory:") or url.query.get("mode") == "memory"
    return None if in_memory else name
