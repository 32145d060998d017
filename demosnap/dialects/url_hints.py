"""Explain a text that is not a database URL, and how to write the URL.

Messages repeat no part of a text that may contain a password.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from demosnap.dialects.sqlite.urls import file_url
from demosnap.dialects.url_rules import UrlRules

_WINDOWS = re.compile(r"([a-zA-Z]):[\\/]")
_JDBC = re.compile(r"jdbc:([a-z]+):(.*)", re.IGNORECASE | re.DOTALL)
_ENDPOINT = re.compile(r"(?:[^@/\s]+@)?([\w.-]+|\[[0-9a-fA-F:]+\])(?::([0-9]+))?(?:/[\w.$-]*)?")
_SECRET = re.compile(r"@|passw|pwd|secret|token", re.IGNORECASE)
_KEYWORDS = re.compile(r"\b(host|dbname|server|database|user|data source)\s*=", re.IGNORECASE)
_VARIABLE = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)=(?=\S+:)")
_SPACED = re.compile(r"[a-zA-Z0-9+]+://[^\s].* ", re.DOTALL)


def explained(text: str, known: Sequence[UrlRules]) -> tuple[str, str]:
    """Return the problem of a text in place of a database URL, and what to do."""
    text = text.strip()
    words = text.split()
    if text[:1] in "'\"" and text[:1]:
        return "the database URL stands in quotes", "Take them away."
    if match := _VARIABLE.match(text):
        return (
            f"the database URL begins with {match[1]}=",
            "Give what stands behind the = alone.",
        )
    commands = [command for one in known for command in one.commands]
    if len(words) > 1 and words[0] in commands:
        return (
            f"the database URL is a command of {words[0]}",
            f"Give the URL alone. {_examples(known)}",
        )
    if match := _WINDOWS.match(text):
        rest = text[2:].replace("\\", "/")
        return (
            "the database URL is a path of Windows",
            f"Write sqlite:///{match[1]}:{rest} there; on this system sqlite:////path/to/app.db.",
        )
    if match := _JDBC.fullmatch(text):
        return "the database URL is one of JDBC", _jdbc(match[1].lower(), match[2], known)
    if text.lower().startswith("file:"):
        return "the database URL is a path", f"Write {file_url(text[5:])}."
    if _is_path(text):
        hint = f"Write {file_url(text)}."
        if not Path(text).expanduser().exists():
            hint = f"There is no such file; the URL of one is {file_url(text)}."
        return f"{text} is a path, not a database URL", hint
    if match := _slashes(known).fullmatch(text):
        shown = f"{match[1]}://{match[3]}"
        return (
            "the database URL lacks a : or a / behind its first word",
            f"Write {_harmless(shown) or f'{match[1]}://USER@HOST/DATABASE'}.",
        )
    if _KEYWORDS.search(text):
        return (
            "the database URL is a connection string of another kind",
            f"Write it as a URL: {_servers(known)[0].name}://USER@HOST/DATABASE, or"
            f" {_servers(known)[1].name}://….",
        )
    match = _ENDPOINT.fullmatch(text.removeprefix("//"))
    # A single word may be anything, even a password.
    if match and (match[2] or match[1] == "localhost" or "." in match[1]):
        return _endpoint(text.removeprefix("//"), match[2] or "", known)
    if _SPACED.match(text):
        return "the database URL holds a space", "Write %20 for a space of a password or a name."
    return "the database URL is none", _examples(known)


def unreadable(text: str, known: Sequence[UrlRules]) -> tuple[str, str]:
    """Return the problem of a URL whose scheme is valid, and what to do."""
    _, _, behind = text.partition("//")
    host = behind.partition("/")[0].partition("?")[0].rpartition("@")[2]
    if ":" in host and not re.search(r":[0-9]*\Z|\]\Z", host):
        return (
            "the database URL cannot be read: its port is not a number",
            "Write HOST:PORT, or leave :PORT out. Write %3A for a : of a password, %2F for a /,"
            " %40 for an @.",
        )
    problem, hint = explained(text, known)
    none = hint == _examples(known)
    return ("the database URL cannot be read", hint) if none else (problem, hint)


def _examples(known: Sequence[UrlRules]) -> str:
    return f"For example: {', '.join(one.example for one in known if one.example)}."


def _servers(known: Sequence[UrlRules]) -> list[UrlRules]:
    """Return the rules that fit a text without a scheme."""
    return [one for one in known if one.port]


def _slashes(known: Sequence[UrlRules]) -> re.Pattern[str]:
    words = [word for one in known if not one.is_file for word in (one.name, *one.schemes)]
    return re.compile(rf"({'|'.join(map(re.escape, words))})(:/?|//)(?!/)(.+)", re.IGNORECASE)


def _is_path(text: str) -> bool:
    if "://" in text or not text:
        return False
    known = re.search(r"\.(db|db3|sqlite|sqlite3|s3db)\Z", text, re.IGNORECASE)
    if known or text.startswith(("./", "../", "~/")):
        return not _SECRET.search(text) or Path(text).exists()
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False


def _jdbc(kind: str, rest: str, known: Sequence[UrlRules]) -> str:
    if kind == "sqlite":
        return f"Write {file_url(rest.removeprefix('///'))}."
    if kind not in [one.name for one in known]:
        # The first is SQLite, which comes last in the sentence.
        first, *others = [one.title for one in known if one.title]
        return f"demosnap knows {', '.join(others)} and {first}."
    host, _, query = rest.partition("?")
    shown = host if not query and host.startswith("//") else ""
    if url := _harmless(f"{kind}:{shown}" if shown else "@"):
        return f"Write {url}; the user stands before the host: {kind}://USER@HOST/DATABASE."
    return f"Write {kind}://USER@HOST/DATABASE."


def _endpoint(text: str, port: str, known: Sequence[UrlRules]) -> tuple[str, str]:
    servers = _servers(known)
    kinds = [one.name for one in servers if one.port == port] or [one.name for one in servers]
    shown = [_harmless(f"{kind}://{text}") or f"{kind}://…" for kind in kinds]
    return (
        "the database URL does not say which kind of database it is",
        f"Put it in front: {' or '.join(shown)}",
    )


def _harmless(url: str) -> str:
    """Return a URL if no part of it can be a password; otherwise an empty text."""
    return "" if _SECRET.search(url) else url
