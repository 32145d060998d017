"""`foreign_keys:` in demosnap.yaml, as far as no database is needed."""

from __future__ import annotations

import pytest

from demosnap.config.choices import parse
from demosnap.errors import ConfigError
from demosnap.model import Condition, ForeignKey

KEY = "{table: cards, columns: note_id, references: notes.id}"
RIGHT = {
    KEY: ForeignKey(("note_id",), "notes", ("id",), logical=True),
    "{table: cards, columns: [a, b], references: {other.notes: [c, d]}}": ForeignKey(
        ("a", "b"), "other.notes", ("c", "d"), logical=True
    ),
    """{table: cards, columns: a, references: '"my notes".id', when: {kind: [x, 5, true]}}""": (
        ForeignKey(
            *(("a",), '"my notes"', ("id",)),
            logical=True,
            when=(Condition("kind", ("x", "5", "true")),),
        )
    ),
    "{table: c, columns: a, references: s.n.id, when: {kind: Post, type: {types: [x, y]}}}": (
        ForeignKey(
            *(("a",), "s.n", ("id",)),
            logical=True,
            when=(Condition("kind", ("Post",)), Condition("type", ("x", "y"), "types")),
        )
    ),
    '{table: f, json: links, path: "$.links[*].id", references: f.id, when: {k: v}}': ForeignKey(
        *(("links",), "f", ("id",)),
        logical=True,
        when=(Condition("k", ("v",)),),
        path="$.links[*].id",
    ),
}


@pytest.mark.parametrize("text", RIGHT)
def test_a_key_is_read(text: str) -> None:
    (found,) = parse(f"foreign_keys: [{text}]".encode(), "demosnap.yaml").choices.foreign_keys
    assert found.key == RIGHT[text]


def _wrong(entry: str, message: str) -> tuple[str | bytes, int, str]:
    return f"foreign_keys:\n  - {KEY}\n  - {entry}", 3, message


WRONG: list[tuple[str | bytes, int, str]] = [
    ("foreign_keys: {table: a}", 1, "foreign_keys must be a list\nFor example: foreign_keys: ["),
    _wrong("cards.note_id", "an entry of foreign_keys must hold keys and values"),
    _wrong("{tabel: a}", "unknown key 'foreign_keys.2.tabel'; did you mean 'table'?"),
    _wrong("{table: a, columns: b}", "foreign_keys.2 needs references"),
    _wrong("{columns: b, references: c.d}", "foreign_keys.2 needs table"),
    _wrong("{table: a, references: c.d}", "foreign_keys.2 needs columns"),
    _wrong("{table: a, columns: b, references: c}", "'c' is not a column of a table\nWrite table."),
    _wrong("{table: a, columns: b, references: 1.5.2.3}", "'1.5.2.3' is not a column of a table"),
    _wrong(
        "{table: a, columns: b, references: {c: d, e: f}}",
        "foreign_keys.2.references must name one table",
    ),
    _wrong(
        "{table: a, columns: [b, c], references: d.e}",
        "foreign_keys.2.references has 1, and the key has 2",
    ),
    _wrong(
        "{table: a, columns: [b, b], references: {c: [d, e]}}",
        "foreign_keys.2.columns names a column twice",
    ),
    _wrong("{table: a, columns: [], references: c.d}", "foreign_keys.2.columns is empty"),
    _wrong(
        "{table: a, columns: b, references: c.d, when: kind}",
        "foreign_keys.2.when must hold keys and values",
    ),
    _wrong(
        "{table: a, columns: b, references: c.d, when: {kind: []}}",
        "foreign_keys.2.when.kind is empty",
    ),
    _wrong(
        "{table: a, columns: b, references: c.d, when: {b: Post}}",
        "foreign_keys.2.when.b is a column of the key itself",
    ),
    _wrong("{table: a, json: b, references: c.d}", "foreign_keys.2 has json and no path\nWrite {"),
    _wrong(
        "{table: a, columns: b, path: $.a, references: c.d}",
        "foreign_keys.2 has a path and columns: a path leads into JSON",
    ),
    _wrong(
        "{table: a, columns: b, json: b, path: $.a, references: c.d}",
        "foreign_keys.2 has both columns and json",
    ),
    _wrong(
        "{table: a, json: b, path: $.a, references: {c: [d, e]}}",
        "foreign_keys.2.references has 2, and the key has 1",
    ),
    *(
        _wrong(
            f"{{table: a, json: b, references: c.d, path: '{path}'}}",
            f"{path!r} is not a path\nWrite ",
        )
        for path in ("$", "a.b", "$.a[0]", "$..a", "$.a[?(@.b)]", '$."a b"', "$.ä", "$.*", "$.a ")
    ),
]


@pytest.mark.parametrize(("text", "line", "message"), WRONG)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text.encode(), "demosnap.yaml")
    assert str(caught.value).startswith(f"demosnap.yaml:{line}: {message}")
