"""The data: the tables of the example application, filled with text as people write it.

Every second row is a demo row, so that a capture has to look at all of them. The wide table is
`fragments`: 14 columns, a key, three indexes and a foreign key, and 500 bytes a row of SQL.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import Any

Row = tuple[Any, ...]

TABLES = ("vaults", "projects", "fragments")
"""The tables that have rows, each after those that it references."""

INDEXES = (
    "CREATE INDEX ix_fragments_project ON fragments (project_id)",
    "CREATE INDEX ix_fragments_type ON fragments (type, inbox_status)",
    "CREATE INDEX ix_fragments_created ON fragments (created_at)",
)

SETTINGS = """\
marker: {column: metadata, key: demo_seed}
tables:
  todos: {via: fragment_id}
scenarios:
  general: {default: true}
"""

COLUMNS = {
    "vaults": "id name slug description metadata created_at updated_at".split(),
    "projects": "id name description status vault_id metadata created_at updated_at".split(),
    "fragments": (
        "id type title message tags relationships metadata state vault project_id inbox_status"
        " inbox_at created_at updated_at"
    ).split(),
}

_VAULTS = 4
_PROJECTS = 200
_WORDS = """the a of to and we it's is on in that for with you don't our meeting client Zoë budget
"final" draft call café invoice 50% review plan: naïve team; Müller's launch — next week Friday's
übernahme 東京 release, notes (see #42) O'Brien 🚀 re: deadline C:\\reports phone résumé
order a/b follow-up they're waiting list <b>bold</b> coffee & tea question? Ελλάδα ready done
""".split()
_TYPES = ("todo", "note", "contact", "log", "chat_message", "idea", "bookmark")
_STATES = ("pending", "accepted", None, "archived")


def rows(table: str, total: int, *, marked: bool | None = None) -> Iterator[Row]:
    """Yield the rows of a table, in the order of their keys.

    `total` is how many rows `fragments` has; with `marked` only the demo rows, or only the
    others. The same row is the same each time, whatever else is asked for.
    """
    count = {"vaults": _VAULTS, "projects": _PROJECTS, "fragments": total}[table]
    make = _MAKERS[table]()
    for key in range(1, count + 1):
        # Odd keys are demo rows.
        if marked is None or marked == bool(key % 2):
            yield make(key)


def _metadata(key: int) -> str:
    if key % 2:
        return f'{{"demo_seed": true, "source": "seeder", "batch": {key % 97}}}'
    return f'{{"source": "user", "session": {key % 911}}}'


def _time(key: int) -> str:
    minute = key % 500_000
    return (
        f"2025-{1 + minute // 43_200 % 12:02}-{1 + minute // 1_440 % 28:02}"
        f" {minute // 60 % 24:02}:{minute % 60:02}:{key % 60:02}"
    )


def _vault(key: int) -> Row:
    times = (_time(key), _time(key + 7))
    return (key, f"Vault {key}", f"vault-{key}", "It's a vault", _metadata(key), *times)


def _project(key: int) -> Row:
    # Demo rows reference demo rows, others others.
    vault = 1 + (key - 1) % _VAULTS
    times = (_time(key), _time(key + 7))
    return (key, f"Project {key}", "What we do", "active", vault, _metadata(key), *times)


class _Fragments:
    """Makes fragments of phrases that are made once, since a million rows take their time."""

    def __init__(self) -> None:
        make = random.Random("fragments")
        self.phrases = [
            " ".join(make.choices(_WORDS, k=make.randint(3, 9))) + make.choice(".?!…")
            for _ in range(1009)
        ]

    def __call__(self, key: int) -> Row:
        phrases, size = self.phrases, len(self.phrases)
        start = key * 7919
        # One text in thirty has lines, as people write them.
        gap = "\n" if key % 30 == 7 else " "
        message = gap.join(phrases[(start + 31 * step) % size] for step in range(3 + key % 4))
        title = phrases[start // 3 % size] if key % 11 else None
        return (
            key,
            _TYPES[key % 7],
            title,
            message,
            f'["demo", "{_TYPES[key % 5]}"]',
            f'{{"links": [{key // 2}, {key // 3}]}}' if key % 3 else None,
            _metadata(key),
            f'{{"status": "open", "priority": {key % 5}, "due_at": "{_time(key + 999)[:10]}"}}',
            f"vault-{1 + key % 4}",
            1 + (key - 1) % _PROJECTS,
            _STATES[key % 4],
            _time(key + 90) if key % 4 != 2 else None,
            _time(key),
            _time(key + 333),
        )


_MAKERS: dict[str, Callable[[], Callable[[int], Row]]] = {
    "vaults": lambda: _vault,
    "projects": lambda: _project,
    "fragments": _Fragments,
}

_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def _field(value: object) -> str:
    return "\\N" if value is None else _SPECIAL.sub(lambda found: _ESCAPES[found[0]], str(value))


def tab_separated(made: Iterator[Row]) -> Iterator[bytes]:
    """Yield rows as lines that COPY and LOAD DATA read by default, about 1,000 at a time."""
    lines: list[str] = []
    for row in made:
        lines.append("\t".join(map(_field, row)))
        if len(lines) == 1000:
            yield ("\n".join(lines) + "\n").encode()
            lines.clear()
    if lines:
        yield ("\n".join(lines) + "\n").encode()
