"""Find the secret parts of database URLs, and remove them from text.

Every URL that is read is remembered here, so that its password can be removed from later messages
of drivers. Only parts of a URL that are known to be harmless are shown; the rest is `***`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

if TYPE_CHECKING:
    from sqlalchemy import URL

HIDDEN = "***"

_WORD = r"[A-Za-z][A-Za-z0-9_-]{0,30}"
_FLAG = "true|false|yes|no|on|off|0|1"
_SSL = (
    "disabled?|allow|preferr?(?:ed)?|required?|verify[_-](?:ca|full|identity)"
)  # fmt: skip
# Options whose values are shown if they match the pattern.
_HARMLESS = {
    **dict.fromkeys(
        ("charset", "encoding", "client_encoding"),
        r"(?:utf-?8(?:mb[34])?|utf-?16|latin-?[0-9]+|ascii|unicode|binary|sql_ascii|cp[0-9]+"
        r"|win[0-9]+|iso[_0-9-]+|auto)",
    ),
    **dict.fromkeys(("sslmode", "ssl-mode", "ssl_mode"), _SSL),
    **dict.fromkeys(
        ("connect_timeout", "read_timeout", "write_timeout", "timeout", "port", "keepalives_idle"),
        r"[0-9]{1,5}(?:\.[0-9]{1,3})?",
    ),
    **dict.fromkeys(("uri", "ssl_disabled", "ssl_check_hostname", "keepalives"), _FLAG),
    "mode": "ro|rw|rwc|memory",
    "cache": "shared|private",
    "target_session_attrs": "any|read-write|read-only|primary|standby|prefer-standby",
    **dict.fromkeys(("host", "unix_socket", "socket"), r"/[A-Za-z0-9_./-]*|localhost|[0-9.,]+"),
    "options": rf"-csearch_path={_WORD}(?:,{_WORD})*",
}
_NAMES_THE_DATABASE = (
    *("host", "hostaddr", "dbname", "unix_socket"),
    # Only the driver knows the database behind them; `***` would match any in `allow:`.
    *("service", "read_default_file"),
)
_PASSWORD_NAME = r"(?:pass\w*|\w*password|pwd|pw|\w*secret\w*|\w*token|\w*credentials?|api_?key)"
_URL = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]*://)([^\s'\"<>]*)")
_OPTION = re.compile(r"(?P<start>[?&;])(?P<key>[^=&;?\s]+)=(?P<value>[^&;\s]*)")
_PAIR = re.compile(
    rf"(?<![A-Za-z0-9])(?P<start>{_PASSWORD_NAME}\s*=\s*|['\"]{_PASSWORD_NAME}['\"]\s*:\s*)"
    r"(?P<value>'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"|[^\s,;&)'\"]+)",
    re.IGNORECASE,
)
_NAME = re.compile(_PASSWORD_NAME, re.IGNORECASE)
_SHORT = 4
_AS_IT_IS = re.compile(r"\*+|NULL|None|…")

_remembered: dict[str, frozenset[str]] = {}


def is_harmless(key: str, value: str) -> bool:
    """Return whether the value of a key in a URL's query is public."""
    pattern = _HARMLESS.get(key.lower())
    return not value or bool(pattern and re.fullmatch(pattern, value, re.IGNORECASE))


def rendered(url: URL) -> str:
    """Render a URL for people, with `***` for its password and each value not known as harmless."""
    query = {
        key: tuple(value if is_harmless(key, value) else HIDDEN for value in _values(values))
        for key, values in url.query.items()
    }
    user, host, database = url.username, url.host, url.database
    password = url.password
    if user is not None and "," in user:
        # The user is part of a list of hosts.
        user = HIDDEN
    elif user is not None and ":" in user:
        user, password = user.partition(":")[0], HIDDEN
    if host is not None and "@" in unquote(host):
        host = f"{HIDDEN}@{unquote(host).rpartition('@')[2]}"
    if database is not None:
        database = _database(database, remote=host is not None)
    made = url.create(url.drivername, user, password and HIDDEN, host, url.port, database, query)
    text = made.render_as_string(hide_password=True)
    return text.replace("%2A%2A%2A", HIDDEN)


def is_public(url: URL) -> bool:
    """Return whether a whole URL is public."""
    return url.password is None and HIDDEN not in rendered(url)


