"""URLs that are written for a driver that demosnap does not use: options in the own driver's words.

An application's URL names the application's driver, often an asynchronous one. demosnap goes to
the same database through its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

Query = Mapping[str, "str | tuple[str, ...]"]

_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")

# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
_LIBPQ = frozenset(
    "host hostaddr port dbname user password passfile require_auth channel_binding connect_timeout"
    " client_encoding options application_name fallback_application_name keepalives"
    " keepalives_idle keepalives_interval keepalives_count tcp_user_timeout replication gssencmode"
    " sslmode requiressl sslnegotiation sslcompression sslcert sslkey sslkeylogfile sslpassword"
    " sslcertmode sslrootcert sslcrl sslcrldir sslsni requirepeer ssl_min_protocol_version"
    " ssl_max_protocol_version min_protocol_version max_protocol_version krbsrvname gsslib"
    " gssdelegation service servicefile target_session_attrs load_balance_hosts scram_client_key"
    " scram_server_key oauth_issuer oauth_client_id oauth_client_secret oauth_scope".split()
)
_MYSQL = frozenset(
    "unix_socket charset collation sql_mode read_default_file read_default_group use_unicode"
    " client_flag init_command connect_timeout read_timeout write_timeout local_infile"
    " max_allowed_packet bind_address program_name server_public_key host port user password"
    " passwd db database ssl_ca ssl_cert ssl_key ssl_key_password ssl_capath ssl_cipher"
    " ssl_disabled ssl_check_hostname ssl_verify_cert ssl_verify_identity".split()
)
_SQLITE = frozenset(
    "timeout detect_types isolation_level check_same_thread cached_statements uri mode cache vfs"
    " immutable nolock modeof psow".split()
)
# Only how quick the other driver is, or what it gives to the application, hangs on these.
_HARMLESS = frozenset(
    "command_timeout prepared_statement_cache_size prepared_statement_name_func"
    " max_cached_statement_lifetime max_cacheable_statement_size async_fallback async_creator_fn"
    " async_creator loop record_class connection_class connection_factory cursor_factory"
    " prepare_threshold tcp_keepalive echo use_pure raise_on_warnings get_warnings buffered raw"
    " consume_results pool_name pool_reset_session compress conn_attrs allow_local_infile"
    " converter_class autocommit autoping minsize maxsize pool_recycle iter_chunk_size"
    " auto_reconnect binary_prefix cursorclass conv plugin_dir".split()
)
_SOCKET = re.compile(r"(/.*)/\.s\.PGSQL\.([0-9]+)")
_POSTGRESQL_NAMES = {
    "timeout": "connect_timeout",
    "database": "dbname",
}
_MYSQL_NAMES = {
    "connection_timeout": "connect_timeout",
    "default_file": "read_default_file",
    "default_group": "read_default_group",
    "option_files": "read_default_file",
}


def postgresql(query: Query) -> dict[str, str | tuple[str, ...]]:
    """Return a query for libpq, what it does not know with it."""
    found = _renamed(query, _POSTGRESQL_NAMES)
    if "connect_timeout" in found:
        found["connect_timeout"] = _whole(found["connect_timeout"])
    socket = _SOCKET.fullmatch(str(found.get("unix_sock", "")))
    if socket is not None:
        # libpq is told the folder that the socket is in.
        del found["unix_sock"]
        found |= {"host": socket[1], "port": socket[2]}
    return found


def mysql(query: Query) -> dict[str, str | tuple[str, ...]]:
    """Return a query for PyMySQL, what it does not know with it."""
    found = _renamed(query, _MYSQL_NAMES)
    for key in ("connect_timeout", "read_timeout", "write_timeout"):
        if key in found:
            found[key] = _whole(found[key])
    return found


def word_of_ssl(value: str) -> str:
    """Return the mode of TLS that `ssl=` stands for, with a word or a switch."""
    word = value.lower()
    return "require" if word in _TRUE else "disable" if word in _FALSE else word


def kept(query: Query, backend: str) -> dict[str, str | tuple[str, ...]]:
    """Return the part of a query that demosnap's driver for a backend knows."""
    known = {"postgresql": _LIBPQ, "sqlite": _SQLITE}.get(backend, _MYSQL)
    return {key: value for key, value in query.items() if key.lower() in known}


def missed(before: Query, after: Query) -> tuple[str, ...]:
    """Return what is left out of a query, by name, as far as anything may hang on it."""
    return tuple(key for key in before if key not in after and key.lower() not in _HARMLESS)


def _renamed(query: Query, names: Mapping[str, str]) -> dict[str, str | tuple[str, ...]]:
    found = {key: value for key, value in query.items() if key.lower() not in names}
    for key, value in query.items():
        if (name := names.get(key.lower())) is not None:
            found.setdefault(name, value)
    return found


def _whole(seconds: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """Return a number of seconds without a part of one, which only other drivers take."""
    try:
        return str(math.ceil(float(seconds)))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return seconds
