"""Firebird 3.0 or newer, through firebird-driver and sqlalchemy-firebird."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from alembic.ddl.impl import DefaultImpl

from demosnap.dialects.base import execute
from demosnap.dialects.file_pick_hooks import FilePick
from demosnap.dialects.generic.codecs import Limits
from demosnap.dialects.generic.dialect import GenericDialect
from demosnap.model import Event, Table, Trigger, display_name
from demosnap_firebird.keywords import RESERVED

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_EVENTS: Mapping[int, Event] = {1: "insert", 2: "update", 3: "delete"}


class FirebirdImpl(DefaultImpl):
    """What Alembic looks up by SQLAlchemy's name of the dialect and its driver."""

    __dialect__ = "firebird.firebird"


def decimals(precision: int) -> tuple[int, int]:
    """Return the range of the stored integer, which may have more digits than are declared."""
    bits = 15 if precision < 5 else 31 if precision < 10 else 63
    return -(2**bits), 2**bits - 1


class FirebirdDialect(GenericDialect):
    """Firebird: the hooks in which it differs from `GenericDialect`."""

    name: ClassVar[str] = "firebird"
    reserved = RESERVED
    folds_names: ClassVar[bool] = True
    limits = Limits(second_digits=4, float_is_single=True, decimals=decimals)
    absent: ClassVar[bytes] = b"\0"

    # It can be rolled back, but a table takes no rows before the commit.
    transactional_ddl: ClassVar[bool] = False
    checks_each_row: ClassVar[bool] = True
    creates_if_not_exists: ClassVar[bool] = False
    row_values: ClassVar[bool] = False
    from_nothing: ClassVar[str] = " FROM RDB$DATABASE"
    rows_in_insert: ClassVar[int] = 1

    lock_timeouts = frozenset({335544345, 335544510})
    conflicts = frozenset({335544336})
    missing_rights = frozenset({335544352})
    disconnects = frozenset({335544721, 335544726, 335544727, 335544741, 335544856, 335545065})

    # ------------------------------------------------------------------ text

    def file_begin(self, predicates: Iterable[str] = ()) -> Sequence[str]:
        """Return lines for isql, which begins a transaction by itself; run it with -ch UTF8."""
        return ("SET BAIL ON;", "SET AUTODDL OFF;")

    def limited(self, query: str, rows: int) -> str:
        """Return the query with the limit of SQL:2008."""
        return f"{query} FETCH FIRST {rows} ROWS ONLY"

    def file_create_table(self, name: str, definition: str) -> str:
        """Return a block that creates the table unless it exists."""
        create = self.string(f"CREATE TABLE {name} {definition}")
        there = f"SELECT 1 FROM RDB$RELATIONS WHERE RDB$RELATION_NAME = '{name.upper()}'"
        return (
            "SET TERM ^;\nEXECUTE BLOCK AS BEGIN\n"
            f"IF (NOT EXISTS ({there})) THEN EXECUTE STATEMENT {create};\n"
            "END^\nSET TERM ;^\nCOMMIT;"
        )

    def file_pick(self, table: Table, where: str, number: int) -> FilePick | None:
        """Return None: temporary tables are part of the schema, so a file cannot create one."""
        return None

    # ------------------------------------------------------------------ the connection

    def configure_engine(self, engine: Engine) -> None:
        """Connect with UTF-8."""
        from sqlalchemy import event

        @event.listens_for(engine, "do_connect")
        def _connect(dialect: object, record: object, args: object, words: dict[str, Any]) -> None:
            words["charset"] = "UTF8"

    def limit_waits(self, connection: Connection, timeout: float) -> None:
        """Limit the waits of each transaction, in whole seconds; each sees a single state."""
        from firebird.driver import Isolation, tpb

        driver: Any = connection.connection.driver_connection
        wait = max(1, math.ceil(timeout))
        driver.main_transaction.default_tpb = tpb(Isolation.SNAPSHOT, lock_timeout=wait)

    def error_codes(self, error: BaseException) -> frozenset[object]:
        """Return all codes of the driver's error; the SQLSTATE alone says less."""
        return frozenset(getattr(getattr(error, "orig", None) or error, "gds_codes", None) or ())

    def error_text(self, error: BaseException) -> str:
        """Return all lines but the first one, which only says that there is an error."""
        lines = str(getattr(error, "orig", None) or error).splitlines()
        texts = [line.lstrip("-") for line in lines if not line.startswith("-SQL error code")]
        return "; ".join(texts[1:] if texts[0] == "Dynamic SQL Error" and texts[1:] else texts)

    def sees_commits(self, connection: Connection) -> bool:
        """Ask the transaction: sqlalchemy-firebird cannot tell its isolation."""
        level = "SELECT RDB$GET_CONTEXT('SYSTEM', 'ISOLATION_LEVEL') FROM RDB$DATABASE"
        return str(execute(connection, level).scalar()) == "READ COMMITTED"

    def hold_rows(self, connection: Connection, source: str, predicate: str) -> None:
        """Fetch the rows with their locks."""
        execute(connection, f"SELECT 1 FROM {source} WHERE {predicate} FOR UPDATE WITH LOCK").all()

    # ------------------------------------------------------------------ definitions

    def inactive_indexes(self, connection: Connection) -> Collection[str]:
        """Ask the system table: sqlalchemy-firebird does not tell which ones are inactive."""
        sql = "SELECT rdb$index_name FROM rdb$indices WHERE rdb$index_inactive = 1"
        return {self._name(connection, name) for (name,) in execute(connection, sql)}

    def refuse_tables(self, connection: Connection, tables: Sequence[str]) -> Mapping[str, str]:
        """Refuse arrays, too, which sqlalchemy-firebird reports as their element type."""
        sql = (
            "SELECT r.rdb$relation_name, r.rdb$field_name FROM rdb$relation_fields r"
            " JOIN rdb$fields f ON f.rdb$field_name = r.rdb$field_source WHERE f.rdb$dimensions > 0"
        )
        arrays = {
            display_name(None, self._name(connection, table)): f"{column.rstrip()} is an array"
            for table, column in execute(connection, sql)
        }
        found = {name: arrays[name] for name in tables if name in arrays}
        return {**super().refuse_tables(connection, tables), **found}

    def reflect_triggers(
        self, connection: Connection, tables: Sequence[str]
    ) -> Mapping[str, tuple[Trigger, ...]]:
        """Return users' triggers that are on; a type holds up to three events in two bits each."""
        sql = (
            "SELECT rdb$relation_name, rdb$trigger_name, rdb$trigger_type FROM rdb$triggers"
            " WHERE COALESCE(rdb$system_flag, 0) = 0 AND COALESCE(rdb$trigger_inactive, 0) = 0"
            " AND rdb$relation_name IS NOT NULL ORDER BY rdb$trigger_name"
        )
        found: dict[str, tuple[Trigger, ...]] = {}
        for relation, name, kind in execute(connection, sql):
            table = display_name(None, self._name(connection, relation))
            if table in tables:
                parts = {(kind + 1) >> shift & 3 for shift in (1, 3, 5)}
                events = frozenset(_EVENTS[part] for part in parts if part)
                trigger = Trigger(self._name(connection, name), table, events)
                found[table] = (*found.get(table, ()), trigger)
        return found

    def _name(self, connection: Connection, name: str) -> str:
        """Return a name of the system tables as it is spelled here."""
        return self.shown(connection.dialect.normalize_name(name.rstrip()))

    # ------------------------------------------------------------------ rows

    def advance_sequences(self, connection: Connection, tables: Sequence[Table]) -> None:
        """Advance the generators of identity columns, which a rollback does not take back."""
        names = {table.name for table in tables}
        sql = (
            "SELECT rdb$relation_name, rdb$field_name, rdb$generator_name"
            " FROM rdb$relation_fields WHERE rdb$generator_name IS NOT NULL"
        )
        for relation, field, generator in execute(connection, sql).all():
            table, column = (self._name(connection, name) for name in (relation, field))
            if display_name(None, table) not in names:
                continue
            largest = f"SELECT MAX({self.quote(column)}) FROM {self.quote(table)}"
            value = execute(connection, largest).scalar()
            now = self._generated(connection, generator, 0)
            if value is not None and value > now:
                self._generated(connection, generator, value - now)

    def _generated(self, connection: Connection, generator: str, step: int) -> int:
        sql = f'SELECT GEN_ID("{generator.rstrip()}", {step}) FROM RDB$DATABASE'
        return int(execute(connection, sql).scalar())