def pattern(url: URL, name: str) -> str:
    """Return a database's name, `host/database`, as a pattern without secret parts.

    `name` may contain parts of the URL's query.
    """
    host, slash, database = name.rpartition("/") if url.database else (name, "", "")
    if url.database and database == url.database:
        name = f"{host}{slash}{_database(database, remote=url.host is not None)}"
    for key, values in url.query.items():
        names_it = key.lower() in _NAMES_THE_DATABASE
        for value in _values(values):
            known = is_harmless(key, value) or (names_it and not set(value) & {"@", "="})
            if not known:
                name = name.replace(value, "*")
    return name


def _database(name: str, *, remote: bool) -> str:
    """Return a database's name without trailing options and without credentials before an @."""
    plain = unquote(name)
    if cut := re.search(r"[;?&\s][^=/]*=|(?<![A-Za-z0-9])" + _PASSWORD_NAME + r"\s*=", plain, re.I):
        return plain[: cut.start()] + plain[cut.start() : cut.start() + 1] + HIDDEN
    return f"{HIDDEN}@{plain.rpartition('@')[2]}" if "@" in plain and remote else name


def remember(url: str) -> None:
    """Remember the parts of a URL that `redacted` has to hide."""
    if url not in _remembered:
        _remembered[url] = frozenset(_spellings(_secrets(url)))


def _secrets(url: str) -> Iterator[str]:
    """Yield the possibly secret parts in the text of a URL, whether or not it is valid."""
    rest = url.partition("://")[2] or url
    before, at, after = rest.rpartition("@")
    shown = {"", *re.split(r"[/?:,]", after if at else rest)}
    if at:
        user, colon, password = before.partition(":")
        if not colon:
            user, colon, password = before.replace("%3a", "%3A").partition("%3A")
        shown |= {user, unquote(user), url.partition(":")[0]}
        if colon and password not in shown and unquote(password) not in shown:
            yield password
            # With several @ or hosts, a driver may take any part as the password or the host.
            yield from (part for part in re.split(r"[@,]", password) if len(part) >= _SHORT)
            if "@" in password:
                yield password.partition("@")[2] + after.partition("/")[0].partition(":")[0]
    for found in _OPTION.finditer(rest):
        key, value = unquote(found["key"]), unquote(found["value"])
        telling = len(value) >= _SHORT or _NAME.fullmatch(key)
        if telling and value not in shown and not is_harmless(key, value):
            yield found["value"]
            # Options inside of an option, as in ODBC.
            yield from (pair["value"].strip("'\"{}") for pair in _PAIR.finditer(value))


def _spellings(secrets: Iterator[str]) -> Iterator[str]:
    for secret in secrets:
        plain = unquote(secret)
        for text in (secret, plain, plain.replace("+", " ")):
            yield from (text, quote(text, safe=""), quote(text), quote_plus(text), repr(text)[1:-1])


def redacted(text: str) -> str:
    """Return a driver's message without the passwords of remembered URLs and of URLs in it."""
    found = {secret for one in tuple(_remembered.values()) for secret in one if secret.strip("*")}
    for secret in sorted(found, key=len, reverse=True):
        pattern = re.escape(secret)
        # A short secret occurs inside of other words.
        text = re.sub(rf"(?<!\w){pattern}(?!\w)" if len(secret) < _SHORT else pattern, HIDDEN, text)
    return without_passwords(text)


def without_passwords(text: str) -> str:
    """Return a text without the passwords in URLs or after their option's name."""
    text = _URL.sub(lambda url: url[1] + _rest(url[2]), text)
    return _PAIR.sub(_pair, text)


def _rest(text: str) -> str:
    """Redact the part of a URL after its scheme."""
    before, at, after = text.rpartition("@")
    if at:
        user = re.split(r":|%3[aA]", before, maxsplit=1)[0]
        text = (before if user == before and "@" not in user else f"{user}:{HIDDEN}") + at + after
    return _OPTION.sub(_option, text)


def _option(found: re.Match[str]) -> str:
    value = found["value"]
    if is_harmless(unquote(found["key"]), unquote(value)):
        return found[0]
    # Punctuation that ends the sentence is not part of the URL.
    end = re.search(r"[),.:]*\Z", value)
    return f"{found['start']}{found['key']}={HIDDEN}{end[0] if end else ''}"


def _pair(found: re.Match[str]) -> str:
    value = found["value"]
    return found[0] if _AS_IT_IS.fullmatch(value.strip("'\"")) else found["start"] + HIDDEN


def _values(values: str | tuple[str, ...]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else values
