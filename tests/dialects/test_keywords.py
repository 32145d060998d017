"""Names that are words of a server's own, as those of tables and columns."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from demosnap import dialects
from demosnap.dialects.keywords import FORMAT_1
from demosnap.model import Column, Table
from support.databases import Database
from support.workspaces import Workspace

# SQLite's list of https://www.sqlite.org/lang_keywords.html; it tells nobody its own.
SQLITE = (
    "abort action add after all alter always analyze and as asc attach autoincrement before begin"
    " between by cascade case cast check collate column commit conflict constraint create cross"
    " current current_date current_time current_timestamp database default deferrable deferred"
    " delete desc detach distinct do drop each else end escape except exclude exclusive exists"
    " explain fail filter first following for foreign from full generated glob group groups having"
    " if ignore immediate in index indexed initially inner insert instead intersect into is isnull"
    " join key last left like limit match materialized natural no not nothing notnull null nulls"
    " of offset on or order others outer over partition plan pragma preceding primary query raise"
    " range recursive references regexp reindex release rename replace restrict returning right"
    " rollback row rows savepoint select set table temp temporary then ties to transaction trigger"
    " unbounded union unique update using vacuum values view virtual when where window with without"
)
LIST = {
    "postgresql": "SELECT word FROM pg_get_keywords()",
    "mariadb": "SELECT LOWER(word) FROM information_schema.keywords",
}
NO_TABLE = "no such table|does not exist|doesn't exist|Unknown table"
SETTINGS = "marker: {column: is_demo}\nscenarios: {general: {default: true}}\n"


def words(database: Database) -> set[str]:
    """Return every word that the server has a use for."""
    if database.dialect == "sqlite":
        return {*SQLITE.split(), *FORMAT_1}
    return {word for (word,) in database.rows(LIST[database.dialect]) if word.isidentifier()}


def test_no_word_is_left_bare_that_a_server_reserves(database: Database) -> None:
    dialect = dialects.get(database.server)
    with database.engine.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        for word in sorted(words(database)):
            name = dialect.quote(word)
            query = f"SELECT {name}, -{name} FROM {name} WHERE {name} IS NULL AND {name}.{name} = 1"
            with pytest.raises(sa.exc.DBAPIError, match=NO_TABLE):
                connection.exec_driver_sql(query, execution_options={"no_parameters": True})


@pytest.fixture
def wordy(database: Database, make_workspace: Callable[[Database], Workspace]) -> Workspace:
    """Tables of the names that format 1 left bare; one has every word as a column."""
    dialect = dialects.get(database.server)
    later = sorted(dialect.later_keywords)

    def quoted(word: str) -> str:
        return f"{dialect.quote_character}{word}{dialect.quote_character}"

    columns = sorted(
        {*words(database), *later} - {"id", "is_demo", "ctid", "oid", "xmin", "cmin", "rowid"}
    )
    every = ", ".join(f"{quoted(word)} INTEGER" for word in columns)
    database.execute(
        f"CREATE TABLE words (id INTEGER PRIMARY KEY, is_demo BOOLEAN, {every})",
        "INSERT INTO words (id, is_demo) VALUES (1, TRUE), (2, FALSE), (3, TRUE)",
        *(f"UPDATE words SET {quoted(word)} = {n} WHERE id = 3" for n, word in enumerate(later)),
    )
    for word in later:
        name = quoted(word)
        database.execute(
            f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, {name} INTEGER, is_demo BOOLEAN,"
            f" FOREIGN KEY ({name}) REFERENCES {name} (id))",
            f"INSERT INTO {name} VALUES (1, NULL, TRUE), (2, 1, TRUE), (3, NULL, FALSE)",
        )
    workspace = make_workspace(database)
    workspace.configure(SETTINGS)
    return workspace


def test_such_names_are_captured_purged_and_loaded(wordy: Workspace) -> None:
    full = wordy.database.dump()
    wordy.project.revision("general", date="2025-01-20")
    wordy.project.downgrade("general", "base")
    assert {len(rows) for rows in wordy.database.dump().values()} == {1}
    wordy.project.upgrade("general@head")
    assert wordy.database.dump() == full
    wordy.project.downgrade("general", "base")
    wordy.database.client(wordy.revisions / "general" / "latest.sql")
    assert wordy.database.dump() == full


def test_a_file_that_has_them_bare_is_read_as_before(wordy: Workspace) -> None:
    full = wordy.database.dump()
    version = wordy.project.revision("general", date="2025-01-20").version
    assert version is not None
    path = wordy.revisions / "general" / version.file
    dialect = dialects.get(wordy.database.server)
    lines = path.read_text().splitlines(keepends=True)
    for word in dialect.later_keywords:
        lines = [
            # In comments names are JSON.
            line if line.startswith("--") else line.replace(dialect.quote(word), word)
            for line in lines
        ]
    first = dialect.as_at_first()
    text = "".join(lines).replace("\n".join(dialect.file_end()), "\n".join(first.file_end()))
    text = text.removesuffix("".join(f"{line}\n" for line in dialect.file_last()))
    assert text != path.read_text()
    path.write_text(text)
    wordy.project.downgrade("general", "base")
    wordy.project.upgrade("general@head")
    assert wordy.database.dump() == full


def test_the_words_of_a_dialect_are_its_own(database: Database) -> None:
    """What format 1 quotes beside them stays quoted."""
    dialect = dialects.get(database.server)
    others = {word for word in FORMAT_1 if word not in dialect.reserved}
    assert others
    assert all(dialect.quote(word) != word for word in FORMAT_1 | dialect.reserved)


def test_a_later_dialect_quotes_its_own_words_and_its_digest_none() -> None:
    class Later(type(dialects.get("sqlite"))):  # type: ignore[misc]
        reserved = frozenset({"total"})
        quoted_at_first: frozenset[str] = frozenset()

    later = Later()
    table = Table("zerofill", (Column("total", "INTEGER"),))
    assert later.block_name(table) == 'zerofill ("total")'
    assert later.digest_name(table) == "zerofill (total)"
