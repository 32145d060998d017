"""URLs of MySQL and MariaDB: what PyMySQL and mysqlclient take."""

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
from demosnap.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import URL

_OPTIONS = frozenset(
    "unix_socket charset collation sql_mode read_default_file read_default_group use_unicode"
    " client_flag init_command connect_timeout read_timeout write_timeout local_infile"
    " max_allowed_packet bind_address program_name server_public_key host port user password"
    " passwd db database ssl_ca ssl_cert ssl_key ssl_key_password ssl_capath ssl_cipher"
    " ssl_disabled ssl_check_hostname ssl_verify_cert ssl_verify_identity".split()
)
_SSL = re.compile(r"ssl[-_]?(mode|ca|cert|key|capath|cipher)", re.IGNORECASE)
_NAMES = {
    "connection_timeout": "connect_timeout",
    "default_file": "read_default_file",
    "default_group": "read_default_group",
    "option_files": "read_default_file",
}


class MySQLUrls(UrlRules):
    """Through PyMySQL, or mysqlclient."""

    name: ClassVar[str] = "mysql"
    title: ClassVar[str] = "MySQL"
    schemes: ClassVar[tuple[str, ...]] = ("mysql2", "mysqlgis", "trilogy")
    example: ClassVar[str] = "mysql://user@host/app"
    port: ClassVar[str] = "3306"
    commands: ClassVar[tuple[str, ...]] = ("mysql",)
    drivers: ClassVar[Mapping[str, str]] = {"pymysql": "pymysql", "mysqldb": "MySQLdb"}
    install: ClassVar[str] = "demosnap[mysql]"
    options: ClassVar[frozenset[str] | None] = _OPTIONS

    def check(self, url: URL) -> None:
        """Check that a database is named: none is one by itself."""
        if not url.database and "read_default_file" not in url.query:
            raise ConfigError(
                "the database URL names no database", hint=f"Write {self.name}://HOST/DATABASE."
            )

    def translated(self, query: Query) -> Query:
        """Return the options in PyMySQL's words."""
        found = renamed(query, _NAMES)
        for key in ("connect_timeout", "read_timeout", "write_timeout"):
            if key in found:
                found[key] = whole(found[key])
        return found

    def completed(self, url: URL) -> URL:
        """Set the character set, and say what the options of MySQL's own client mean."""
        url = with_socket(url, "unix_socket")
        query = for_driver(url.query)
        encoding = query.pop("encoding", None)
        query.setdefault("charset", encoding or "utf8mb4")
        ssl = {}
        for key in list(query):
            if match := _SSL.fullmatch(key):
                ssl[match[1].lower()] = one(query.pop(key))
        switch = query.pop("ssl", None)
        if switch is not None and "mode" not in ssl:
            ssl["mode"] = word_of_ssl(one(switch))
        mode = ssl.pop("mode", "").upper().replace("-", "_")
        query.update({f"ssl_{key}": value for key, value in ssl.items()})
        if mode:
            query.update(_ssl_mode(mode, url.get_driver_name(), "ca" in ssl or "capath" in ssl))
        return url.set(query=query)


class MariaDBUrls(MySQLUrls):
    """The same, under MariaDB's own name."""

    name: ClassVar[str] = "mariadb"
    title: ClassVar[str] = "MariaDB"
    schemes: ClassVar[tuple[str, ...]] = ()
    example: ClassVar[str] = ""
    port: ClassVar[str] = ""
    commands: ClassVar[tuple[str, ...]] = ("mariadb",)


def _ssl_mode(mode: str, driver: str, authority: bool) -> Mapping[str, str]:
    """Return the driver's options for an ssl-mode of MySQL's own client, or a PostgreSQL word."""
    mode = {"DISABLE": "DISABLED", "REQUIRE": "REQUIRED", "VERIFY_FULL": "VERIFY_IDENTITY"}.get(
        mode, mode
    )
    modes = ("DISABLED", "PREFERRED", "PREFER", "ALLOW", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
    if mode not in modes:
        raise ConfigError(
            "the database URL's ssl-mode is unknown", hint=f"Known: {', '.join(modes)}."
        )
    if mode in ("PREFERRED", "PREFER", "ALLOW"):
        return {}
    if mode.startswith("VERIFY") and not authority:
        raise ConfigError(
            f"the database URL's ssl-mode {mode} needs ssl_ca",
            hint="Without it nothing would be verified: add &ssl_ca=/path/to/ca.pem.",
        )
    if driver != "pymysql":
        return {"ssl_mode": mode}
    if mode == "DISABLED":
        return {"ssl_disabled": "true"}
    return {"ssl_check_hostname": "true" if mode == "VERIFY_IDENTITY" else "false"}
