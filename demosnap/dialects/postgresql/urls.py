"""URLs of PostgreSQL, with the options of libpq."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from demosnap.dialects.url_rules import (
    Query,
    UrlRules,
    for_driver,
    one,
    renamed,
    whole,
    with_socket,
    word_of_ssl,
)

if TYPE_CHECKING:
    from sqlalchemy import URL

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
_SOCKET = re.compile(r"(/.*)/\.s\.PGSQL\.([0-9]+)")
_NAMES = {"timeout": "connect_timeout", "database": "dbname"}


class PostgreSQLUrls(UrlRules):
    """URLs for psycopg."""

    name: ClassVar[str] = "postgresql"
    title: ClassVar[str] = "PostgreSQL"
    # The names in Rails, Laravel, Django (dj-database-url) and Heroku.
    schemes: ClassVar[tuple[str, ...]] = ("postgres", "pgsql", "postgis", "psql")
    example: ClassVar[str] = "postgresql://user@localhost/app"
    port: ClassVar[str] = "5432"
    commands: ClassVar[tuple[str, ...]] = ("psql",)
    drivers: ClassVar[Mapping[str, str]] = {"psycopg": "psycopg"}
    install: ClassVar[str] = "demosnap[postgresql]"
    options: ClassVar[frozenset[str] | None] = _LIBPQ

    def translated(self, query: Query) -> Query:
        """Return the options with libpq's names."""
        found = renamed(query, _NAMES)
        if "connect_timeout" in found:
            found["connect_timeout"] = whole(found["connect_timeout"])
        socket = _SOCKET.fullmatch(str(found.get("unix_sock", "")))
        if socket is not None:
            # libpq takes the folder of the socket.
            del found["unix_sock"]
            found |= {"host": socket[1], "port": socket[2]}
        return found

    def completed(self, url: URL) -> URL:
        """Translate options of Rails and Prisma that libpq does not know."""
        url = with_socket(url, "host")
        query = for_driver(url.query)
        schema = query.pop("schema", None) or query.pop("search_path", None)
        if schema and "options" not in query:
            query["options"] = f"-csearch_path={one(schema)}"
        encoding = query.pop("encoding", None) or query.pop("charset", None)
        if encoding and "client_encoding" not in query:
            query["client_encoding"] = "utf8" if one(encoding) == "unicode" else encoding
        if (ssl := query.pop("ssl", None)) is not None:
            query.setdefault("sslmode", word_of_ssl(one(ssl)))
        return url.set(query=query)
