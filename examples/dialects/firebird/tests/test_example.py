"""demosnap's example application on Firebird. An embedded database is one process's alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from demosnap.testing import ExampleSuite as Suite


@compiles(sa.JSON, "firebird.firebird")
def _json(type_: object, compiler: object, **words: object) -> str:
    """Return what the application keeps JSON in: Firebird has no such type."""
    return "BLOB SUB_TYPE TEXT CHARACTER SET UTF8"


class TestExample(Suite):
    def client(self, script: Path, url: str) -> Sequence[str]:
        database = str(sa.make_url(url).database)
        return ("isql-fb", "-q", "-ch", "UTF8", "-user", "SYSDBA", "-i", str(script), database)

    @pytest.fixture
    def database_url(self, new_database: str) -> Iterator[str]:
        yield new_database
