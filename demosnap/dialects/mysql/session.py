"""The driver's connection to MySQL or MariaDB: settings, warnings and streams of rows.

Everything goes past SQLAlchemy, as bytes: nothing begins a transaction, and no text is taken for
a format string. PyMySQL and mysqlclient are known; other drivers do without the bulk path.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from demosnap.dialects import readers
from demosnap.errors import DatabaseError, MissingDriverError, RowsNotTakenError
from demosnap.rows.canonical import FIRST_ROWS, rows_like

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ACCESS_DENIED = 1227
_MADE_KEYS = "show_gipk_in_create_table_and_information_schema"
NODE_ADVICE = "Try again when it is synced with the others, or name another node with --url."
_SEE_ALL: Mapping[str, int | str] = {"wsrep_sync_wait": 7}
ENDED = frozenset({0, 1053, 1079, 1080, 1152, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 2055, 4031})
"""Codes of errors after which there is no session any more; 0: the driver closed it before."""
CHARSET_VARIABLES = (
    "character_set_client",
    "character_set_results",
    "character_set_connection",
    "collation_connection",
)


def of(connection: Connection) -> Any:
    """Return the driver's own connection."""
    return connection.connection.driver_connection


def root_module(driver: Any) -> str:
    """Return the name of the driver's package: `pymysql`, `MySQLdb` or another."""
    return type(driver).__module__.partition(".")[0]


def query(driver: Any, sql: str | bytes) -> list[Any]:
    """Run a statement and return its rows, none for one that returns no rows."""
    with contextlib.closing(driver.cursor()) as cursor:
        cursor.execute(sql.encode() if isinstance(sql, str) else sql)
        return list(cursor.fetchall()) if cursor.description else []


def execute(driver: Any, sql: str) -> int:
    """Run a statement and return how many rows it found."""
    with contextlib.closing(driver.cursor()) as cursor:
        cursor.execute(sql.encode())
        return int(cursor.rowcount)


def literal(value: object) -> str:
    """Render a variable's value, None, a number or text without backslashes."""
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def connect(dialect: Any, words: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """Open the driver's own connection, which may send local files when it is asked to.

    Raises:
        MissingDriverError: the driver needs a package that is not installed.
    """
    wanted = dict(options)
    if dialect.driver in ("pymysql", "mysqldb"):
        wanted.setdefault("local_infile", True)
    try:
        driver = dialect.connect(*words, **wanted)
    except RuntimeError as error:
        if "cryptography" not in str(error):
            raise
        raise MissingDriverError(
            "the server requires an encrypted password, and the package cryptography is not "
            "installed beside demosnap",
            "Install it there, `pip install cryptography`; or connect with TLS, without"
            " ssl_disabled in the URL.",
        ) from error
    if dialect.driver == "pymysql":
        # Until demosnap itself asks for a load, the server may not ask for files.
        driver._local_infile = False
    if is_node(driver):
        _check_ready(driver)
    return driver


def is_node(driver: Any) -> bool:
    """Return whether the server is a node of a Galera cluster, of which others take changes too."""
    found = query(driver, "SHOW SESSION VARIABLES LIKE 'wsrep_on'")
    return any(str(value).upper() in ("ON", "1") for _, value in found)


def see_all(driver: Any) -> None:
    """Have a node of a cluster wait for what other nodes have committed before it is asked."""
    if is_node(driver):
        _set(driver, _SEE_ALL)


def _check_ready(driver: Any) -> None:
    # Reads of such a node end with the error of a lock, if it is to wait for the others.
    status = dict(query(driver, "SHOW STATUS LIKE 'wsrep_%'"))
    if status.get("wsrep_ready") == "OFF":
        raise DatabaseError(
            "this node of a Galera cluster accepts no statements now (wsrep_ready is OFF,"
            f" wsrep_cluster_status is {status.get('wsrep_cluster_status')})",
            NODE_ADVICE,
        )


def variables_of_kind(driver: Any) -> dict[str, int | str]:
    """Return the variables to set that only some servers have.

    A node of a cluster is to wait for what others have committed before; the primary keys that
    MySQL has made by itself are to be seen.
    """
    found: dict[str, int | str] = {}
    if is_node(driver):
        found.update(_SEE_ALL)
    if query(driver, f"SHOW SESSION VARIABLES LIKE '{_MADE_KEYS}'"):
        found[_MADE_KEYS] = 1
    return found


@contextlib.contextmanager
def variables(
    driver: Any, wanted: Mapping[str, int | str], optional: Mapping[str, int | str]
) -> Iterator[Mapping[str, Any]]:
    """Set session variables, and put them back; yield what they, and character sets, were.

    `optional` are those that a server may reserve for privileged users.
    """
    charset = _charset(driver)
    names = [*wanted, *optional]
    names += [name for name in CHARSET_VARIABLES if name not in names]
    before = _values(driver, names)
    # The driver must know the character set too: it encodes the text of statements.
    if charset != "utf8mb4":
        driver.set_character_set("utf8mb4")
    changed = []
    query(driver, "SET NAMES utf8mb4")
    _set(driver, wanted)
    for name, value in optional.items():
        try:
            _set(driver, {name: value})
            changed.append(name)
        except Exception as error:
            if error.args[:1] != (_ACCESS_DENIED,):
                raise

    def restore() -> None:
        if charset != "utf8mb4":
            driver.set_character_set(charset)
        _set(driver, {name: before[name] for name in (*wanted, *changed, *CHARSET_VARIABLES)})

    try:
        yield before
    except BaseException:
        # The connection may be gone, and what broke it is the error to be seen.
        with contextlib.suppress(Exception):
            restore()
        raise
    restore()


@contextlib.contextmanager
def settings(driver: Any, wanted: Mapping[str, int | str]) -> Iterator[None]:
    """Set session variables inside the context; a closed connection needs no restoring."""
    before = _values(driver, list(wanted))
    _set(driver, wanted)
    try:
        yield
    finally:
        with contextlib.suppress(Exception):
            _set(driver, before)


def _values(driver: Any, names: Sequence[str]) -> dict[str, Any]:
    columns = ",".join(f"@@SESSION.{name}" for name in names)
    return dict(zip(names, query(driver, f"SELECT {columns}")[0], strict=True))


def _set(driver: Any, wanted: Mapping[str, object]) -> None:
    changes = ",".join(f"SESSION {name}={literal(value)}" for name, value in wanted.items())
    query(driver, f"SET {changes}")


def _charset(driver: Any) -> str:
    name = getattr(driver, "charset", None)
    return str(name if isinstance(name, str) else driver.character_set_name())


def finish_stream(connection: Connection) -> None:
    """Close the stream of rows that a reader left open, if any."""
    readers.close(connection)


def stream(connection: Connection, sql: str) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Yield a query's rows in batches as they come, in flat memory.

    The size of a batch goes by the first column, which is bytes, or None.

    Raises:
        DatabaseError: the server warned; it may have left something out.
    """
    driver = of(connection)
    root = root_module(driver)
    if root in ("pymysql", "MySQLdb"):
        cursor = driver.cursor(importlib.import_module(f"{root}.cursors").SSCursor)
    else:
        cursor = driver.cursor()
    ended = False
    try:
        cursor.execute(sql.encode())
        count = FIRST_ROWS
        while fetched := cursor.fetchmany(count):
            yield fetched
            count = rows_like([one[0] or b"" for one in fetched])
        ended = True
    finally:
        if ended:
            cursor.close()
        else:
            _stop(connection, driver, cursor)
    check_warnings(driver, "a query", levels=("Error", "Warning"))


def _stop(connection: Connection, driver: Any, cursor: Any) -> None:
    """End a query before its last row: to close its cursor alone would fetch all that is left."""
    with contextlib.suppress(Exception):
        engine = connection.engine
        words, options = engine.dialect.create_connect_args(engine.url)
        other: Any = engine.dialect.connect(*words, **options)
        with contextlib.closing(other):
            query(other, f"KILL QUERY {driver.thread_id()}")
    # It says now that it was interrupted, or that the connection is gone.
    with contextlib.suppress(Exception):
        cursor.close()


def check_warnings(
    driver: Any, what: str, levels: Sequence[str] = ("Error", "Warning", "Note")
) -> None:
    """Check that the last statement was carried out without a warning.

    Raises:
        DatabaseError: it was not; says what the server said.
    """
    ((count,),) = query(driver, "SELECT @@warning_count")
    if not count:
        return
    found = query(driver, "SHOW WARNINGS")
    wrong = [f"{message} ({code})" for level, code, message in found if level in levels]
    if not wrong and len(found) >= count:
        return
    shown = "\n".join(dict.fromkeys(wrong[:5])) or f"{count} warnings"
    raise RowsNotTakenError(
        f"{what}: the server warned, so something may be missing or changed:\n{shown}"
    )
